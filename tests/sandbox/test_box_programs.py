"""Compiled programs: found by later boxes, changed by none, and nothing but speed hangs on them."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.assignment.schema import Assignment
from grader.core import compile_cache
from grader.sandbox import compiled_programs
from tests.support.project import results, run_grader, short_solution
from tests.support.sandboxes import LARGE, SandboxServer, works_without_grader

MODEL = "import jax, jax.numpy as jnp\n@jax.jit\ndef f(x):\n    return jnp.sin(x) * {g} + 1\n"
COUNT = (
    "import jax\nevents = []\n"
    "jax.monitoring.register_event_listener(lambda event, **_: events.append(event))"
)
HITS = "print(float(f(jax.numpy.float32(2))), sum(e.endswith('/cache_hits') for e in events) > 0)"
FOLDER = "import os; folder = os.environ['JAX_COMPILATION_CACHE_DIR']"


@pytest.fixture(scope="module")
def filled(boxes: SandboxServer) -> SandboxServer:
    """Sandboxes, one of which filled the cache of compiled programs."""
    done = boxes.ask({"fill": True, "cells": [MODEL.format(g=120), "print(f(1.0), f(2))"]})
    assert [run[0] for run in done["runs"]] == ["ok", "ok"], done
    return boxes


def _shown(boxes: SandboxServer) -> dict[str, bytes]:
    """What lies in the folder that boxes see, as its owner sees it."""
    folder = Path(boxes.scratch) / "programs"
    mode = folder.stat().st_mode
    folder.chmod(0o700)
    found = {file.name: file.read_bytes() for file in folder.iterdir()}
    folder.chmod(mode)
    return found


@LARGE
def test_a_second_box_finds_them(filled: SandboxServer) -> None:
    """The same model is found, and the same number comes out; so is the known program."""
    assert len(_shown(filled)) > 2
    first, found = filled.output(COUNT, MODEL.format(g=120), HITS).split()
    assert found == "True"
    assert float(first) == pytest.approx(110.1157, abs=1e-3)
    assert filled.ask({"find": True})["found"]


@LARGE
def test_another_parameter_is_not_found(filled: SandboxServer) -> None:
    """A model that differs by a number is compiled as ever."""
    value, found = filled.output(COUNT, MODEL.format(g=121), HITS).split()
    assert found == "False"
    assert float(value) == pytest.approx(111.0250, abs=1e-3)


_AT_THE_FOLDER = (
    "open(os.path.join(folder, 'planted-cache'), 'wb')",
    "os.mkdir(os.path.join(folder, 'planted'))",
    "os.symlink('/etc/passwd', os.path.join(folder, 'planted-cache'))",
    "os.rename(folder, folder + '-old')",
    "os.rmdir(folder)",
    "os.chmod(folder, 0o777); os.listdir(folder)",
    "os.listdir(folder)",
)


@LARGE
def test_no_other_box_changes_or_lists_the_folder(filled: SandboxServer) -> None:
    """Neither new names, nor other modes, nor a look at what there is."""
    before = _shown(filled)
    cell = "\n".join(
        f"try:\n    {attempt}\n    print({attempt!r})\nexcept OSError:\n    print('refused')"
        for attempt in _AT_THE_FOLDER
    )
    assert filled.output(FOLDER, cell).splitlines() == ["refused"] * len(_AT_THE_FOLDER)
    assert _shown(filled) == before


@LARGE
def test_no_other_box_changes_a_program(filled: SandboxServer) -> None:
    """Who knows a program's name can read it, and not write, cut, replace or delete it."""
    before = _shown(filled)
    attempts = "\n".join(
        f"try:\n    {attempt}\n    print('done')\nexcept OSError:\n    pass"
        for attempt in (
            "open(file, 'r+b')",
            "os.truncate(file, 0)",
            "os.remove(file)",
            "open('mine', 'w').close(); os.rename('mine', file)",
            "os.link(file, 'mine-too'); open('mine-too', 'r+b')",
        )
    )
    file = f"file = os.path.join(folder, {min(before)!r})"
    assert filled.output(FOLDER, file, attempts + "\nprint(len(open(file, 'rb').read()))") == str(
        len(before[min(before)])
    )
    assert _shown(filled) == before


@LARGE
def test_what_a_box_compiles_is_not_kept(filled: SandboxServer) -> None:
    """A notebook that turns keeping on gets nothing into the folder, and runs all the same."""
    before = _shown(filled)
    cell = "import jax\njax.config.update('jax_persistent_cache_min_compile_time_secs', 0.0)"
    assert filled.output(cell, MODEL.format(g=7), "print(float(f(0.0)))") == "1.0"
    assert _shown(filled) == before


@LARGE
def test_a_spoiled_program_does_no_harm(filled: SandboxServer) -> None:
    """A damaged program is compiled anew; the number is the same."""
    folder = Path(filled.scratch) / "programs"
    before = _shown(filled)
    compiled_programs.hide(before, folder)
    compiled_programs.show(
        {name: content[:-40] + b"x" * 40 for name, content in before.items()}, folder
    )
    try:
        done = filled.output(COUNT, MODEL.format(g=120), HITS).split()
        assert float(done[-2]) == pytest.approx(110.1157, abs=1e-3)
        assert not filled.ask({"find": True})["found"]
    finally:
        compiled_programs.hide(before, folder)
        compiled_programs.show(before, folder)


