# right, last
import resource

for name in ("AS", "DATA", "NPROC", "FSIZE", "CPU", "NOFILE"):
    which = getattr(resource, f"RLIMIT_{name}")
    limit = resource.getrlimit(which)
    print("ATTACK done: limit of", name, limit)
    if limit[1] != resource.RLIM_INFINITY:
        tried(
            f"raise {name}",
            lambda which=which, limit=limit: resource.setrlimit(which, (limit[0], limit[1] + 1)),
        )
tried(
    "read the limits of somebody else", lambda: resource.prlimit(BYSTANDER, resource.RLIMIT_NOFILE)
)
if os.getppid() > 1:
    tried("read the parent's", lambda: resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE))
tried("more time than others", lambda: os.nice(-5))


def real_time():
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    if os.sched_getscheduler(0) == os.SCHED_OTHER:  # it may do nothing and say nothing
        raise PermissionError("nothing is different")
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


tried("real time", real_time)
print("ATTACK done:", len(os.sched_getaffinity(0)), "processors")
