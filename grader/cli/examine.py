"""``grader doctor``: what works on this machine, in sentences."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from grader.core import compile_cache as cache
from grader.core.environment import unsupported_versions, versions
from grader.core.messages import Catalogue, catalogue
from grader.sandbox import SandboxError, gpu
from grader.sandbox import compiled_programs as programs
from grader.sandbox.detect import NAMES, programs_are_found, try_sandbox
from grader.sandbox.explain import describe_sandboxes
from grader.sandbox.warm_process import SandboxConfig, WarmProcess


def examine(language: str) -> tuple[str, bool]:
    """What was found, and whether notebooks can be graded here, boxed in."""
    messages = catalogue(language)
    found = [try_sandbox(name) for name in NAMES]
    working = [one.config for one in found if one.config is not None]
    lines = [
        messages.render("doctor.title_box"),
        *("  " + line for line in describe_sandboxes(found, language)),
    ]
    if working:
        lines.append("  " + messages.render("doctor.taken", name=working[0].sandbox))
    else:
        lines.append("  " + messages.render("doctor.none"))
    lines += ["", messages.render("doctor.title_device")]
    lines += ["  " + line for line in _devices(messages)]
    if working:
        lines += ["", messages.render("doctor.title_programs")]
        lines.append("  " + messages.render(f"doctor.programs_{_programs(working[0])}", **_where()))
    lines += ["", messages.render("doctor.title_versions")]
    lines += [f"  {name} {version}" for name, version in versions().items()]
    if wrong := unsupported_versions():
        listed = {"found": ", ".join(wrong), "needed": ", ".join(wrong.values())}
        lines.append("  " + messages.render("doctor.unfit", **listed))
    return "\n".join(lines), bool(working) and not wrong


def _devices(messages: Catalogue) -> list[str]:
    """What can be computed on here; found without starting JAX."""
    lines = [messages.render("doctor.device")]
    if not (cards := gpu.existing_paths(gpu.CARDS)):
        return [*lines, messages.render("doctor.gpu_none")]
    found = {"nodes": ", ".join(cards), "plugins": ", ".join(gpu.plugins())}
    kind = "usable" if found["plugins"] else "without_plugin"
    lines.append(messages.render(f"doctor.gpu_{kind}", jax=versions()["jax"], **found))
    return lines


def _where() -> dict[str, str]:
    return {"folder": str(cache.cache_folder() or "")}


def _programs(setup: SandboxConfig) -> str:
    """Whether a box finds what was compiled before: tried out with a box."""
    if cache.cache_folder() is None:
        return "unwritable"
    file = programs.newest_file()
    kept = None if file is None else programs.load(file)
    if kept is None:
        return "none_yet"
    with tempfile.TemporaryDirectory(prefix="grader-") as scratch:
        if os.geteuid() == 0:
            Path(scratch).chmod(0o711)
        shown = Path(scratch) / "programs"
        programs.make_folder(shown)
        programs.show(kept, shown)
        warm = WarmProcess(replace(setup, scratch=scratch, programs=str(shown)), preload=False)
        try:
            warm.wait()
            return "found" if programs_are_found(warm.client) else "refused"
        except (SandboxError, OSError):
            return "refused"
        finally:
            warm.close()
