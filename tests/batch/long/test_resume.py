"""Going on where results are, in every case: what stands is kept, only what must be is done."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.core.atomic import lock_folder
from grader.core.checksum import with_checksum
from tests.support.courses import (
    WITHOUT_ANY_WORK,
    WITHOUT_STUDENTS_CODE,
    Course,
    make,
    without_time,
)
from tests.support.project import SOLUTION, checks, results

NEAR = {"E=-77., g_max=36.)": "E=-77.1, g_max=36.)"}
OFF = {"g_max=120.)": "g_max=121.)"}
RUBRIC = "reference/hh/rubric.toml"


@pytest.fixture(scope="module")
def graded(
    tmp_path_factory: pytest.TempPathFactory, solution_with: Callable[[Mapping[str, str]], str]
) -> Course:
    """Three notebooks, graded; the tests work on copies."""
    notebooks = {"right": SOLUTION.read_text("utf-8"), "near": solution_with(NEAR)}
    notebooks |= {"off": solution_with(OFF), "page": "<!doctype html><title>Log in</title>"}
    course = make(tmp_path_factory.mktemp("course"), notebooks)
    done = course.grade()
    assert done.returncode == 0, done.stdout + done.stderr
    return course


@pytest.fixture
def course(graded: Course, tmp_path: Path) -> Course:
    """A copy of the graded course."""
    shutil.copytree(graded.folder, tmp_path / "copy")
    return Course(tmp_path / "copy")


def _result(course: Course, name: str) -> dict[str, Any]:
    return results(course.out)[name]


def test_what_these_tests_forbid_is_not_there(course: Course) -> None:
    """Where a notebook or the judge is needed, a run that may not use them comes to nothing."""
    before = course.files()
    assert course.grade("--fresh", forbidden=WITHOUT_STUDENTS_CODE).returncode not in (0, 2)
    assert course.files() == before
    (course.out / "near" / "result.md").unlink()
    assert course.grade(forbidden=WITHOUT_ANY_WORK).returncode not in (0, 2)
    assert not (course.out / "near" / "result.md").exists()


def test_what_did_not_change_is_taken_as_it_is(course: Course) -> None:
    """A second run starts no process and leaves every byte as it was, but for its own time."""
    before = course.files()
    done = course.grade(forbidden=WITHOUT_ANY_WORK)
    assert done.returncode == 0, done.stderr
    assert "4 submissions: 4 kept as they are, 0 judged again, 0 to run." in done.stdout
    after = course.files()
    assert after.keys() == before.keys()
    for name, content in before.items():
        assert without_time(after[name]) == without_time(content), name


def test_judging_the_same_evidence_again_says_the_same(course: Course) -> None:
    """A report that was taken apart is made again, byte for byte, and no notebook runs."""
    before = course.files()
    for name in ("right", "near", "off", "page"):
        (course.out / name / "result.md").unlink()
    done = course.grade(forbidden=WITHOUT_STUDENTS_CODE)
    assert done.returncode == 0, done.stderr
    assert (
        "judged again (4): a page of its report is missing, damaged or was changed" in done.stdout
    )
    assert "no mark changes" in done.stdout
    after = course.files()
    assert {n: without_time(c) for n, c in after.items()} == {
        n: without_time(c) for n, c in before.items()
    }


def test_a_changed_rubric_judges_again_and_says_what_changes(course: Course) -> None:
    """Marks are shown before they are given, then given and recorded; no notebook runs."""
    course.replace_in(RUBRIC, '"hh.parameters.INa.g_max" = 5', '"hh.parameters.INa.g_max" = 1')
    course.replace_in(RUBRIC, '"hh.parameters.IK.E" = 5', '"hh.parameters.IK.E" = 9')
    before, marks = course.files(), {n: r["score"] for n, r in results(course.out).items()}
    done = course.grade("--dry-run", forbidden=WITHOUT_STUDENTS_CODE)
    assert done.returncode == 0, done.stderr
    assert course.files() == before
    assert "judged again (4): reference/rubric.toml changed" in done.stdout
    shown = done.stdout[done.stdout.index("Marks that change; reference/rubric.toml changed:") :]
    assert "Nothing was written" in shown
    done = course.grade(forbidden=WITHOUT_STUDENTS_CODE)
    assert done.returncode == 0, done.stderr
    for line in shown.splitlines():
        if "→" in line:
            assert line in done.stdout
    now = {n: r["score"] for n, r in results(course.out).items()}
    assert (now["right"], now["page"]) == (100, 0)
    off = _result(course, "off")
    assert off["score"] == pytest.approx(marks["off"] + 4 - 1.6)  # it had 2 of 5
    assert f"{marks['off']:g}/100 → {off['score']:g}/100" in shown
    assert off["changes"][-1]["why"] == "reference/rubric.toml changed"
    changed = {c["id"]: (c["old"], c["new"]) for c in off["changes"][-1]["checks"]}
    assert changed["hh.parameters.IK.E"] == (5, 9)
    with (course.out / "changes.csv").open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["submission"] == "off"]
    assert {row["check"]: (row["old_points"], row["new_points"]) for row in rows} == {
        id: (f"{old:g}", f"{new:g}") for id, (old, new) in changed.items()
    }
    assert "4 kept" in course.grade(forbidden=WITHOUT_ANY_WORK).stdout
    assert (course.out / "changes.csv").is_file()


def test_a_changed_tolerance_judges_again(course: Course) -> None:
    """A wider tolerance gives its points to whom it concerns, and to nobody else."""
    before = course.files()
    value = 'E = { value = -77.0, unit = "mV"'
    course.replace_in("assignments/hh/assignment.toml", value, f"{value}, tolerance = 0.01")
    done = course.grade(forbidden=WITHOUT_STUDENTS_CODE)
    assert done.returncode == 0, done.stderr
    assert "assignments/assignment.toml changed" in done.stdout
    assert checks(_result(course, "near"))["hh.parameters.IK.E"]["status"] == "pass"
    off, then = _result(course, "off"), json.loads(before["off/result.json"])
    assert off["checks"] == then["checks"]
    assert off["provenance"]["evidence"] == then["provenance"]["evidence"]


def test_only_what_is_new_or_changed_is_run(
    course: Course, solution_with: Callable[[Mapping[str, str]], str]
) -> None:
    """A better notebook and a new one are run; dates of files say nothing; the gone are named."""
    before = course.files()
    handed_in = course.folder / "in"
    (handed_in / "off.ipynb").write_text(SOLUTION.read_text("utf-8"), "utf-8")
    (handed_in / "late.ipynb").write_text(solution_with(OFF), "utf-8")
    (handed_in / "right.ipynb").touch()
    (handed_in / "page.ipynb").unlink()
    done = course.grade()
    assert done.returncode == 0, done.stderr
    assert "4 submissions: 2 kept as they are, 0 judged again, 2 to run." in done.stdout
    assert "another notebook was handed in" in done.stdout
    assert "Not handed in any more (1): page." in done.stdout
    after = course.files()
    for name in before:
        if name.split("/")[0] in ("right", "near", "page"):
            assert after[name] == before[name]
    assert _result(course, "off")["score"] == 100
    assert [change["new"] for change in _result(course, "off")["changes"]] == [100]
    summary = json.loads(after["summary.json"])
    assert [one["id"] for one in summary["submissions"]] == ["late", "near", "off", "right"]
    assert "page" not in after["grades.csv"].decode()


def test_a_torn_file_is_a_note_and_never_an_error(course: Course) -> None:
    """What was cut in the middle is made again: the same mark, and the terminal says why."""
    before = results(course.out)
    for name, file in (("near", "evidence.npz"), ("off", "probe.json"), ("right", "result.json")):
        path = course.out / name / file
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    done = course.grade()
    assert done.returncode == 0, done.stderr
    assert "4 submissions: 1 kept as they are, 1 judged again, 2 to run." in done.stdout
    assert "to run (2): its evidence is damaged or was changed" in done.stdout
    assert "judged again (1): its result is damaged or was changed" in done.stdout
    after = results(course.out)
    assert after.keys() == before.keys()
    for name, result in after.items():
        assert (result["score"], result["checks"]) == (
            before[name]["score"],
            before[name]["checks"],
        )


def test_evidence_of_an_older_grader_is_whole_and_runs_again(course: Course) -> None:
    """Evidence stored with other fields is not called damaged: another grader wrote it."""
    file = course.out / "near" / "probe.json"
    table = json.loads(file.read_text("utf-8"))
    del table["seal"], table["evidence"]["exercises"]
    file.write_text(json.dumps(with_checksum({**table, "schema_version": 1})), "utf-8")
    done = course.grade()
    assert done.returncode == 0, done.stderr
    assert "4 submissions: 3 kept as they are, 0 judged again, 1 to run." in done.stdout
    assert "to run (1): another version of grader" in done.stdout


def test_a_damaged_page_is_made_again(course: Course) -> None:
    """Empty, edited or cut: it is the same again, byte for byte, and no notebook runs."""
    before = course.files()
    page, text, teachers = (
        course.out / name for name in ("near/result.html", "off/result.md", "right/teacher.html")
    )
    page.write_bytes(b"")
    text.write_bytes(text.read_bytes() + b"\nWell done!\n")
    teachers.write_bytes(teachers.read_bytes()[: teachers.stat().st_size // 2])
    done = course.grade(forbidden=WITHOUT_STUDENTS_CODE)
    assert done.returncode == 0, done.stderr
    assert (
        "judged again (3): a page of its report is missing, damaged or was changed" in done.stdout
    )
    after = course.files()
    for file in (page, text, teachers):
        name = str(file.relative_to(course.out))
        assert after[name] == before[name]
    assert "4 kept as they are" in course.grade(forbidden=WITHOUT_ANY_WORK).stdout


def test_a_mark_that_was_edited_does_not_stand(course: Course) -> None:
    """A score written into result.json by hand is judged again, and that is on record."""
    file = course.out / "off" / "result.json"
    result = json.loads(file.read_text("utf-8"))
    right, result["score"] = result["score"], 100
    file.write_text(json.dumps(result), "utf-8")
    done = course.grade(forbidden=WITHOUT_STUDENTS_CODE)
    assert done.returncode == 0, done.stderr
    assert "its result is damaged or was changed" in done.stdout
    after = _result(course, "off")
    assert after["score"] == right
    assert (after["changes"][-1]["old"], after["changes"][-1]["new"]) == (100, right)


def test_what_was_not_graded_never_stands(course: Course) -> None:
    """A fault of ours, once mended, is judged again with the evidence that is there."""
    model = course.folder / "reference" / "hh" / "model.py"
    good = model.read_text("utf-8")
    model.write_text(good + "\nraise RuntimeError('broken on purpose')\n", "utf-8")
    assert course.grade("--dry-run", forbidden=WITHOUT_STUDENTS_CODE).returncode == 3
    assert course.grade(forbidden=WITHOUT_STUDENTS_CODE).returncode == 3
    assert {r["outcome"] for r in results(course.out).values()} == {"not_graded"}
    model.write_text(good + "\n# mended\n", "utf-8")
    done = course.grade(forbidden=WITHOUT_STUDENTS_CODE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _result(course, "right")["score"] == 100


def test_fresh_and_other_conditions_run_again(course: Course) -> None:
    """--fresh runs all; another seed, limit or sandbox runs all; another language none."""
    asked = {
        "--fresh": "to run (4): --fresh",
        "--seed=7": "to run (4): another seed or secret of the stimuli",
        "--probe-seconds=80": "to run (4): other limits of time or memory",
        "--sandbox=none": "to run (4): another sandbox than",
    }
    for option, sentence in asked.items():
        assert sentence in course.grade("--dry-run", option).stdout
    done = course.grade("--dry-run", lang="zh", forbidden=WITHOUT_STUDENTS_CODE)
    assert "重新评判（4 份）：报告语言不同" in done.stdout
    assert "分数没有变化" in done.stdout


def test_one_grader_at_a_time_in_a_folder(course: Course) -> None:
    """A second one is told so and changes nothing; it may look, and begin when the first ended."""
    before = course.files()
    with lock_folder(course.out):
        second = course.grade("--fresh", forbidden=WITHOUT_ANY_WORK)
        assert second.returncode == 2
        assert "another grader is at work" in second.stderr
        assert course.files() == before
        assert course.grade("--dry-run").returncode == 0
    assert course.grade(forbidden=WITHOUT_ANY_WORK).returncode == 0
