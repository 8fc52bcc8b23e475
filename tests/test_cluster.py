"""Grading on a Dask cluster: a real scheduler and workers on loopback, and what goes wrong."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dask_cluster import Cluster, cluster, until
from project import SOLUTION, results, run_grader, short_solution

from grader.box.inside.init import descendants
from grader.cluster.parcels import Done, keep, made, packed, stored, unpack
from grader.resume.stored import Step
from grader.stages import GradeReport

WITHOUT_DASK = "import sys; sys.modules['distributed'] = None; from grader.cli import main; main()"
KILLS_ITSELF = """
import os, signal
from grader.cluster.worker import Post
grade = Post.grade
def dask_setup(worker):
    def with_a_victim(self, work):
        if work.id == "fatal":
            os.kill(os.getpid(), signal.SIGKILL)
        return grade(self, work)
    Post.grade = with_a_victim
"""
SOON_LOST = (
    "import grader.cluster.crew as crew; crew.MOST_LOST = 1; from grader.cli import main; main()"
)


@pytest.fixture
def a_cluster() -> Iterator[Cluster]:
    with cluster() as started:
        yield started


def cell(file: Path, source: str) -> None:
    """A notebook with one cell."""
    one = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "source": source}
    cells = [{**one, "execution_count": None}]
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    file.write_text(json.dumps(whole), "utf-8")


def graded_once(said: str) -> list[str]:
    """Whom the progress names, each once."""
    found = Counter(re.findall(r"^\[\d+/\d+\] (\S+): ", said, re.M))
    assert set(found.values()) <= {1}, said
    return sorted(found)


def judged(out: Path) -> dict[str, Any]:
    """Every result but for how long it took, and the digests that follow from that."""
    found = results(out)
    for one in found.values():
        del one["seal"], one["pages"], one["run"]["seconds"], one["provenance"]["evidence"]
    return found


@pytest.mark.full
def test_a_killed_worker_loses_nothing_and_nothing_is_graded_twice(a_cluster: Cluster) -> None:
    """SIGKILL for one of two workers in mid-batch: each submission has one result, the local one.

    What was finished on the cluster stands for a run on this machine, too.
    """
    names = [f"student-{number}" for number in range(10)]
    for number, name in enumerate(names):
        file = short_solution(a_cluster.folder / "class" / f"{name}.ipynb", f"# {number}")
        if number % 3 == 2:
            file.write_text(file.read_text("utf-8").replace("g_max=0.03)", "g_max=0.3)"), "utf-8")
    victim = a_cluster.worker()
    a_cluster.worker(nanny=True)
    grading = a_cluster.grading()
    until(lambda: len(a_cluster.written()) >= 2, "two submissions were not graded")
    until(lambda: b"grader.clients" in below(victim.pid), "the worker graded nothing")
    victim.kill()
    said, _ = grading.communicate(timeout=600)
    assert grading.returncode == 0, said
    assert "is gone. What it had" in " ".join(said.split())
    assert graded_once(said) == names
    assert a_cluster.written() == names
    environment = {"GRADER_SECRET": "of these tests", "XDG_CACHE_HOME": "/dev/null"}
    there = a_cluster.folder / "class"
    local = a_cluster.folder / "local"
    done = run_grader("grade", there, "-a", "hh", "-o", local, "--lang", "en", **environment)
    assert done.returncode == 0, done.stderr
    assert judged(a_cluster.out) == judged(local)
    assert len({one["score"] for one in results(local).values()}) > 1
    again = run_grader("grade", there, "-a", "hh", "-o", a_cluster.out, "--lang", "en",
                       **environment)  # fmt: skip
    assert "10 kept as they are" in again.stdout


def below(pid: int) -> bytes:
    """The command lines of what runs below a process."""
    found = []
    for one in descendants(pid):
        try:
            found.append(Path(f"/proc/{one}/cmdline").read_bytes())
        except OSError:
            continue
    return b"".join(found)


@pytest.mark.full
def test_a_killed_coordinator_leaves_nothing_and_the_next_goes_on(a_cluster: Cluster) -> None:
    """Its workers end what runs for it and clean up; the next run grades only what is new.

    That one waits for a worker where there is none, and says so.
    """
    names = [f"student-{number}" for number in range(6)]
    for number, name in enumerate(names):
        source = "print(6 * 7)" if number < 2 else f"import time; time.sleep(5); print({number})"
        cell(a_cluster.folder / "class" / f"{name}.ipynb", source)
    worker = a_cluster.worker()
    grading = a_cluster.grading()
    until(lambda: a_cluster.written(), "nothing was graded")
    grading.kill()
    grading.communicate()
    before = {n: (a_cluster.out / n / "result.json").stat().st_ino for n in a_cluster.written()}
    until(lambda: not a_cluster.stations(), "a station was left")
    until(lambda: not a_cluster.scratch(), "a private folder was left")
    assert worker.poll() is None
    worker.terminate()
    worker.wait(60)
    grading = a_cluster.grading()
    assert grading.stdout is not None
    said = ""
    while "Waiting for a worker" not in said:
        line = grading.stdout.readline()
        assert line, said
        said += line
    a_cluster.worker()
    rest, _ = grading.communicate(timeout=600)
    assert grading.returncode == 0, said + rest
    assert graded_once(rest) == sorted(set(names) - set(before))
    after = {n: (a_cluster.out / n / "result.json").stat().st_ino for n in a_cluster.written()}
    assert sorted(after) == names
    assert {name: after[name] for name in before} == before
    assert {one["outcome"] for one in results(a_cluster.out).values()} == {"graded"}


@pytest.mark.full
def test_what_kills_every_worker_is_not_graded_and_the_others_are(a_cluster: Cluster) -> None:
    """It is tried anew, then alone, and then its teacher reads why; nobody else is charged."""
    for name in ("fatal", "fine", "good"):
        cell(a_cluster.folder / "class" / f"{name}.ipynb", f"print({name!r})")
    (a_cluster.folder / "kills.py").write_text(KILLS_ITSELF)
    a_cluster.worker("--preload", "kills.py", nanny=True)
    grading = a_cluster.grading(program=("-c", SOON_LOST))
    said, _ = grading.communicate(timeout=600)
    assert grading.returncode == 3, said
    assert graded_once(said) == ["fatal", "fine", "good"]
    found = results(a_cluster.out)
    assert [found[name]["outcome"] for name in ("fatal", "fine", "good")] == [
        "not_graded", "graded", "graded"]  # fmt: skip
    assert found["fatal"]["score"] is None
    assert "was lost, 2 times" in json.dumps(found["fatal"])
    page = (a_cluster.out / "fatal" / "result.html").read_text("utf-8")
    assert "was lost" not in page


@pytest.mark.full
def test_a_worker_with_other_packages_takes_no_part(a_cluster: Cluster) -> None:
    """It is named with what differs; where there is no other one, that ends the command with 2."""
    cell(a_cluster.folder / "class" / "one.ipynb", "print(1)")
    other = a_cluster.folder / "site" / "oddity-1.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: oddity\nVersion: 1.0\n")
    path = os.pathsep.join(filter(None, [str(other.parent), os.environ.get("PYTHONPATH")]))
    a_cluster.worker(PYTHONPATH=path)
    grading = a_cluster.grading()
    said, _ = grading.communicate(timeout=300)
    assert grading.returncode == 2, said
    assert "oddity 1.0" in said
    assert "can take part" in said
    assert "Traceback" not in said
    assert a_cluster.written() == []


@pytest.mark.full
def test_ctrl_c_ends_cleanly(a_cluster: Cluster) -> None:
    """Ctrl-C exits with 130 and a sentence; what was finished is kept, and workers clean up."""
    for number in range(4):
        source = "print(1)" if number == 0 else f"import time; time.sleep(20); print({number})"
        cell(a_cluster.folder / "class" / f"student-{number}.ipynb", source)
    a_cluster.worker()
    grading = a_cluster.grading()
    until(lambda: a_cluster.written(), "nothing was graded")
    grading.send_signal(signal.SIGINT)
    said, _ = grading.communicate(timeout=60)
    assert grading.returncode == 130, said
    assert "Traceback" not in said
    assert a_cluster.written() == ["student-0"]
    until(lambda: not a_cluster.stations(), "a station was left")
    until(lambda: not a_cluster.scratch(), "a private folder was left")


@pytest.mark.full
def test_a_scheduler_that_is_gone_is_a_sentence(a_cluster: Cluster) -> None:
    """SIGKILL for the scheduler in mid-batch: exit status 3, and what was finished is kept."""
    for number in range(3):
        source = "print(1)" if number == 0 else f"import time; time.sleep(60); print({number})"
        cell(a_cluster.folder / "class" / f"student-{number}.ipynb", source)
    a_cluster.worker()
    grading = a_cluster.grading()
    until(lambda: a_cluster.written(), "nothing was graded")
    a_cluster.processes[0].kill()
    said, _ = grading.communicate(timeout=120)
    assert grading.returncode == 3, said
    assert "is gone. What was finished is kept" in said
    assert "Traceback" not in said
    assert a_cluster.written() == ["student-0"]


@pytest.mark.full
def test_a_scheduler_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    """Exit status 2, one sentence, and no folder is made."""
    arguments = (SOLUTION, "-o", tmp_path / "out", "--cluster", "tcp://127.0.0.1:1")
    done = run_grader("grade", *arguments, "--lang", "en")
    assert done.returncode == 2
    assert "No scheduler answers at tcp://127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ((), WITHOUT_DASK, "pip install 'grader[cluster]'"),
        (("--jobs", "2"), "from grader.cli import main; main()", "dask worker ADDRESS --nthreads"),
    ],
)
def test_wrong_use_is_a_sentence(
    more: tuple[str, ...], code: str, words: str, tmp_path: Path
) -> None:
    """Without Dask, or with a number of jobs of this machine's, the command says what to do."""
    arguments = ["grade", SOLUTION, "-o", tmp_path / "out", "--cluster", "tcp://127.0.0.1:1"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments), *more, "--lang", "en"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "out").exists()


