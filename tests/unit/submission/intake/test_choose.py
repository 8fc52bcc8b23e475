"""Several notebooks of one student: which counts, by what it is told, and that it is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.assignment.schema import Assignment
from grader.core.messages import catalogue
from grader.submission.intake import SubmittedFile, collect
from tests.support.project import ROOT, SOLUTION

HANDOUT = (ROOT / "assignments" / "hh" / "hh.ipynb").read_text("utf-8")
SOLVED = SOLUTION.read_text("utf-8")
NOTES = json.dumps(
    {
        "cells": [{"cell_type": "code", "source": "1 + 1", "metadata": {}, "outputs": []}],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
)


def without_name(text: str, other: str | None = None) -> str:
    """A notebook whose metadata don't name the assignment, or name another."""
    notebook = json.loads(text)
    notebook["metadata"].pop("grader", None)
    if other is not None:
        notebook["metadata"]["grader"] = {"assignment": other}
    return json.dumps(notebook)


def put(root: Path, files: dict[str, str]) -> Path:
    for age, (name, text) in enumerate(files.items()):
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
        os.utime(place, (1e9 + age, 1e9 + age))
    return root


def graded(root: Path, assignment: Assignment) -> dict[str, SubmittedFile]:
    entries, _ = collect([root]).select(assignment)
    return {entry.id: entry for entry in entries}


@pytest.mark.parametrize(
    ("files", "taken", "why"),
    [
        ({"a.ipynb": SOLVED, "z.ipynb": NOTES}, "a.ipynb", "assignment"),
        ({"hh.ipynb": HANDOUT, "hh-Copy1.ipynb": SOLVED}, "hh-Copy1.ipynb", "filled"),
        ({"hh (1).ipynb": SOLVED, "hh.ipynb": HANDOUT}, "hh (1).ipynb", "filled"),
        ({"a.ipynb": without_name(SOLVED), "z.ipynb": NOTES}, "a.ipynb", "cells"),
        ({"a.ipynb": SOLVED, "z.ipynb": without_name(SOLVED, "other")}, "a.ipynb", "assignment"),
        ({"hh.ipynb": SOLVED, "hh2.ipynb": "{broken"}, "hh.ipynb", "readable"),
        ({"hh.ipynb": SOLVED, "hh (2).ipynb": SOLVED}, "hh (2).ipynb", "newest"),
        ({"hh (2).ipynb": SOLVED, "hh.ipynb": SOLVED}, "hh.ipynb", "newest"),
    ],
)
def test_the_homework_is_told_from_the_rest(
    tmp_path: Path, assignment: Assignment, files: dict[str, str], taken: str, why: str
) -> None:
    """By its metadata, its cells, its blanks, its name, its age; and the report says by which."""
    put(tmp_path, {f"Ann/{name}": text for name, text in files.items()})
    put(tmp_path, {"Bob/x.ipynb": SOLVED})
    entry = graded(tmp_path, assignment)["Ann"]
    assert entry.path.name == taken
    note = entry.notes[0]
    assert note.message_id == f"read.several.{why}"
    assert note.for_student
    for language in ("en", "zh"):
        sentence = catalogue(language).render(note.message_id, **note.values)
        assert all(name in sentence for name in files)


def test_of_equal_age_the_copys_number_tells(tmp_path: Path, assignment: Assignment) -> None:
    """Where archives keep no time, the browser's number of a copy does."""
    put(tmp_path, {"Ann/hh.ipynb": SOLVED, "Ann/hh (2).ipynb": SOLVED, "Bob/hh.ipynb": SOLVED})
    for file in (tmp_path / "Ann").iterdir():
        os.utime(file, (1e9, 1e9))
    entry = graded(tmp_path, assignment)["Ann"]
    assert entry.path.name == "hh (2).ipynb"
    assert entry.notes[0].message_id == "read.several.number"


def test_a_folder_of_several_students_stays_apart(tmp_path: Path, assignment: Assignment) -> None:
    """Solved notebooks under unlike names are several students', and nobody is dropped."""
    changed = SOLVED.replace("E=-77.", "E=-76.")
    put(tmp_path, {"group 1/ann.ipynb": SOLVED, "group 1/bob.ipynb": changed})
    put(tmp_path, {"group 2/cem.ipynb": SOLVED, "group 2/dan.ipynb": changed})
    assert list(graded(tmp_path, assignment)) == [
        "group 1-ann",
        "group 1-bob",
        "group 2-cem",
        "group 2-dan",
    ]
    _, notes = collect([tmp_path]).select(assignment)
    assert [note.message_id for note in notes] == ["read.intake.kept_apart"] * 2


def test_a_notebook_under_another_name_is_taken(tmp_path: Path, assignment: Assignment) -> None:
    """A browser's or mail program's ending does not make a notebook nothing; a PDF is none."""
    put(tmp_path, {"Ann/hh.ipynb.txt": SOLVED, "Bob/hh.json": SOLVED, "Cem/data.json": "[1]"})
    put(tmp_path, {"Dan/hh.ipynb": SOLVED})
    found = graded(tmp_path, assignment)
    assert [id for id, entry in found.items() if entry.fault] == ["Cem"]
    assert found["Ann"].notes[0].message_id == "read.intake.renamed_notebook"


COMPARING = """\
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
from grader.assignment.load import load_assignment
from grader.submission.intake import collect
found, _ = collect([Path(sys.argv[1])]).select(load_assignment(Path(sys.argv[2])))
print(*(f"{entry.id}/{entry.path.name}" for entry in found))
"""


def test_no_name_takes_long(tmp_path: Path, assignment: Assignment) -> None:
    """Names that were made to keep a program busy are compared as any: it is not at it for ever.

    The system ends whoever computes for half a minute.
    """
    names = ("1" * 239 + "x", "(1)" * 79 + "x", "-_ " * 79 + "x", "v1" * 119 + "x")
    for number, name in enumerate(names):
        put(tmp_path, {f"{number}/{name}.ipynb": SOLVED, f"{number}/hh.ipynb": SOLVED})
    command = [sys.executable, "-c", COMPARING, str(tmp_path), str(assignment.folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [f"{number}/hh.ipynb" for number in range(len(names))]


def test_the_assignment_is_named_by_what_was_handed_in(tmp_path: Path) -> None:
    """The first notebook that names an assignment names it for the batch."""
    put(tmp_path, {"Ann/a.ipynb": NOTES, "Bob/b.ipynb": SOLVED})
    assert collect([tmp_path]).named_assignment() == "hh"
    assert collect([tmp_path / "Ann"]).named_assignment() is None
