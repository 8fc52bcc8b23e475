# right, last
import signal

parent = os.getppid()


def stop():
    os.kill(parent, signal.SIGSTOP)
    time.sleep(3)
    os.kill(parent, signal.SIGCONT)


if parent > 1:
    tried("stop the parent", stop)
else:
    done("the parent is an init")