def test_what_goes_out_and_comes_back(tmp_path: Path) -> None:
    """A run is sent the last result alone, a judgement the evidence too; what is gone is removed.

    A result that was put aside by a writer who was killed is the last one.
    """
    folder, there = tmp_path / "here", tmp_path / "there"
    unpack({"probe.json": b"p", "executed.ipynb": b"e", "result.json": b"old", "x": b"x"}, folder)
    assert stored(folder, Step("run")) == {"result.json": b"old"}
    sent = stored(folder, Step("judge"))
    assert sent == {"probe.json": b"p", "executed.ipynb": b"e", "result.json": b"old"}
    unpack(sent, there)
    (there / "executed.ipynb").unlink()
    (there / "probe.json").write_bytes(b"other")
    (there / "junit.xml").write_bytes(b"not of grading")
    files, gone = made(there, sent)
    assert (files, gone) == ({"probe.json": b"other"}, ("executed.ipynb",))
    report: Any = GradeReport
    keep(Done(report=report, files={**files, "result.json": b"new"}, gone=gone), folder)
    assert packed(folder) == {"probe.json": b"other", "result.json": b"new", "x": b"x"}
    (folder / "result.json").rename(folder / ".result.json.before")
    assert stored(folder, Step("run")) == {"result.json": b"new"}
