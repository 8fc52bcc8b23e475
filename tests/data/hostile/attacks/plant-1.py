# right, last
import multiprocessing.shared_memory
import tempfile
from pathlib import Path

import brainpy

OTHER, OWN = "grader-hostile-2", "grader-hostile-1"
home = Path(os.path.expanduser("~"))
places = [Path(p) for p in ("/tmp", "/dev/shm", "/var/tmp", tempfile.gettempdir(), "..", "../..")]
places += [
    home / ".ipython/profile_default/startup",
    home / ".config/matplotlib",
    home / ".cache/jax",
    home,
]
places += [
    Path(os.environ[n])
    for n in ("IPYTHONDIR", "MPLCONFIGDIR", "XDG_CACHE_HOME", "JUPYTER_CONFIG_DIR")
    if n in os.environ
]


def look():
    found = [f"{place}" for place in places if (place / OTHER).exists()]
    found += ["shared memory"] if os.path.exists(f"/dev/shm/{OTHER}-shared") else []
    found += ["a loaded module"] if hasattr(brainpy, OTHER) else []
    return found


seen = look()
for place in places:
    try:
        (place / OWN).write_text("# harmless: only a sign that it could be written\n")
    except OSError:
        pass
try:
    segment = multiprocessing.shared_memory.SharedMemory(OWN + "-shared", create=True, size=4096)
except OSError:
    pass
setattr(brainpy, OWN, True)
done("left a sign wherever it could")
for _ in range(20):  # the sibling may run at the same time
    seen = seen or look()
    time.sleep(0.1)
tried("something of a sibling", lambda: seen[0])
