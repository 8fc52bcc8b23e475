"""Classmates' notebooks graded by one command, and helper processes that are killed."""

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
from urllib.parse import unquote

import pytest

from tests.support.project import ROOT, SOLUTION, checks, results, run_grader

Make = Callable[[Mapping[str, str]], str]
Classmates = tuple[subprocess.CompletedProcess[str], Path]
RELEASED = ROOT / "assignments" / "hh" / "hh.ipynb"


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


def test_huge_stored_output_is_dropped(classmates: Classmates) -> None:
    """20 MB of stored output change no grade and end in no report."""
    _, out = classmates
    assert results(out)["ann-a"]["score"] == 100
    sizes = {file.name: file.stat().st_size for file in (out / "ann-a").iterdir()}
    assert {"result.html", "teacher.html"} <= set(sizes)
    assert max(sizes.values()) < 4_000_000


def test_the_batch_page_knows_who_made_the_same_mistake(classmates: Classmates) -> None:
    """A mistake that two notebooks share is one group of the page, and its links lead to them."""
    _, out = classmates
    text = (out / "index.html").read_text("utf-8")
    group = text[text.index('data-value="assignment.mistake.n_cubed:V"') :].partition("</li>")[0]
    assert "n³" in group
    links = [unquote(link) for link in re.findall(r'href="([^"]*)"', group)]
    assert sorted(links) == ["ann-b/teacher.html", "张伟-a/teacher.html"]
    assert all((out / link).is_file() for link in links)


def test_reports_in_chinese(classmates: Classmates) -> None:
    """--lang zh gives every message of every report in Chinese, and so is the batch's page."""
    _, out = classmates
    assert '<html lang="zh' in (out / "index.html").read_text("utf-8")
    for id, result in results(out).items():
        for check in checks(result).values():
            assert re.search("[\u4e00-\u9fff]", check["message"]), check
        page = (out / id / "result.html").read_text("utf-8")
        assert '<html lang="zh' in page


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
            judges = _children(grading.pid, "grader.judge.judge_process")
            if not judges or not (out / "right-1" / "probe.json").exists():
                return []
            os.kill(judges[0], signal.SIGSTOP)  # what it has not written by now it never will
            assert not (out / "right-2" / "result.json").exists(), "no submission is left to judge"
            return judges

        os.kill(moment(host_with_a_client), signal.SIGKILL)
        os.kill(judge := moment(judge_with_evidence), signal.SIGKILL)
        moment(
            lambda: [
                pid for pid in _children(grading.pid, "grader.judge.judge_process") if pid != judge
            ]
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
