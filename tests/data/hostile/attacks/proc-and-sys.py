# right, last
for path in (
    "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/1/oom_score_adj",
    "/sys/fs/cgroup/cgroup.procs", "/sys/kernel/mm/transparent_hugepage/enabled", "/proc/sys/vm/drop_caches",
    f"/proc/{BYSTANDER}/oom_score_adj", "/dev/mem", "/dev/kmsg", "/dev/fuse", "/dev/kvm",
):  # fmt: skip
    tried(path, lambda path=path: os.close(os.open(path, os.O_WRONLY)))  # opened, never written
tried("the kernel's memory map", lambda: os.close(os.open("/proc/kcore", os.O_RDONLY)))
