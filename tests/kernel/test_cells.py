"""Cells in a real kernel: failing, too long, deaf to interrupts, or the end of it."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from jupyter_client.session import Session as KernelSession

from grader.assignment.schema import Assignment, Limits
from grader.core.types import CellRun
from grader.run.collect_evidence import collect_evidence
from grader.run.kernel.plain import plain_kernel
from grader.run.kernel.prestart import kernel_environment, start_process
from grader.run.kernel.session import HarnessError, open_session
from tests.support.either_kernel import EITHER_KERNEL
from tests.support.project import short_solution
from tests.support.warm_kernels import COLD, Kernels, submission_of


def _run(kernels: Kernels, limits: Limits, *sources: str) -> list[CellRun]:
    """What becomes of cells with these sources, one after the other in one kernel."""

    async def run() -> list[CellRun]:
        submission = submission_of(*sources)
        async with kernels.session(submission, limits) as session:
            return [await session.run_cell(cell.index) for cell in submission.cells]

    return asyncio.run(run())


@EITHER_KERNEL
def test_a_failing_cell_does_not_stop_the_rest(kernels: Kernels) -> None:
    """The error is kept with its line, and the cells after it still run."""
    first, second = _run(kernels, Limits(), "a = 1\n\nb = a / 0\n", "print(a)")
    assert (first.status, first.error_name, first.line) == ("error", "ZeroDivisionError", 3)
    assert second.status == "ok"


@EITHER_KERNEL
def test_a_cell_over_its_limit_is_interrupted(kernels: Kernels) -> None:
    """An endless loop costs its own cell, not the ones after it."""
    first, second = _run(kernels, Limits(cell_seconds=1), "while True:\n    pass", "print(1)")
    assert (first.status, second.status) == ("timeout", "ok")


@EITHER_KERNEL
def test_a_cell_that_ignores_the_interrupt_is_ended(
    kernels: Kernels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell that ignores the interrupt loses its kernel; the rest is not run."""
    monkeypatch.setattr("grader.run.kernel.session.GRACE", 1.0)
    deaf = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(30)"
    first, second = _run(kernels, Limits(cell_seconds=1), deaf, "print(1)")
    assert (first.status, second.status) == ("timeout", "not_run")


@EITHER_KERNEL
def test_a_kernel_that_dies_is_told_from_a_time_limit(kernels: Kernels) -> None:
    """Code that ends Python is a dead kernel, whatever the clock says."""
    first, second = _run(kernels, Limits(), "import os\nos._exit(1)", "print(1)")
    assert (first.status, second.status) == ("died", "not_run")


def test_limits_hold_in_a_cold_kernel() -> None:
    """As students check their work: interrupted, in error, dead, and what comes after each."""

    async def run() -> list[CellRun]:
        loop, after, end = "while True:\n    pass", "print(1)", "import os\nos._exit(1)"
        submission = submission_of(loop, after, "1 / 0", after, end, after)
        async with COLD.session(submission, Limits(cell_seconds=1)) as session:
            first = await session.run_cell(0)
            session.limits = Limits()  # that a process is gone is seen a second later
            return [first, *[await session.run_cell(index) for index in range(1, 6)]]

    runs = asyncio.run(run())
    assert [run.status for run in runs] == ["timeout", "ok", "error", "ok", "died", "not_run"]


def test_a_kernel_that_never_was_ready_is_our_fault(tmp_path: Path) -> None:
    """One that dies before a cell has run is no submission's doing."""

    async def run() -> None:
        start = {"cwd": str(tmp_path), "env": {"PYTHONHOME": str(tmp_path / "nowhere")}}
        kernel = plain_kernel(tmp_path, Limits())
        async with open_session(submission_of("1"), Limits(), kernel, **start):
            pytest.fail("there is no kernel")

    with pytest.raises(HarnessError, match="never was ready"):
        asyncio.run(run())


def test_a_process_that_is_gone_before_it_is_a_kernel_is_our_fault(tmp_path: Path) -> None:
    """It is seen as one that never was ready, whenever it ended."""

    async def run() -> None:
        environment = kernel_environment(tmp_path)
        waiting = start_process(environment)
        waiting.kill()
        waiting.wait()
        options = {"cwd": str(tmp_path), "env": environment}
        kernel = plain_kernel(tmp_path, Limits(), waiting)
        async with open_session(submission_of("1"), Limits(), kernel, **options):
            pytest.fail("there is no kernel")

    with pytest.raises(HarnessError, match="never was ready"):
        asyncio.run(run())


def test_all_runs_together_keep_to_the_time_of_one(
    tmp_path: Path, assignment: Assignment, warm: Kernels
) -> None:
    """A model that never answers leads to a second run, in the time that is left and no more."""
    asleep = (
        "import time\ntime.sleep(1.5)\n\n"
        "class Slow(bp.dyn.CondNeuGroup):\n"
        "    def __init__(self, size):\n        time.sleep(30)\n\n"
    )
    file = short_solution(tmp_path / "n.ipynb", asleep, "HH = 1")
    notebook = json.loads(file.read_text("utf-8"))
    notebook["cells"][5]["source"] = "class HH(Slow):\n    IK, INa, IL = IK, INa, IL\n"
    file.write_text(json.dumps(notebook), "utf-8")
    limits = Limits(cell_seconds=60, notebook_seconds=3, probe_seconds=0.5)
    evidence = collect_evidence(warm.job(file, assignment, limits))
    assert evidence.executed.status == "timeout"
    assert not evidence.exercises["HH"].probe.population
    assert evidence.executed.cells[-1].status != "ok"  # the second run had no time for it


SEEN = "get_ipython().kernel.get_parent()['header']['msg_id']"


@EITHER_KERNEL
def test_the_next_request_can_t_be_told_from_those_before(kernels: Kernels) -> None:
    """A kernel that knows every request so far does not know the next one's id.

    With ids that are counted up, as jupyter_client makes them, it does.
    """

    async def run() -> list[str]:
        submission = submission_of(f"print({SEEN})", f"print({SEEN})")
        async with kernels.session(submission, Limits()) as session:
            for cell in submission.cells:
                await session.run_cell(cell.index)
            replies = [await session.ask(SEEN, 20) for _ in range(3)]
            cells = json.loads(session.notebook())["cells"]
        of_cells = ["".join(cell["outputs"][0]["text"]).strip() for cell in cells]
        values = [reply["content"]["user_expressions"]["reply"]["data"] for reply in replies]
        return of_cells + [data["text/plain"].strip("'") for data in values]

    ids = asyncio.run(run())
    assert len(set(ids)) == 5
    assert all(re.fullmatch("[0-9a-f]{32}", id) for id in ids)
    assert not _followed(ids)
    counting = KernelSession()
    assert _followed([counting.msg_id for _ in range(5)])


def _followed(ids: list[str]) -> bool:
    """Whether some id has a part of an earlier one: what a guess could start from."""
    return any(
        SequenceMatcher(None, one, other, autojunk=False).find_longest_match().size > 12
        for one, other in itertools.combinations(ids, 2)
    )
