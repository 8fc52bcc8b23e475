"""``grader release`` and ``grader new`` as an author starts them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.assignment.find import list_assignments
from grader.authoring.release.author_error import AuthorError
from grader.authoring.release.new_assignment import create_assignment
from grader.authoring.release.release import list_differences
from grader.authoring.release.student_notebook import (
    compare_notebook,
    make_student_notebook,
    read_document,
)
from grader.authoring.release.trial_grading import student_faults, teacher_faults
from grader.core.messages import catalogue
from grader.core.types import CheckResult, ExecutedNotebook, GradeReport
from tests.support.edit import edit
from tests.support.project import run_grader

STUB = "#: self.IM = ..."


@pytest.fixture
def laid_out(tmp_path: Path) -> Path:
    """A folder with a new assignment in it."""
    create_assignment("week-3", tmp_path)
    return tmp_path


@pytest.mark.parametrize("id", list_assignments())
def test_every_released_notebook_is_what_its_teachers_notebook_makes(id: str) -> None:
    """Nobody edits a released notebook by hand, and nobody forgets to release it."""
    assignment = list_assignments()[id].load(as_teacher=True)
    assert assignment.rubric is not None
    made = make_student_notebook(read_document(assignment.rubric.solution), assignment)
    assert compare_notebook(made, assignment.notebook) == []


@pytest.mark.parametrize(
    "id",
    [
        pytest.param(i, marks=() if i == "hh-from-scratch" else pytest.mark.full)
        for i in list_assignments()
    ],
)
def test_check_finds_nothing_out_of_date(id: str) -> None:
    """``grader release --check`` holds for each assignment here, its public traces too."""
    done = run_grader("release", id, "--check")
    assert done.returncode == 0, done.stderr
    assert "is what grader release makes" in done.stdout


def test_a_new_assignment_can_be_read_and_says_everything_in_both_languages(
    laid_out: Path,
) -> None:
    """Its data have no fault, and each sentence that they name exists."""
    place = list_assignments(laid_out)["week-3"]
    made = place.load(as_teacher=True, derived=False)
    assert made.rubric is not None
    assert sum(made.rubric.points.values()) == 100
    assert made.rubric.solution.is_file()
    english, chinese = (catalogue(language, made.folder) for language in ("en", "zh"))
    assert english.sentences.keys() == chinese.sentences.keys()
    assert {m.message for e in made.exercises for c in e.channels for p in c.parameters.values()
            for m in p.mistakes} <= english.sentences.keys()  # fmt: skip
    for file in laid_out.rglob("*"):
        assert "@ID@" not in file.name
        assert not file.is_file() or "@ID@" not in file.read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("assignment.toml", '"trace_rmse"', '"trace_rms"', "there is no kind trace_rms. There are"),
        (
            "assignment.toml",
            'variable = "IM.p"',
            'variable = "p"',
            "there is no state p to",
        ),
        ("assignment.toml", 'variable = "IM.p"', "", "doesn't say which state it looks at"),
        (
            "assignment.toml",
            "mistake.E_pos",
            "mistake.E_neg",
            "no sentence assignment.mistake.E_neg",
        ),
        (
            "zh.toml",
            "reversed =",
            "turned =",
            "zh.toml has no sentence assignment.mistake.reversed",
        ),
        ("zh.toml", "[mistake]", "[mistake", "zh.toml: not readable as TOML"),
        (
            "model.py",
            '"IM.p"',
            '"IM.n"',
            "the reference has no state IM.p; its STATES are: V, IM.n",
        ),
        (
            "model.py",
            "MISTAKES =",
            'import sys; PARTS = {"soma": sys.modules[__name__]}\nMISTAKES =',
            "soma among its",
        ),
        ("model.py", '"tau": 20.0', '"taw": 20.0', "model.py, line 55: KeyError: 'tau'"),
        ("model.py", "def initial(", "def initial", "week-3/model.py: SyntaxError"),
    ],
)
def test_a_name_that_nothing_answers_to_is_said_before_anything_runs(
    laid_out: Path, name: str, old: str, new: str, said: str
) -> None:
    """A kind, a state, a sentence, a part or a constant; and a fault of the reference."""
    place = list_assignments(laid_out)["week-3"]
    (file,) = laid_out.rglob(name)
    edit(file, old, new)
    with pytest.raises(AuthorError) as refused:
        list_differences(place.load(as_teacher=True, derived=False), None)
    message = refused.value.in_language("en")
    assert said in message
    assert "grader-release-" not in message


@pytest.mark.parametrize(
    ("id", "said"),
    [
        ("Week 3", "Such as: week-3"),
        ("../out", "Such as: out"),
        ("3", "Such as: week-3"),
        ("", "Such as: week-3"),
        ("作业", "Such as: week-3"),
        ("week3", "week3 and week-3 would be taken for each other"),
        ("week-3", "is there already"),
    ],
)
def test_an_id_that_is_none_or_is_taken_gets_a_sentence(laid_out: Path, id: str, said: str) -> None:
    """Nothing is laid out, and nothing that is there is touched."""
    before = sorted(laid_out.rglob("*"))
    with pytest.raises(AuthorError, match=re.escape(said)):
        create_assignment(id, laid_out)
    assert sorted(laid_out.rglob("*")) == before


def test_a_folder_of_the_teachers_is_not_overwritten(tmp_path: Path) -> None:
    """A reference without an assignment is somebody's work too."""
    (tmp_path / "reference" / "week-3").mkdir(parents=True)
    with pytest.raises(AuthorError, match="is there already"):
        create_assignment("week-3", tmp_path)
    assert not (tmp_path / "assignments").exists()


