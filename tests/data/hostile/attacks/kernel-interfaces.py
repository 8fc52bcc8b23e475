# right, last
room = ctypes.create_string_buffer(256)
for name, number, *arguments in (
    ("io_uring", 425, 1, room),
    ("keyctl", 250, 0, -3, 0),
    ("add_key", 248, b"user", b"grader-hostile", b"x", 1, -1),
    ("bpf", 321, 0, room, 0),
    ("userfaultfd", 323, 0),
    ("perf_event_open", 298, room, 0, -1, -1, 0),
    ("fanotify", 300, 0, 0),
    ("kcmp", 312, os.getpid(), os.getppid(), 0, 0, 0),
    ("open_by_handle_at", 304, -100, room, 0),
    ("new mount API", 430, b"tmpfs", 0),
    ("a device", 259, -100, b"grader-hostile-device", 0o20600, 0x103),
    ("system log", 103, 10, 0, 0),
    ("shared memory that outlives it", 29, 0x67726164, 4096, 0o1600),
    ("messages that outlive it", 68, 0x67726164, 0o1600),
):
    words = [a if isinstance(a, int) else ctypes.cast(a, ctypes.c_void_p) for a in arguments]

    def attempt(number=number, words=words):
        found = call("syscall", number, *[w.value if hasattr(w, "value") else w for w in words])
        if number == 29:
            call("shmctl", found, 0, 0)
        elif number == 68:
            call("msgctl", found, 0, 0)
        elif number in (425, 321, 323, 298, 300, 430):
            os.close(found)
        elif number == 259:
            os.unlink("grader-hostile-device")

    if os.uname().machine == "x86_64":
        tried(name, attempt)
    else:
        done("the numbers are those of x86_64")
