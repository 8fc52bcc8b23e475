"""The wheel that students install: what is in it, and that it does without the repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.project import ROOT, SOLUTION

ASSIGNMENTS = sorted(file.parent.name for file in ROOT.glob("assignments/*/assignment.toml"))
_PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built of a copy of the project's files as anybody would."""
    folder = tmp_path_factory.mktemp("wheel")
    project = folder / "project"
    project.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, project)
    for name in ("grader", "assignments", "reference", "submissions", "tests"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([*_PIP, "wheel", "--no-deps", "-w", folder, project], check=True)
    shutil.rmtree(project)
    (file,) = folder.glob("grader-*.whl")
    return file


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the wheel and all that the grader needs, but not this repository."""
    folder = tmp_path_factory.mktemp("student") / "venv"
    venv.create(folder, with_pip=False)
    program = folder / "bin" / "python"
    (packages,) = folder.glob("lib/*/site-packages")
    others = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    (packages / "others.pth").write_text("\n".join(others) + "\n", "utf-8")
    install = ["--python", program, "install", "--no-deps", "--force-reinstall", wheel]
    subprocess.run([*_PIP, *install], check=True)
    return program


def run(python: Path, folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a Python program in ``folder`` as somebody who never heard of this repository."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LC_"))}
    return subprocess.run(
        [python, "-P", *map(str, arguments)],
        cwd=folder,
        env={**environment, "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=180,
    )


def answers() -> Iterator[tuple[str, str]]:
    """Lines of code of each solution that its handout doesn't have."""
    for id in ASSIGNMENTS:
        solved, handout = (
            {line.strip() for cell in cells for line in "".join(cell["source"]).splitlines()}
            for file in (next(ROOT.glob(f"reference/{id}/*-solution.ipynb")),
                         next(ROOT.glob(f"assignments/{id}/*.ipynb")))
            for cells in [json.loads(file.read_text("utf-8"))["cells"]]
        )  # fmt: skip
        yield from ((id, line) for line in solved - handout if len(line) > 15 and line[0] != "#")


def test_it_holds_what_students_may_have(wheel: Path) -> None:
    """Every assignment's own folder, whole; no file of the reference, no line of its solution."""
    version = wheel.name.split("-")[1]
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for file in ROOT.glob("assignments/*/**/*"):
        if file.is_file() and ".ipynb_checkpoints" not in file.parts:
            within = file.relative_to(ROOT / "assignments").as_posix()
            assert files[f"grader/assignment/data/{within}"] == file.read_bytes()
    assert {name.split("/")[0] for name in files} == {"grader", f"grader-{version}.dist-info"}
    kept = [file.read_bytes() for file in ROOT.glob("reference/*/*") if file.is_file()]
    assert not [name for name, content in files.items() if content in kept]
    lines = [*answers()]
    assert {id for id, _ in lines} == {*ASSIGNMENTS}
    for id, line in lines:
        own = [content for name, content in files.items() if f"/assignment/data/{id}/" in name]
        assert not [line for content in own if json.dumps(line)[1:-1].encode() in content]


def test_it_knows_every_assignment(python: Path, tmp_path: Path) -> None:
    """The package is the wheel's; each assignment can be read, and none can be graded."""
    program = """
import grader.assignment.find
assert grader.__file__.startswith(__import__("sys").prefix), grader.__file__
for id, place in grader.assignment.find.list_assignments().items():
    print(place.load(as_teacher=False).id, place.teachers)
"""
    done = run(python, tmp_path, "-c", program)
    assert done.stdout.splitlines() == [f"{id} None" for id in ASSIGNMENTS], done.stderr
    there = shutil.copy(SOLUTION, tmp_path)
    graded = run(python, tmp_path, "-m", "grader", "grade", there, "-a", "hh")
    assert graded.returncode == 2
    assert "no reference/hh here" in graded.stderr


def test_it_checks_without_linux(python: Path, tmp_path: Path) -> None:
    """Without any of Linux's own modules a notebook is run and judged, and the page written.

    This is no test of macOS or Windows, only of what of Linux the grader leans on.
    """
    shutil.copy(ROOT / "tests" / "support" / "without_linux.py", tmp_path)
    shutil.copy(ROOT / "submissions" / "hh" / "n-cubed.ipynb", tmp_path / "我的 one.ipynb")
    arguments = ("without_linux.py", "check", "我的 one.ipynb", "--html", "--debug", "--lang", "en")
    done = run(python, tmp_path, *arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "19 of 26 public checks pass; further stimuli are used when it is graded." in done.stdout
    assert "(cell 26" in done.stdout
    assert "<html" in (tmp_path / "report.html").read_text("utf-8")
