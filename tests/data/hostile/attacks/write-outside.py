# right, last
import site
from pathlib import Path

import brainpy
import jax

cache = jax.config.jax_compilation_cache_dir
places = [CANARIES, "/", "/etc", "/usr/lib", "/var/tmp", "/run", sys.prefix,
          *site.getsitepackages(), Path(brainpy.__file__).parent,
          Path(brainpy.__file__).parent / "__pycache__", *([cache] if cache else [])]  # fmt: skip


def plant(place):
    file = Path(place, "grader_hostile_canary.pth")
    file.write_text("# harmless: only a sign that it could be written\n")
    file.unlink()


for place in places:
    tried(f"a new file in {Path(place).name or '/'}", lambda place=place: plant(place))


def opened(file):
    with open(file, "r+b"):
        pass  # opened for writing, nothing written


for file in (
    brainpy.__file__,
    brainpy.__cached__,
    os.__file__,
    sys.executable,
    "/etc/passwd",
    "/bin/sh",
):
    tried(f"open {Path(file).name} for writing", lambda file=file: opened(file))
