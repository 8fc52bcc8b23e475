"""A class in a folder of its own: assignment, notebooks, results; grading can be forbidden."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.project import ROOT

WITHOUT_STUDENTS_CODE = "machine.ClientPool = detect.detect_sandbox = None"
WITHOUT_ANY_WORK = f"{WITHOUT_STUDENTS_CODE}; machine.Judge = None"
_PROGRAM = """\
import sys
import grader.grading.machine as machine, grader.sandbox.detect as detect
{forbidden}
from grader.cli import main
main()
"""


@dataclass(frozen=True)
class Course:
    """A folder with ``assignments`` and ``reference``; ``in`` is handed in, ``out`` comes out."""

    folder: Path

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def grade(
        self, *more: str | Path, forbidden: str = "", lang: str = "en"
    ) -> subprocess.CompletedProcess[str]:
        """``grader grade``, with parts of it made unusable by the statement ``forbidden``."""
        program = ["-c", _PROGRAM.format(forbidden=forbidden)] if forbidden else ["-m", "grader"]
        return subprocess.run(
            [
                *(sys.executable, *program, "grade", self.folder / "in", "-o", self.out),
                *("--assignments", self.folder, "--lang", lang, "--cell-seconds", "30", *more),
            ],
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "COLUMNS": "160",
                "LC_ALL": "C.UTF-8",
                "XDG_STATE_HOME": str(self.folder / "state"),
            },
            timeout=600,
        )

    def replace_in(self, file: str, old: str, new: str) -> None:
        """Change the assignment: ``old`` must stand in its ``file``."""
        path = self.folder / file
        text = path.read_text("utf-8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new), "utf-8")

    def files(self) -> dict[str, bytes]:
        """Everything that came out, by its name."""
        found = sorted(file for file in self.out.rglob("*") if file.is_file())
        return {str(file.relative_to(self.out)): file.read_bytes() for file in found}


def make(folder: Path, notebooks: Mapping[str, str], assignment: str = "hh") -> Course:
    """A course with one assignment and these notebooks; nothing is graded yet."""
    for name in ("assignments", "reference"):
        shutil.copytree(ROOT / name / assignment, folder / name / assignment)
    (folder / "in").mkdir()
    for name, text in notebooks.items():
        (folder / "in" / f"{name}.ipynb").write_text(text, "utf-8")
    return Course(folder)


def without_time(page: bytes) -> bytes:
    """A batch's page or summary without how long it took."""
    text = re.sub(rb'"seconds": [0-9.e-]+', b"", page)
    return re.sub(rb"[0-9.]+ s\b", b"", text)
