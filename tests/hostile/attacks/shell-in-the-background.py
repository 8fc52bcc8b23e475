# right, last
get_ipython().system("nohup setsid bash -c 'exec -a gh-shell-in-the sleep 40' >/dev/null 2>&1 &")
get_ipython().run_cell_magic("bash", "--bg", "exec -a gh-shell-in-the sleep 40")
done("two shells in the background")
