"""The layout's own promises: imports run one way, the probe is an island, data stays data."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import ROOT

MODULES = sorted((ROOT / "grader").rglob("*.py"))
ISLANDS = [ROOT / "grader" / "untrusted" / part for part in ("probe", "box")]
BESIDE = [file for island in ISLANDS for file in sorted(island.glob("*.py"))]
# What the warm process loads, and what the probe may find in the student's kernel.
LOADED = {
    "IPython",
    "PIL",
    "brainpy",
    "brainstate",
    "jax",
    "matplotlib",
    "numpy",
    "saiunit",
    "traitlets",
    "zmq",
}


@cache
def _statements(file: Path) -> list[ast.Import | ast.ImportFrom]:
    tree = ast.parse(file.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


def _as_written(file: Path) -> set[str]:
    """The modules that a file imports, as they stand there."""
    names: set[str] = set()
    for node in _statements(file):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        else:
            names.add("." * node.level + (node.module or ""))
    return names


def _whole(file: Path) -> set[str]:
    """What a file imports by whole names: each module, and what it takes from each."""
    package = file.relative_to(ROOT).parts[:-1]
    names: set[str] = set()
    for node in _statements(file):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        else:
            above = package[: len(package) + 1 - node.level] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return names


def test_imports_run_one_way() -> None:
    """The layers that pyproject.toml names are kept by every module."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_there_are_two_islands() -> None:
    """What runs beside student code lies where the tests below look for it."""
    assert {file.parent for file in BESIDE} == set(ISLANDS)


@pytest.mark.parametrize("file", BESIDE, ids=lambda f: f"{f.parts[-3]}-{f.name}")
def test_what_runs_beside_student_code_is_an_island(file: Path) -> None:
    """Probe and box import nothing of grader but their own neighbours, and nothing unforeseen."""
    neighbours = {".", *(f".{other.stem}" for other in file.parent.glob("*.py"))}
    names = _as_written(file)
    assert {name for name in names if name.startswith((".", "grader"))} <= neighbours
    packages = {name.partition(".")[0] for name in names if not name.startswith(".")}
    assert packages <= sys.stdlib_module_names | LOADED


def test_nobody_imports_the_probe() -> None:
    """What runs in the kernel is sent as text and never imported by the harness."""
    importers = {
        file.name
        for file in MODULES
        if file.parent != ROOT / "grader" / "untrusted" / "probe"
        and any(name.startswith("grader.untrusted.probe") for name in _whole(file))
    }
    assert importers == set()


def test_only_the_cluster_knows_dask() -> None:
    """Whoever grades on one machine needs no Dask: nothing else imports it."""
    code = (
        "import sys; sys.modules['distributed'] = sys.modules['dask'] = None; "
        "import grader.grading.batch, grader.grading.machine, grader.cli.grade; "
        "import grader.grading.cluster.connection"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    importers = {
        file.parent.name
        for file in MODULES
        if {name.partition(".")[0] for name in _whole(file)} & {"dask", "distributed"}
    }
    assert importers == {"cluster"}


def test_command_line_is_light() -> None:
    """Importing the command line loads neither JAX nor BrainPy, nor what takes long."""
    code = (
        "import sys, grader.cli; "
        "print(sorted({'jax', 'brainpy', 'nbclient', 'matplotlib', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_client_host_has_no_jax() -> None:
    """The process that forks clients loads neither JAX nor BrainPy."""
    code = (
        "import sys, grader.run.client_server, grader.run.collect_evidence; "
        "print({'jax', 'brainpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_harness_names_no_assignment() -> None:
    """No file of the harness names an assignment, a student's class, or a channel.

    A name of one letter is a word of its own there: K counts samples. What new assignments
    begin as names its own, which those then have too.
    """
    words: set[str] = set()
    for folder in (ROOT / "assignments").iterdir():
        if (folder / "assignment.toml").is_file():
            words |= _names(tomllib.loads((folder / "assignment.toml").read_text("utf-8")))
    templates = ROOT / "grader" / "authoring" / "release" / "templates"
    template = (templates / "assignment" / "assignment.toml").read_text("utf-8")
    in_templates, elsewhere = (
        _naming(names) for names in (words - _names(tomllib.loads(template)), words)
    )
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in sorted((ROOT / "grader").rglob("*"))
        if file.suffix in {".py", ".toml", ".j2", ".css", ".js", ".ipynb"}
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if (in_templates if templates in file.parents else elsewhere).search(line)
        and "grader grade submissions/hh" not in line
    ]
    assert found == []


def _names(assignment: dict[str, Any]) -> set[str]:
    exercises = assignment["exercises"]
    channels = [c["name"] for exercise in exercises for c in exercise.get("channels", ())]
    parts = {part for name in channels for part in (name, *name.split(".")) if len(part) > 1}
    classes = {
        exercise[key] for exercise in exercises for key in ("id", "class_name") if key in exercise
    }
    return {assignment["id"], *classes, *parts}


def _naming(words: set[str]) -> re.Pattern[str]:
    return re.compile(r"(?<![\w.])(" + "|".join(map(re.escape, sorted(words))) + r")\b")
