"""Where a submission's processor seconds go: one after the other, stage by stage.

    python -m tests.benchmarks.stages NOTEBOOK...

Grades in a warm box with compiled programs, in this process, and prints JSON: seconds of
the kernel and of the grader for each stage, the mean of a submission. The first notebook
is graded once before, and not counted.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from grader.assignment.load import load_assignment
from grader.core.evidence_store import load_evidence, save_evidence
from grader.judge.reference.compare import Comparison
from grader.judge.verdict import verdict
from grader.report.write import write_report
from grader.run import collect_evidence
from grader.run.kernel.session import Session
from grader.run.run_request import RunRequest
from grader.run.warm_cache import warm_cache
from grader.sandbox import compiled_programs
from grader.sandbox.detect import detect_sandbox
from grader.sandbox.warm_process import WarmProcess
from grader.sandbox.watchdog import pid_of
from grader.untrusted.box.init import descendants

ROOT = Path(__file__).resolve().parents[2]
_TICK = os.sysconf("SC_CLK_TCK")


class Clock:
    """Seconds of the grader and of its kernel, by stage."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        self.seen = 0.0  # of the present kernel
        self.since = time.process_time()

    def lap(self, stage: str, kernel: Any = None) -> None:
        """All since the last lap belongs to ``stage``."""
        now = time.process_time()
        used = self.seen if kernel is None else max(self.seen, _used(kernel))
        self.spent[stage][0] += now - self.since
        self.spent[stage][1] += used - self.seen
        self.since, self.seen = now, used


def _used(kernel: Any) -> float:
    """Seconds of every process in the kernel's box."""
    descriptor = kernel.provisioner.pidfd
    total = 0.0
    for pid in [] if descriptor is None else descendants(pid_of(descriptor)):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / _TICK
    return total


def _timed(clock: Clock, method: Any, stage: Callable[[Any], str]) -> Any:
    async def timed(session: Session, *arguments: Any, **options: Any) -> Any:
        clock.lap("start of the kernel" if clock.seen == 0.0 else "between", session.kernel)
        try:
            return await method(session, *arguments, **options)
        finally:
            clock.lap(stage(arguments[0]), session.kernel)

    return timed


def _question(expression: str) -> str:
    asked = re.search(r"'function': '(\w+)'", expression)
    return f"probe: {asked[1] if asked and asked[1] in ('describe', 'simulate') else 'the rest'}"


def main(files: list[str]) -> None:
    """Grade ``files`` and print what each stage took."""
    assignment = load_assignment(ROOT / "assignments" / "hh", ROOT / "reference" / "hh")
    clock, originals = Clock(), (Session.run_cell, Session.ask, collect_evidence.read_notebook)
    with tempfile.TemporaryDirectory(prefix="grader-") as scratch:
        if os.geteuid() == 0:
            os.chmod(scratch, 0o711)
        setup, _ = detect_sandbox("auto")
        assert setup is not None, "nothing here can box notebooks in"
        compiled_programs.make_folder(shown := Path(scratch) / "programs")
        warm = WarmProcess(replace(setup, scratch=scratch, programs=str(shown)))
        warm.wait()
        core = min(os.sched_getaffinity(0))
        warm_cache(assignment, warm.client, Path(scratch), core, Path(scratch) / "kept.zip")
        comparison = Comparison(assignment)
        Session.run_cell = _timed(clock, originals[0], lambda _: "cells")  # type: ignore[method-assign]
        Session.ask = _timed(clock, originals[1], _question)  # type: ignore[method-assign]

        def read(*arguments: Any) -> Any:
            submission = originals[2](*arguments)
            clock.lap("read")
            return submission

        collect_evidence.read_notebook = read
        for number, file in enumerate([files[0], *files]):
            if number == 1:
                clock.spent.clear()
            job = RunRequest(
                notebook=Path(file),
                assignment=assignment,
                limits=assignment.limits,
                secret=b"benchmark",
                sandbox_client=warm.client,
                core=core,
                scratch=Path(scratch),
            )
            clock.since, clock.seen = time.process_time(), 0.0
            evidence = collect_evidence.collect_evidence(job)
            clock.lap("end of the kernel, evidence")
            (folder := Path(scratch) / f"out-{number}").mkdir()
            save_evidence(evidence, folder)
            clock.lap("evidence to and from the disk")
            evidence = load_evidence(folder)
            clock.lap("evidence to and from the disk")
            evidence = comparison.add_reference(evidence)
            clock.lap("reference")
            report = verdict(evidence, assignment, Path(file).stem, "en")
            clock.lap("checks")
            write_report(report, folder)
            clock.lap("reports")
        warm.close()
    means = {stage: [s / len(files) for s in pair] for stage, pair in clock.spent.items()}
    print(json.dumps(means))


if __name__ == "__main__":
    main(sys.argv[1:])
