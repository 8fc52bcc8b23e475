# What an attack may touch: names that exist nowhere. The harness puts its own in their place.
CANARIES = "/nonexistent/grader-hostile-canaries"
PORT = 9  # of a listener on loopback
BYSTANDER = 4194305  # above every process id

import ctypes, os, sys, time


def tried(what, attempt):
    """Say whether an attempt was refused or got through, and what it brought."""
    try:
        found = attempt()
    except BaseException as error:
        why = getattr(error, "errno", None) or str(error)[:80]
        print("ATTACK refused:", what, type(error).__name__, why, flush=True)
    else:
        print("ATTACK reached:", what, "" if found is None else str(found)[:200], flush=True)


def done(what):
    """Say that something was done that is allowed, or that must do no harm."""
    print("ATTACK done:", what, flush=True)


def call(function, *arguments):
    """A function of the C library; raises OSError when it returns -1."""
    library = ctypes.CDLL(None, use_errno=True)
    found = library[function](*[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if found == -1:
        raise OSError(ctypes.get_errno(), function)
    return found


def marked(name):
    """Name this process after the notebook, so that it is found when it is left behind."""
    call("prctl", 15, b"gh-" + name.encode(), 0, 0, 0)


def questioned():
    """Whether the grader's own code is at work above here."""
    frame = sys._getframe()
    while frame and not frame.f_code.co_filename.startswith("<grader"):
        frame = frame.f_back
    return frame is not None
