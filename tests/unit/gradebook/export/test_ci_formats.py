"""``grader export`` and ``grade --format``: one writer, from what lies in the output folder."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from grader.gradebook.export.ci_formats import write_formats
from grader.report import write_report
from grader.report.formats import FORMATS
from grader.submission.intake.roster import RosterEntry, write_roster
from grader.submission.intake.scan import FORMAT_FILES
from tests.support.project import run_grader
from tests.support.sample_reports import not_graded, partly_wrong, perfect

CELL = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two notebooks of one name, and what grading them and a third left."""
    monkeypatch.chdir(tmp_path)
    reports = {"ann": partly_wrong(), "bo": perfect(), "cy": not_graded()}
    for id, report in reports.items():
        source = [f"# {id}\n", *(f"x = {k}\n" for k in range(9))]
        notebook = {"cells": [{**CELL, "source": source}] * 25, "nbformat": 4, "metadata": {}}
        file = tmp_path / "handed-in" / id / "hw.ipynb"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(notebook, indent=1))
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        report = replace(report, submission_id=id, file="hw.ipynb", sha256=digest)
        write_report(report, tmp_path / "feedback" / id)
    write_roster((RosterEntry(id=id, file="hw.ipynb") for id in reports), tmp_path / "feedback")
    return tmp_path


def export(course: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``grader export`` as a user starts it, in the course's folder."""
    return subprocess.run(
        [sys.executable, "-m", "grader", "export", *arguments],
        cwd=course,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
    )


def test_grade_and_export_write_the_same(course: Path) -> None:
    """What a batch leaves behind and what is exported from it a week later differ in no byte."""
    feedback = course / "feedback"
    ids = ("ann", "bo", "cy")
    notebooks = {id: [course / "handed-in" / id / "hw.ipynb"] for id in ids}
    write_formats(FORMATS, feedback, notebooks)
    for name in ("junit", "github", "markdown"):
        done = export(course, name, "-o", f"export.{name}")
        assert done.returncode == 0, done.stderr
        assert "Not graded for a fault of the grader's, so without a mark (1)" in done.stdout
        assert f"export.{name}: 3 of 3 submissions." in done.stdout
        assert (course / f"export.{name}").read_bytes() == (
            feedback / FORMATS[name].file
        ).read_bytes()
    for name in ("gradescope", "prairielearn"):
        done = export(course, name, "-s", "ann", "-o", f"export.{name}")
        assert done.returncode == 0, done.stderr
        there = (feedback / "ann" / FORMATS[name].file).read_bytes()
        assert (course / f"export.{name}").read_bytes() == there


def test_where_no_format_is_asked_for_no_result_is_read(course: Path) -> None:
    """Without a name the writer of formats opens none of the files that a batch has written."""
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from grader.gradebook.export.ci_formats import write_formats\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, of: event == 'open' and opened.append(str(of[0])))\n"
        "write_formats(sys.argv[1:], Path('feedback'), {})\n"
        "print(sum(Path('feedback').resolve() in Path(file).resolve().parents for file in opened))"
    )

    def opened(*formats: str) -> int:
        command = [sys.executable, "-c", code, *formats]
        done = subprocess.run(command, cwd=course, capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert opened() == 0
    assert opened("junit") > 3


def test_a_notebook_is_told_by_its_bytes(course: Path) -> None:
    """Of several of one name each is found; one that was changed since is not named at all."""
    changed = course / "handed-in" / "bo" / "hw.ipynb"
    changed.write_text(changed.read_text() + "\n")
    assert export(course, "github", "-o", "a.txt").returncode == 0
    lines = (course / "a.txt").read_text("utf-8").splitlines()
    wrong = next(line for line in lines if "ten times too high" in line)
    number = int(wrong.partition("line=")[2].partition(",")[0])
    assert "file=handed-in/ann/hw.ipynb," in wrong
    written = (course / "handed-in" / "ann" / "hw.ipynb").read_text().splitlines()
    assert written[number - 1].strip() == '"x = 5\\n",'  # the seventh line of the cell
    (score,) = [line for line in lines if "title=bo%3A" in line]
    assert "file=" not in score


def test_a_result_that_is_missing_is_named(course: Path) -> None:
    """A submission without a result is left out, and said to be."""
    (course / "feedback" / "bo" / "result.json").write_text("{")
    done = export(course, "junit", "-o", "a.xml")
    assert done.returncode == 1
    assert "Without a result yet (1)" in done.stdout
    assert "2 of 3 submissions" in done.stdout
    assert export(course, "gradescope", "-s", "bo").returncode == 2


def test_a_page_that_was_changed_goes_nowhere(course: Path) -> None:
    """Whose page is empty or edited is left out by name, and the exit status tells."""
    (course / "feedback" / "bo" / "result.md").write_text("# Full marks")
    done = export(course, "markdown", "-o", "a.md")
    assert done.returncode == 1
    assert "so left out (1). Grade once more, into the same folder: bo" in done.stdout
    assert "2 of 3 submissions" in done.stdout
    assert "Full marks" not in (course / "a.md").read_text("utf-8")
    alone = export(course, "gradescope", "-s", "bo", "-o", "a.json")
    assert alone.returncode == 2
    assert "not as they were written" in alone.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gradescope"], "Name one with --submission: ann, bo, cy"),
        (["junit", "-s", "dee"], "There is no submission dee. There are: ann, bo, cy"),
        (["junit", "--points", "10"], "--points and --column don't go with it"),
        (["csv", "-s", "ann"], "--submission doesn't go with it"),
    ],
)
def test_what_does_not_go_together_is_said(
    course: Path, arguments: list[str], sentence: str
) -> None:
    """Wrong usage ends with 2 and a sentence, and writes nothing."""
    done = export(course, *arguments)
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.split())
    assert not [*course.glob("*.*")]


def test_a_format_that_there_is_not_is_named() -> None:
    """Before anything is graded."""
    done = run_grader("grade", ".", "--format", "junit,html")
    assert done.returncode == 2
    assert "'html' is no format; there are: junit, gradescope" in " ".join(done.stderr.split())


def test_no_submission_takes_a_files_name() -> None:
    """A batch's files and its submissions' folders lie side by side."""
    assert {format.file for format in FORMATS.values() if not format.per_submission} == {
        *FORMAT_FILES
    }
