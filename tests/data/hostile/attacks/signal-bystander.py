# right, last
import signal

tried("stop a process of somebody else", lambda: os.kill(BYSTANDER, signal.SIGSTOP))
tried("end it", lambda: os.kill(BYSTANDER, signal.SIGTERM))
tried("signal it by a pidfd", lambda: signal.pidfd_send_signal(os.pidfd_open(BYSTANDER), 15))
tried("take away its time", lambda: os.setpriority(os.PRIO_PROCESS, BYSTANDER, 19))
