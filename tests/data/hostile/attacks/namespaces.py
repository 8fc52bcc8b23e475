# right, last
NAMES = {
    "user": 0x10000000,
    "mount": 0x20000,
    "pid": 0x20000000,
    "net": 0x40000000,
    "ipc": 0x8000000,
}


def in_child(attempt):
    """In a child, so that whatever happens ends with it."""
    child = os.fork()
    if child == 0:
        try:
            attempt()
        except BaseException as error:
            os._exit(getattr(error, "errno", None) or 99)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        raise OSError(abs(status), "refused")


def mount():
    call("unshare", NAMES["mount"])
    call("mount", b"none", b"/", None, 0x44000, None)  # private, before anything is mounted
    call("mount", b"none", os.getcwd().encode(), b"tmpfs", 0, None)


for name, flag in NAMES.items():
    tried(f"a new {name} namespace", lambda flag=flag: in_child(lambda: call("unshare", flag)))
tried("a mount", lambda: in_child(mount))
tried("a new root", lambda: in_child(lambda: os.chroot(".")))
for name in ("mnt", "pid", "net", "user"):
    path = f"/proc/{max(os.getppid(), 1)}/ns/{name}"
    tried(
        f"the parent's {name} namespace",
        lambda path=path: in_child(lambda: call("setns", os.open(path, 0), 0)),
    )
tried("user 0", lambda: in_child(lambda: os.setuid(0) if os.getuid() else 1 / 0))
