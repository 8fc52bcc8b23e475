# right, last
import signal

done("kills itself, as a memory limit would")
os.kill(os.getpid(), signal.SIGKILL)
