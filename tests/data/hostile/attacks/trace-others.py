# right, last
def seize(process):
    call("ptrace", 0x4206, process, 0, 0)  # PTRACE_SEIZE: attached, but not stopped
    call("ptrace", 17, process, 0, 0)  # PTRACE_DETACH


def child():
    if (process := os.fork()) == 0:
        time.sleep(5)
        os._exit(0)
    return process


tried("trace somebody else", lambda: seize(BYSTANDER))
if os.getppid() > 1:
    tried("trace the parent", lambda: seize(os.getppid()))
tried("trace a child of its own", lambda: call("ptrace", 0x4206, child(), 0, 0) and None)
