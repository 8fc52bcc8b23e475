"""A term from end to end: a class is graded, kept, graded again, and passed back once each.

What no other test has is the way through all of it: marks of real notebooks, stored evidence that
is judged again, a gradebook that takes what changed, a platform that gets each mark once.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from grader.core.types import GradeReport
from grader.report.store.read import verified_report
from tests.support.courses import WITHOUT_STUDENTS_CODE, Course, make
from tests.support.lms import lti
from tests.support.passbacks import Term, number, users
from tests.support.project import ROOT, SOLUTION, results, run_grader

CLASS = 60
NEAR = {"E=-77., g_max=36.)": "E=-77.1, g_max=36.)"}
OFF = {"g_max=120.)": "g_max=121.)"}
FAULTS = ("drop", "late")  # before a mark was taken, and after it


def as_class(course: Course) -> dict[int, GradeReport]:
    """The course's results as a class's: each notebook is many students', always the same."""
    found = [verified_report(result) for result in results(course.out).values()]
    drawn = random.Random(1)
    return {place: drawn.choice(found) for place in range(CLASS)}


def test_a_class_is_kept_regraded_and_passed_back(
    tmp_path: Path, solution_with: Callable[[Mapping[str, str]], str]
) -> None:
    """Marks of real notebooks; a tolerance changes and their evidence is judged again.

    One override stands. With two faults on the way every student's mark arrives once, and is the
    gradebook's.
    """
    notebooks = {"right": SOLUTION.read_text("utf-8"), "near": solution_with(NEAR)}
    course = make(tmp_path, {**notebooks, "off": solution_with(OFF)})
    assert course.grade().returncode == 0
    term = Term(tmp_path)
    before = as_class(course)
    term.grade(before)
    kept = next(place for place, one in before.items() if one.submission_id == "near")
    term.override(kept, "85")

    course.replace_in("assignments/hh/assignment.toml", "within = 0.01, credit = 0.4",
                      "within = 0.0001, credit = 0.4")  # fmt: skip
    done = course.grade(forbidden=WITHOUT_STUDENTS_CODE)
    assert done.returncode == 0, done.stdout + done.stderr
    after = as_class(course)
    changed = [n for n in after if n != kept and after[n].score != before[n].score]
    assert len(changed) > CLASS / 3
    assert after[kept].score != before[kept].score
    term.grade(after)  # as `add` does: what is there stays until it is asked for
    arguments = ("gradebook", "regrade", tmp_path / "class", "-g", term.book, "--lang", "en")
    shown = run_grader(*arguments, COLUMNS="200")
    for place in changed:
        name_and_mark = rf"s{number(place)} +{before[place].score:g}/100 → {after[place].score:g}"
        assert re.search(name_and_mark, shown.stdout)
    assert f"s{number(kept)} keeps 85, set by ta: said so" in shown.stdout
    assert "assignments/assignment.toml changed" in shown.stdout
    applied = run_grader(*arguments, "--apply", COLUMNS="200")
    assert f"{len(changed)} marks changed" in applied.stdout

    expected = {place: one.score for place, one in after.items()} | {kept: 85.0}
    with lti.course(users(CLASS)) as platform:
        term.lti(platform.url)
        platform.faults.coming += [("POST /course/7/lineitem/scores", one) for one in FAULTS]
        sent = term.export("lti", "--send")
        assert sent.exit_code == 0, sent.output
        assert platform.faults.coming == []
        assert Counter(map(len, platform.scores.values())) == {1: CLASS}
        got = {int(user[1:]) - 100: mark for user, mark in platform.marks().items()}
        assert got == {place: pytest.approx(score) for place, score in expected.items()}


def test_a_class_goes_all_the_way_though_a_worker_is_killed() -> None:
    """All of that on two workers of a real scheduler, one killed in the middle.

    As ``tests.benchmarks.term`` does it with 300; `test_cluster.py` has each part of it.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.term", "-n", "8"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every mark arrived once" in done.stdout
