"""``grader doctor``: what works on this machine, in sentences."""

from __future__ import annotations

import importlib.util

from grader.box.choose import NAMES, look
from grader.console import about_box
from grader.versions import versions
from grader.words import catalogue


def examine(language: str) -> tuple[str, bool]:
    """What was found, and whether notebooks can be boxed in here."""
    words = catalogue(language)
    found = [look(name) for name in NAMES]
    working = [one.name for one in found if one.setup is not None]
    lines = [words.say("doctor.title_box"), *("  " + line for line in about_box(found, language))]
    if working:
        lines.append("  " + words.say("doctor.taken", name=working[0]))
    else:
        lines.append("  " + words.say("doctor.none"))
    lines += ["", words.say("doctor.title_device")]
    lines.append("  " + words.say("doctor.device", device=_device()))
    lines += ["", words.say("doctor.title_versions")]
    lines += [f"  {name} {version}" for name, version in versions().items()]
    return "\n".join(lines), bool(working)


def _device() -> str:
    """What JAX would compute on by default; found without starting it."""
    gpu = any(importlib.util.find_spec(f"jax_{kind}_plugin") for kind in ("cuda12", "cuda13"))
    return "gpu" if gpu else "cpu"
