# right, last
import signal

parent = os.getppid()
if parent > 1:  # 1 is the init of a box; from inside nothing reaches it
    tried("kill the parent", lambda: os.kill(parent, signal.SIGKILL))
else:
    done("the parent is an init")
time.sleep(2)
