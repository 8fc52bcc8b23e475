"""Thirty small mistakes, as patches, that the tests of this project must see.

A patch lies in ``PLACE-N.patch``. The lines before its diff say what it breaks (``About``), the
smallest tier whose tests see that (``Tier``), and which of these tests suffice (``Red``).
``python -m tests.mutations --help`` says how to try them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
TIERS: Mapping[str, tuple[str, ...]] = {
    "default": ("-m", "not full and not exhaustive"),
    "full": ("--full", "-m", "not exhaustive"),
}
"""The options of each tier. Without ``-m`` a test that is named runs whatever its tier is."""

# Under every patch it is red for a reason that proves nothing: the patch is there already.
_OF_THE_PATCHES = "tests/mutations/test_mutations.py"


@dataclass(frozen=True, slots=True)
class Mutation:
    """A patch with what its first lines say of it."""

    file: Path
    about: str
    tier: str
    red: tuple[str, ...]

    @property
    def name(self) -> str:
        """As the command calls it."""
        return self.file.stem

    @property
    def place(self) -> str:
        """Where in the code it is, as "tolerance"."""
        return self.name.rpartition("-")[0]


class Unusable(Exception):
    """A patch, or the tree, can't be used; the message says why."""


def read(file: Path) -> Mutation:
    """The patch in ``file``. Raises ``Unusable`` for a header that lacks something."""
    text = file.read_text("utf-8")
    head = text.partition("diff --git ")[0]
    found = dict(re.findall(r"^(About|Tier|Red): (.+)$", head, re.MULTILINE))
    if missing := {"About", "Tier", "Red"} - found.keys():
        raise Unusable(f"{file}: the lines before its diff lack {', '.join(sorted(missing))}")
    if found["Tier"] not in TIERS:
        raise Unusable(f"{file}: Tier is {found['Tier']}, and not one of {', '.join(TIERS)}")
    return Mutation(file, found["About"], found["Tier"], tuple(found["Red"].split()))


def all_of_them() -> list[Mutation]:
    """Every patch beside this module, by its name."""
    return [read(file) for file in sorted(FOLDER.glob("*.patch"))]


def apply(patch: Path, tree: Path, *options: str) -> str:
    """Apply ``patch`` in ``tree``, a repository or not; why that can't be, or ""."""
    done = subprocess.run(
        ["git", "apply", "-p1", *options, str(patch.resolve())],
        cwd=tree,
        env=_without_git() | {"GIT_CEILING_DIRECTORIES": str(tree.resolve().parent)},
        capture_output=True,
        text=True,
    )
    return "" if done.returncode == 0 else done.stderr.strip() or f"status {done.returncode}"


@contextmanager
def private_copy(tree: Path = ROOT) -> Iterator[Path]:
    """A copy of the working tree without what git ignores; it is gone after the block."""
    with TemporaryDirectory(prefix="mutated-") as folder:
        # Some tests become another user, who must reach the code.
        Path(folder).chmod(0o755)
        copy = Path(folder) / "project"
        for name in _files(tree):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(tree / name, copy / name, follow_symlinks=False)
        yield copy


def run_tests(copy: Path, arguments: Iterable[str]) -> subprocess.CompletedProcess[str]:
    """Run pytest in ``copy``; its tests, and all that they start, import the copy's code."""
    _uses_itself(copy)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=copy,
        env=environment(copy),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def arguments_for(tests: Sequence[str], tier: str, *, whole: bool) -> list[str]:
    """What pytest is given: the named tests in one process, or the tier up to the first failure."""
    if whole:
        return ["-x", f"--ignore={_OF_THE_PATCHES}", *TIERS[tier]]
    return ["-n", "0", *TIERS[tier], *tests]


def environment(copy: Path) -> dict[str, str]:
    """Variables with which Python, wherever it is started, takes the code of ``copy``."""
    kept = {k: v for k, v in _without_git().items() if not k.startswith("PYTEST_")}
    path = os.pathsep.join(filter(None, (str(copy), os.environ.get("PYTHONPATH"))))
    return {**kept, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def _uses_itself(copy: Path) -> None:
    """Raises ``Unusable`` where a process that a test starts would import other code."""
    found = subprocess.run(
        [sys.executable, "-c", "import grader; print(grader.__file__)"],
        cwd="/",
        env=environment(copy),
        capture_output=True,
        text=True,
    )
    if not found.stdout.startswith(f"{copy}{os.sep}"):
        raise Unusable(f"{copy} is not what Python imports, but {found.stdout or found.stderr}")


def _files(tree: Path) -> list[str]:
    """The files of ``tree`` that git doesn't ignore; all but caches where it is no repository."""
    if not (tree / ".git").exists():
        found = (file for file in tree.rglob("*") if file.is_file() or file.is_symlink())
        names = (file.relative_to(tree) for file in found)
        return [
            str(name)
            for name in names
            if not any(part.startswith(".") and part != ".ci" for part in name.parts)
            and "__pycache__" not in name.parts
        ]
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=tree,
        env=_without_git(),
        capture_output=True,
        text=True,
        check=True,
    )
    names = dict.fromkeys(filter(None, listed.stdout.split("\0")))
    return [name for name in names if (tree / name).is_file() or (tree / name).is_symlink()]


def _without_git() -> dict[str, str]:
    """The environment without what a hook of git's may have set."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
