# right, last
import signal

if (child := os.fork()) == 0:  # wakes it up again where nobody ends it
    marked("frozen")
    time.sleep(60)
    os.kill(os.getppid(), signal.SIGCONT)
    os._exit(0)
done("the kernel stops itself")
os.kill(os.getpid(), signal.SIGSTOP)
