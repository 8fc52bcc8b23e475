"""``grader doctor``: what works on this machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.options import (
    BELOW,
    OK,
    SETTINGS,
    exits_with_sentence,
    lang_option,
    with_messages,
)

if TYPE_CHECKING:
    from grader.core.messages import Catalogue
    from grader.sandbox.warm_process import SandboxConfig


@click.command(context_settings=SETTINGS)
@lang_option
@exits_with_sentence
@with_messages
def doctor(messages: Catalogue) -> int:
    """Say what works on this machine: sandboxes, device, versions.

    Exit status: 0 when notebooks can be boxed in and graded here, 1 when they cannot.
    """
    text, boxed = examine(messages)
    click.echo(text)
    return OK if boxed else BELOW


def examine(messages: Catalogue) -> tuple[str, bool]:
    """Return what works, in sentences, and whether notebooks can be graded in a sandbox."""
    from grader.core.environment import unsupported_versions, versions
    from grader.sandbox.detect import NAMES, try_sandbox
    from grader.sandbox.explain import describe_sandboxes

    found = [try_sandbox(name) for name in NAMES]
    working = [one.config for one in found if one.config is not None]
    lines = [
        messages.render("doctor.title_box"),
        *("  " + line for line in describe_sandboxes(found, messages.language)),
    ]
    if working:
        lines.append("  " + messages.render("doctor.taken", name=working[0].sandbox))
    else:
        lines.append("  " + messages.render("doctor.none"))
    lines += ["", messages.render("doctor.title_device")]
    lines += ["  " + line for line in _devices(messages)]
    if working:
        lines += ["", messages.render("doctor.title_programs")]
        lines.append("  " + _programs(working[0], messages))
    lines += ["", messages.render("doctor.title_versions")]
    lines += [f"  {name} {version}" for name, version in versions().items()]
    if wrong := unsupported_versions():
        listed = {"found": ", ".join(wrong), "needed": ", ".join(wrong.values())}
        lines.append("  " + messages.render("doctor.unfit", **listed))
    return "\n".join(lines), bool(working) and not wrong


def _devices(messages: Catalogue) -> list[str]:
    """Say what can be computed on here; JAX is not started for it."""
    from grader.core.environment import versions
    from grader.sandbox import gpu

    lines = [messages.render("doctor.device")]
    if not (cards := gpu.existing_paths(gpu.CARDS)):
        return [*lines, messages.render("doctor.gpu_none")]
    found = {"nodes": ", ".join(cards), "plugins": ", ".join(gpu.plugins())}
    kind = "usable" if found["plugins"] else "without_plugin"
    lines.append(messages.render(f"doctor.gpu_{kind}", jax=versions()["jax"], **found))
    return lines


def _programs(config: SandboxConfig, messages: Catalogue) -> str:
    """Say whether a sandbox finds what was compiled before: one is tried."""
    from grader.core.compile_cache import cache_folder
    from grader.sandbox import compiled_programs

    folder, file = cache_folder(), compiled_programs.newest_file()
    programs = None if file is None else compiled_programs.load(file)
    if folder is None:
        state = "unwritable"
    elif programs is None:
        state = "none_yet"
    else:
        state = "found" if _are_found(programs, config) else "refused"
    return messages.render(f"doctor.programs_{state}", folder=str(folder or ""))


def _are_found(programs: Mapping[str, bytes], config: SandboxConfig) -> bool:
    from grader.sandbox import SandboxError, compiled_programs
    from grader.sandbox.detect import programs_are_found
    from grader.sandbox.warm_process import WarmProcess

    with tempfile.TemporaryDirectory(prefix="grader-") as scratch:
        if os.geteuid() == 0:
            Path(scratch).chmod(0o711)
        shown = Path(scratch) / "programs"
        compiled_programs.make_folder(shown)
        compiled_programs.show(programs, shown)
        config = replace(config, scratch=scratch, programs=str(shown))
        warm = WarmProcess(config, preload=False)
        try:
            warm.wait()
            return bool(programs_are_found(warm.client))
        except (SandboxError, OSError):
            return False
        finally:
            warm.close()
