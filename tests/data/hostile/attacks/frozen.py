# right, last
import signal

if (child := os.fork()) == 0:  # wakes it up again where nobody ends it
    marked("frozen")
    time.sleep(60)
    os.kill(os.getppid(), signal.SIGCONT)
    os._exit(0)
done("the kernel stops itself")
time.sleep(0.5)  # what was printed must be on its way
os.kill(os.getpid(), signal.SIGSTOP)
