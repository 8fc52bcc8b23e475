# right, last
def open_all(name):
    seen = []
    for process in os.listdir("/proc"):
        if process.isdigit() and int(process) not in (os.getpid(), 1, 2):
            try:
                os.close(os.open(f"/proc/{process}/{name}", os.O_RDONLY))
                seen.append(process)
            except OSError:
                pass
    others = [p for p in seen if p in (str(BYSTANDER), str(os.getppid()))]
    if not others:
        raise LookupError(f"{len(seen)} of its own")
    return f"of {len(others)} others"


for name in ("environ", "cmdline", "mem", "maps", "fd", "root", "cwd"):
    tried(name, lambda name=name: open_all(name))
tried("its folder", lambda: os.listdir(f"/proc/{BYSTANDER}/cwd"))