def test_new_says_what_is_next(tmp_path: Path) -> None:
    """The commands that it prints are those of the new assignment, wherever it lies."""
    done = run_grader("new", "week-3", "--dir", tmp_path)
    assert done.returncode == 0, done.stderr
    for command in ("release week-3", "verify week-3", "-a week-3"):
        assert f"{command} --assignments {tmp_path}" in done.stdout
    again = run_grader("new", "week-3", "--dir", tmp_path)
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_check_writes_nothing_and_says_what_is_missing(laid_out: Path) -> None:
    """Before the first release both files are named; the status is 1."""
    done = run_grader("release", "week-3", "--check", "--assignments", laid_out)
    assert done.returncode == 1
    assert "week-3.ipynb is missing" in done.stderr
    assert "public-traces.npz is missing" in done.stderr
    assert not list(laid_out.glob("assignments/**/*.ipynb"))


def test_a_fault_is_said_in_the_language_asked_for(laid_out: Path) -> None:
    """Status 1, the fault with its cell, and nothing written."""
    edit(laid_out / "reference/week-3/week-3-solution.ipynb", f"    {STUB}", "    # ...")
    done = run_grader("release", "week-3", "--lang", "zh", "--assignments", laid_out)
    assert done.returncode == 1
    assert "第 6 个单元格第 5 行" in done.stderr
    assert "没有写入任何文件" in done.stderr
    assert not list(laid_out.glob("assignments/**/*.ipynb"))


@pytest.mark.parametrize(
    ("score", "of_the_student", "of_the_teacher"),
    [
        (0.0, "", "gets 0 of 10 points. It loses them by: a.runs (It stops.)"),
        (
            5.0,
            "gets 5 of 10 points before anybody filled a blank. It earns them by: a.runs",
            "5 of",
        ),
        (10.0, "gets 10 of 10 points before", ""),
        (None, "could not be graded", "could not be graded"),
        (float("nan"), "gets NaN of", "The teacher's notebook gets NaN"),
    ],
)
def test_a_mark_that_may_not_be_is_explained(
    score: float | None, of_the_student: str, of_the_teacher: str
) -> None:
    """The student's notebook must have 0 and the teacher's everything; not graded is neither."""
    made = report(score)
    for found, said in (
        (student_faults(made), of_the_student),
        (teacher_faults(made), of_the_teacher),
    ):
        sentence = str(AuthorError(found))
        assert said in sentence
        assert bool(said) == bool(sentence)


def report(score: float | None) -> GradeReport:
    """A report with one check of 10 points."""
    check = CheckResult(
        id="a.runs",
        family="execution",
        visibility="public",
        status="error" if score is None else "fail",
        points=score or 0.0,
        max_points=10.0,
        message_id="",
        message="It stops.",
    )
    return GradeReport(
        assignment="a",
        assignment_title="A",
        assignment_digest="",
        submission_id="a",
        file="a.ipynb",
        sha256="",
        outcome="not_graded" if score is None else "graded",
        score=score,
        max_score=10.0,
        checks=(check,),
        run=ExecutedNotebook(status="ok"),
    )
