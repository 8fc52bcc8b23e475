# right, last
import signal

if os.fork() == 0:
    os.setsid()
    if os.fork() > 0:
        os._exit(0)
    call("prctl", 1, 0, 0, 0, 0)  # no death signal
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    marked("daemon")
    os.closerange(0, 256)
    time.sleep(40)
    os._exit(0)
done("a daemon of a session of its own, without death signal")
