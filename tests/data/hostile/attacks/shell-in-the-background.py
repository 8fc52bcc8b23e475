# right, last
SLEEP = "exec -a gh-shell-in-the sleep 40"
os.system(f"nohup setsid bash -c '{SLEEP}' >/dev/null 2>&1 &")
get_ipython().run_cell_magic("bash", "--bg", SLEEP)
done("two shells in the background")
