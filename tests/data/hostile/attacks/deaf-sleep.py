# right, last
import signal

signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP})
done("asleep with every signal blocked")
time.sleep(60)
