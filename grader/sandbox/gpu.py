"""Extra contents of a box in which student code may use the GPU: ``--device gpu``.

Not yet run on a GPU: what is bound in follows the drivers' documentation, and is tested
as text; ``python -m tests.gpu`` tries it on a machine that has one. ``environment`` is pure.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points

from grader.core.environment import gpu_environment

# One of these is there for each GPU that JAX may be able to use.
CARDS = ("/dev/nvidia[0-9]*", "/dev/kfd", "/dev/dxg")
# CUDA's nodes, those of AMD's ROCm, and Windows' own in WSL.
NODES = ("/dev/nvidia*", "/dev/dri", "/dev/kfd", "/dev/dxg")
# Drivers that do not lie among the system's programs, and what they read of the machine.
PLACES = (
    *("/opt/rocm*", "/run/opengl-driver"),
    *("/sys/bus/pci/devices", "/sys/devices/pci*", "/sys/devices/system/cpu"),
    *("/sys/devices/system/node", "/sys/module/nvidia*", "/sys/class/drm", "/sys/class/kfd"),
)
# A box with a /proc of its own shows these anyway.
FACTS = ("/proc/driver/nvidia*", "/proc/devices")
# What of the machine's own variables a box has too.
VARIABLES = (
    *("CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"),
    *("LD_LIBRARY_PATH",),
)


def existing_paths(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the paths on this machine that match ``patterns``, in order."""
    return tuple(path for pattern in patterns for path in sorted(glob.glob(pattern)))


def plugins() -> tuple[str, ...]:
    """Names of the plugins by which JAX would start a GPU here: "xla_cuda12" say."""
    return tuple(one.name for one in entry_points(group="jax_plugins"))


def environment(base: Mapping[str, str], machine: Mapping[str, str]) -> dict[str, str]:
    """Return ``base`` without what keeps JAX on the CPU; GPU memory is taken as it is needed.

    Which GPU is meant, and where its libraries lie, is as the ``machine``'s own variables say.
    """
    own = {name: machine[name] for name in VARIABLES if name in machine}
    return gpu_environment({**base, **own})
