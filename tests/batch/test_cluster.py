"""Grading on a Dask cluster: a real scheduler and workers on loopback, and what goes wrong."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from grader.core.types import GradeReport
from grader.grading.cluster.messages import Done, keep, made, packed, stored, unpack
from grader.grading.plan.staleness import Step
from tests.support.dask_cluster import PATIENCE, Cluster, cluster, until
from tests.support.project import ROOT, SOLUTION, results, run_grader, short_solution

WITHOUT_DASK = "import sys; sys.modules['distributed'] = None; from grader.cli import main; main()"
KILLS_ITSELF = """
import os, signal
from grader.grading.cluster.worker import Post
grade = Post.grade
def dask_setup(worker):
    def with_a_victim(self, work):
        if work.id == "fatal":
            os.kill(os.getpid(), signal.SIGKILL)
        return grade(self, work)
    Post.grade = with_a_victim
"""
SOON_LOST = (
    "import grader.grading.cluster.coordinator as crew; crew.MOST_LOST = 0; "
    "from grader.cli import main; main()"
)
STRICTER = ("within = 0.01, credit = 0.4", "within = 0.0001, credit = 0.4")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[Cluster]:
    with cluster() as started:
        yield started


@pytest.fixture
def a_cluster(scheduler: Cluster) -> Cluster:
    """The scheduler of all these tests, with an empty class; workers of an earlier test may be
    there: `Cluster.workers` says how many there are to be."""
    scheduler.clear()
    return scheduler


def cell(file: Path, source: str) -> None:
    """A notebook with one cell."""
    one = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "source": source}
    cells = [{**one, "execution_count": None}]
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    file.write_text(json.dumps(whole), "utf-8")


def sleeping(seconds: int) -> str:
    """A cell that shows from outside that it runs."""
    return f"import subprocess; subprocess.run(['sleep', '{seconds}'], check=True)"


def until_a_cell_runs(
    started: Cluster, workers: Sequence[subprocess.Popen[bytes]], grading: subprocess.Popen[str]
) -> subprocess.Popen[bytes]:
    """Wait for a cell of ``sleeping``; the worker that it runs on."""
    found: list[subprocess.Popen[bytes]] = []

    def is_run() -> bool:
        assert grading.poll() is None, grading.communicate()[0]
        for worker in workers:
            if any(command.startswith(b"sleep\0") for command in started.below(worker)):
                found.append(worker)
        return bool(found)

    until(is_run, "the submission was not run")
    return found[0]


def on_the_disk(started: Cluster) -> dict[str, int]:
    """Which file each result is."""
    return {n: (started.out / n / "result.json").stat().st_ino for n in started.written()}


def graded_once(said: str) -> list[str]:
    """Whom the progress names, each once."""
    found = Counter(re.findall(r"^\[\d+/\d+\] (\S+): ", said, re.M))
    assert set(found.values()) <= {1}, said
    return sorted(found)


def judged(out: Path) -> dict[str, Any]:
    """Every result but for when and how long, and the digests that follow from that."""
    found = results(out)
    for one in found.values():
        for change in one["changes"]:
            del change["when"]
        del one["seal"], one["pages"], one["run"]["seconds"], one["provenance"]["evidence"]
    return found


def test_what_a_killed_worker_had_is_graded_by_another(a_cluster: Cluster) -> None:
    """SIGKILL for one of two workers while it runs a notebook: each submission has one result.

    Nothing that the worker started runs on.
    """
    cell(a_cluster.folder / "class" / "first.ipynb", "print(6 * 7)")
    cell(a_cluster.folder / "class" / "second.ipynb", sleeping(5))
    workers = a_cluster.workers(2)
    grading = a_cluster.grading()
    victim = until_a_cell_runs(a_cluster, workers, grading)
    assert "second" not in a_cluster.written()
    a_cluster.kill(victim)
    said, _ = grading.communicate(timeout=2 * PATIENCE)
    assert grading.returncode == 0, said
    assert "is gone. What it had" in " ".join(said.split())
    assert graded_once(said) == ["first", "second"]
    found = results(a_cluster.out)
    assert {name: one["outcome"] for name, one in found.items()} == {
        "first": "graded", "second": "graded",
    }  # fmt: skip


@pytest.mark.full
def test_marks_are_those_of_this_machine(a_cluster: Cluster) -> None:
    """Real notebooks get the same result there as here, and what was graded there stands here.

    So they do when a tolerance changes and workers judge what is stored.
    """
    place = a_cluster.folder
    for part in ("assignments", "reference"):
        shutil.copytree(ROOT / part / "hh", place / part / "hh")
    for number in range(3):
        file = short_solution(place / "class" / f"student-{number}.ipynb", f"# {number}")
        if number == 2:
            file.write_text(file.read_text("utf-8").replace("E=-77., g_max", "E=-77.1, g_max"))
    a_cluster.workers(2)

    def there() -> str:
        grading = a_cluster.grading("--assignments", ".")
        said, _ = grading.communicate(timeout=2 * PATIENCE)
        assert grading.returncode == 0, said
        return said

    def here(out: Path) -> str:
        environment = {"GRADER_SECRET": "of these tests", "XDG_CACHE_HOME": "/dev/null"}
        options = ("-a", "hh", "-o", out, "--assignments", place, "--lang", "en")
        done = run_grader("grade", place / "class", *options, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert len(graded_once(there())) == 3
    here(place / "local")
    before = judged(a_cluster.out)
    assert before == judged(place / "local")
    assert len({one["score"] for one in before.values()}) == 2
    assert "3 kept as they are" in here(a_cluster.out)
    tolerances = place / "assignments" / "hh" / "assignment.toml"
    text = tolerances.read_text("utf-8")
    assert STRICTER[0] in text
    tolerances.write_text(text.replace(*STRICTER), "utf-8")
    assert "3 judged again, 0 to run" in there()
    here(place / "local")
    after = judged(a_cluster.out)
    assert after == judged(place / "local")
    assert after["student-2"]["score"] < before["student-2"]["score"]


@pytest.mark.full
def test_ctrl_c_ends_cleanly(a_cluster: Cluster) -> None:
    """Ctrl-C exits with 130 and a sentence; what was finished is kept, and workers clean up."""
    cell(a_cluster.folder / "class" / "student-0.ipynb", "print(1)")
    cell(a_cluster.folder / "class" / "student-1.ipynb", sleeping(3600))
    [worker] = a_cluster.workers(1)
    grading = a_cluster.grading()
    until_a_cell_runs(a_cluster, [worker], grading)
    until(lambda: a_cluster.written() == ["student-0"], "the first was not graded")
    grading.send_signal(signal.SIGINT)
    said, _ = grading.communicate(timeout=PATIENCE)
    assert grading.returncode == 130, said
    assert "Traceback" not in said
    assert a_cluster.written() == ["student-0"]
    until(lambda: not a_cluster.stations(), "a station was left")
    until(lambda: not a_cluster.scratch(), "a private folder was left")
    assert worker.poll() is None


@pytest.mark.full
def test_a_killed_coordinator_leaves_nothing_and_the_next_goes_on(a_cluster: Cluster) -> None:
    """Its workers end what runs for it and clean up; the next run grades only what is new.

    That one waits for a worker where there is none, and says so.
    """
    cell(a_cluster.folder / "class" / "student-0.ipynb", "print(6 * 7)")
    cell(a_cluster.folder / "class" / "student-1.ipynb", sleeping(3600))
    [worker] = a_cluster.workers(1)
    grading = a_cluster.grading()
    until_a_cell_runs(a_cluster, [worker], grading)
    grading.kill()
    grading.communicate()
    before = on_the_disk(a_cluster)
    assert [*before] == ["student-0"]
    until(lambda: not a_cluster.stations(), "a station was left")
    until(lambda: not a_cluster.scratch(), "a private folder was left")
    assert worker.poll() is None
    a_cluster.workers(0)
    cell(a_cluster.folder / "class" / "student-1.ipynb", "print(1)")
    grading = a_cluster.grading()
    assert grading.stdout is not None
    said = ""
    while "Waiting for a worker" not in said:
        line = grading.stdout.readline()
        assert line, said
        said += line
    a_cluster.workers(1)
    rest, _ = grading.communicate(timeout=2 * PATIENCE)
    assert grading.returncode == 0, said + rest
    assert graded_once(rest) == ["student-1"]
    after = on_the_disk(a_cluster)
    assert sorted(after) == ["student-0", "student-1"]
    assert after["student-0"] == before["student-0"]
    assert {one["outcome"] for one in results(a_cluster.out).values()} == {"graded"}


@pytest.mark.full
def test_what_kills_every_worker_is_not_graded_and_the_others_are(a_cluster: Cluster) -> None:
    """It is tried alone once more, and then its teacher reads why; nobody else is charged."""
    for name in ("fatal", "fine"):
        cell(a_cluster.folder / "class" / f"{name}.ipynb", f"print({name!r})")
    (a_cluster.folder / "kills.py").write_text(KILLS_ITSELF)
    a_cluster.workers(0)
    a_cluster.worker("--preload", "kills.py", nanny=True)
    grading = a_cluster.grading(program=("-c", SOON_LOST))
    said, _ = grading.communicate(timeout=4 * PATIENCE)
    assert grading.returncode == 3, said
    assert graded_once(said) == ["fatal", "fine"]
    found = results(a_cluster.out)
    assert [found[name]["outcome"] for name in ("fatal", "fine")] == ["not_graded", "graded"]
    assert found["fatal"]["score"] is None
    assert "was lost, 1 times" in json.dumps(found["fatal"])
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
    a_cluster.workers(0)
    a_cluster.worker(PYTHONPATH=path)
    grading = a_cluster.grading()
    said, _ = grading.communicate(timeout=2 * PATIENCE)
    assert grading.returncode == 2, said
    assert "oddity 1.0" in said
    assert "can take part" in said
    assert "Traceback" not in said
    assert a_cluster.written() == []


@pytest.mark.full
def test_a_scheduler_that_is_gone_is_a_sentence() -> None:
    """SIGKILL for the scheduler in mid-batch: exit status 3, and what was finished is kept."""
    with cluster() as own:
        cell(own.folder / "class" / "student-0.ipynb", "print(1)")
        cell(own.folder / "class" / "student-1.ipynb", sleeping(3600))
        [worker] = own.workers(1)
        grading = own.grading()
        until_a_cell_runs(own, [worker], grading)
        own.processes[0].kill()
        said, _ = grading.communicate(timeout=PATIENCE)
        assert grading.returncode == 3, said
        assert "is gone. What was finished is kept" in said
        assert "Traceback" not in said
        assert own.written() == ["student-0"]


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