def test_kept_and_read_again(tmp_path: Path) -> None:
    """What was saved is loaded; nothing at all is told from no file."""
    kept = {"jit_f-0123-cache": b"program"}
    compiled_programs.save(kept, tmp_path / "a.zip")
    assert compiled_programs.load(tmp_path / "a.zip") == kept
    compiled_programs.save({}, tmp_path / "b.zip")
    assert compiled_programs.load(tmp_path / "b.zip") == {}
    assert compiled_programs.load(tmp_path / "c.zip") is None


@pytest.mark.parametrize("name", ["../planted-cache", "/planted-cache", "a/b-cache", "readme"])
def test_a_file_with_other_names_is_not_used(tmp_path: Path, name: str) -> None:
    """A file that names anything but programs is as good as none."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("jit_f-0123-cache", b"program")
        archive.writestr(name, b"x")
    assert compiled_programs.load(tmp_path / "a.zip") is None


def test_a_damaged_file_is_not_used(tmp_path: Path) -> None:
    """A file that was cut short, or changed, is as good as none."""
    compiled_programs.save({"jit_f-0123-cache": b"program" * 100}, tmp_path / "a.zip")
    whole = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(whole[:-30])
    assert compiled_programs.load(tmp_path / "a.zip") is None
    (tmp_path / "a.zip").write_bytes(whole.replace(b"program", b"Program", 1))
    assert compiled_programs.load(tmp_path / "a.zip") is None


def test_only_plain_files_with_a_program_s_name_are_collected(tmp_path: Path) -> None:
    """Links, pipes, folders and other names stay behind."""
    (tmp_path / "jit_f-0123-cache").write_bytes(b"program")
    (tmp_path / "linked-cache").symlink_to("/etc/passwd")
    (tmp_path / "folder-cache").mkdir()
    os.mkfifo(tmp_path / "pipe-cache")
    (tmp_path / "notes.txt").write_bytes(b"x")
    assert compiled_programs.collect(tmp_path) == {"jit_f-0123-cache": b"program"}


def test_named_after_what_they_depend_on(
    assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another assignment and a GPU have other files; where no folder can be made there is none."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    file = compiled_programs.program_file(assignment)
    other = compiled_programs.program_file(assignment.model_copy(update={"digest": "other"}))
    assert file is not None
    assert other is not None
    assert file != other
    with_gpu = compiled_programs.program_file(assignment, gpu=True)
    assert with_gpu not in (None, file, other)
    assert file.name.split("-")[0] == other.name.split("-")[0] == compile_cache.machine_digest()
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    assert compiled_programs.program_file(assignment) is None


_LISTENS = (
    "import jax\nhits = []\n"
    "jax.monitoring.register_event_listener("
    "lambda event, **_: hits.append(event) if event.endswith('/cache_hits') else None)"
)
_COUNTS = "print('hits:', len(hits))"


@dataclass(frozen=True)
class Graded:
    """What one ``grader grade`` came to: the checks of each submission, and its first sentence.

    ``hits`` are the compiled programs that each notebook found ready, by its own count.
    """

    checks: dict[str, Any]
    hits: dict[str, int]
    is_first_use: bool


def _hits(executed: Path) -> int:
    """The number that the last cell of an executed notebook printed."""
    cells = json.loads(executed.read_text("utf-8"))["cells"]
    printed = "".join("".join(output.get("text", "")) for output in cells[-1]["outputs"])
    return int(printed.split("hits:")[1])


@pytest.mark.parametrize(
    "sandbox",
    [
        pytest.param("bwrap", marks=pytest.mark.full),
        pytest.param("landlock", marks=pytest.mark.full),
    ],
)
def test_marks_are_the_same_without_them(tmp_path: Path, sandbox: str) -> None:
    """Filling, with, and without: every check is the same; the doctor says that they are found."""
    if not works_without_grader(sandbox):
        pytest.skip(f"{sandbox} does not work here")
    (handed_in := tmp_path / "in").mkdir()
    right = short_solution(handed_in / "right.ipynb", _LISTENS, _COUNTS).read_text("utf-8")
    assert "g_max=120." in right
    (handed_in / "wrong.ipynb").write_text(right.replace("g_max=120.", "g_max=121."), "utf-8")
    cache = tmp_path / "cache"

    def graded(name: str, cache: str | Path) -> Graded:
        options = ["--seed", "7", "--sandbox", sandbox, "-o", tmp_path / name]
        done = run_grader("grade", handed_in, *options, XDG_CACHE_HOME=str(cache))
        assert done.returncode == 0, done.stdout + done.stderr
        found = results(tmp_path / name)
        return Graded(
            checks={file: result["checks"] for file, result in found.items()},
            hits={file: _hits(tmp_path / name / file / "executed.ipynb") for file in found},
            is_first_use="First use" in done.stdout,
        )

    def doctor() -> str:
        return run_grader("doctor", XDG_CACHE_HOME=str(cache)).stdout

    filling = graded("filling", cache)
    (kept,) = cache.rglob("*.zip")
    assert len(compiled_programs.load(kept) or {}) > 10
    with_them = graded("with", cache)
    assert "Boxes find" in doctor()
    without = graded("without", "/dev/null")
    compiled_programs.save({}, kept)
    assert "does not take" in doctor()
    refused = graded("refused", cache)

    every = (filling, with_them, without, refused)
    assert [one.is_first_use for one in every] == [True, False, False, False]
    for one in (filling, with_them):
        assert min(one.hits.values()) > 0
    for one in (without, refused):
        assert set(one.hits.values()) == {0}
    assert filling.checks == with_them.checks == without.checks == refused.checks
    lost = {
        name: {check["id"] for check in checks if check["status"] != "pass"}
        for name, checks in filling.checks.items()
    }
    assert lost["right"] == {"hh.execution.figures"}  # the short notebook draws none
    assert lost["right"] < lost["wrong"]
