"""What this machine computes with, and what JAX makes of it."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from grader.core.environment import versions
from grader.sandbox import gpu
from tests.gpu.parts import run, variables

START_SECONDS = 120.0  # until JAX has started a GPU


@dataclass(frozen=True, kw_only=True)
class Machine:
    """``gpu`` is the GPU's name as JAX has it, "" where JAX sees none; ``why`` says why."""

    processor: str
    processors: int
    gpu: str
    driver: str
    why: str
    versions: dict[str, str]

    def in_words(self) -> str:
        """One paragraph."""
        has = f"{self.gpu}{self.driver and ', driver ' + self.driver}" if self.gpu else self.why
        packages = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return f"{has}\n{self.processor}, {self.processors} processors; {packages}"


def look() -> Machine:
    """Starts JAX in a process of its own, and asks it."""
    with tempfile.TemporaryDirectory() as folder:
        until = time.monotonic() + START_SECONDS
        ran = run("tests.gpu.work", ["devices"], variables("gpu"), Path(folder), until)
    seen = (ran.lines() or [{"gpu": "", "error": ran.fault() or "JAX did not start in time"}])[0]
    return Machine(
        processor=_processor(),
        processors=len(os.sched_getaffinity(0)),
        gpu=seen["gpu"],
        driver=_driver() if seen["gpu"] else "",
        why=""
        if seen["gpu"]
        else why_not(gpu.existing_paths(gpu.CARDS), gpu.plugins(), seen["error"]),
        versions={**_ours(), **_plugins()},
    )


def why_not(cards: tuple[str, ...], plugins: tuple[str, ...], error: str) -> str:
    """Why JAX sees no GPU, and what to do."""
    if not cards:
        return "No GPU here: there is none of " + ", ".join(gpu.CARDS)
    if not plugins:
        version = versions()["jax"]
        return (
            f"No GPU for JAX: {cards[0]} is there and the plugin is not. "
            f'Run: pip install "jax[cuda12]=={version}" (cuda13 with driver 580 or later)'
        )
    return f"No GPU for JAX: {cards[0]} and {', '.join(plugins)} are there; JAX says: {error}"


def _ours() -> dict[str, str]:
    names = {"python": "Python", "brainpy": "BrainPy", "jax": "JAX", "numpy": "NumPy"}
    return {shown: versions()[name] for name, shown in names.items()}


def _plugins() -> dict[str, str]:
    """The packages that bring a GPU to JAX."""
    there = {one.metadata["Name"] or "": one.version for one in distributions()}
    return {name: there[name] for name in sorted(there) if name.startswith("jax-") and "-p" in name}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def _driver() -> str:
    """NVIDIA's version, as the kernel module says it; "" where it doesn't."""
    try:
        words = Path("/proc/driver/nvidia/version").read_text().split()
    except OSError:
        return ""
    return next((word for word in words if word[:1].isdigit() and "." in word), "")
