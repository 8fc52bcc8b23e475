"""Grading on a Dask cluster: whatever is lost, the marks are those of one machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

from tests.support.cluster_class import cell, graded_once, sleeping, until_a_cell_runs
from tests.support.dask_cluster import PATIENCE, Cluster, cluster, until
from tests.support.project import ROOT, SOLUTION, results, run_grader, short_solution

KILLS_ITSELF = """
import os, signal
from grader.grading.cluster.worker import WorkerSession
grade = WorkerSession.grade
def dask_setup(worker):
    def with_a_victim(self, work):
        if work.id == "fatal":
            os.kill(os.getpid(), signal.SIGKILL)
        return grade(self, work)
    WorkerSession.grade = with_a_victim
"""
SOON_LOST = (
    "import grader.grading.cluster.coordinator as coordinator; coordinator.MAX_LOST = 0; "
    "from grader.cli import main; main()"
)
STRICTER = ("within = 0.01, credit = 0.4", "within = 0.0001, credit = 0.4")


def on_the_disk(started: Cluster) -> dict[str, int]:
    """Which file each result is."""
    return {n: (started.out / n / "result.json").stat().st_ino for n in started.written()}


def judged(out: Path) -> dict[str, Any]:
    """Every result but for when and how long, and the digests that follow from that."""
    found = results(out)
    for one in found.values():
        for change in one["changes"]:
            del change["when"]
        del one["seal"], one["pages"], one["run"]["seconds"], one["provenance"]["evidence"]
    return found


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
    until(lambda: not a_cluster.sessions(), "a session was left")
    until(lambda: not a_cluster.scratch(), "a private folder was left")
    assert worker.poll() is None


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
    until(lambda: not a_cluster.sessions(), "a session was left")
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


def test_a_scheduler_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    """Exit status 2, one sentence, and no folder is made."""
    arguments = (SOLUTION, "-o", tmp_path / "out", "--cluster", "tcp://127.0.0.1:1")
    done = run_grader("grade", *arguments, "--lang", "en")
    assert done.returncode == 2
    assert "No scheduler answers at tcp://127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
