# right, last
get_ipython().system("nohup setsid bash -c 'exec -a grader-hostile sleep 40' >/dev/null 2>&1 &")
get_ipython().run_cell_magic("bash", "--bg", "exec -a grader-hostile sleep 40")
done("two shells in the background")
