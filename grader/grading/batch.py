"""Grading many submissions: a task each, whatever happens to it, by whoever does the work.

A run that was cut is repeated once, alone, before it costs anything.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from grader.assignment.schema import Assignment
from grader.core.types import BatchSummary, GradeReport
from grader.grading.machine import GradingMachine, MachineOptions, grade_one, open_machine
from grader.grading.plan.plan import Plan, plan_to_run_all
from grader.judge.judge_process import is_unfinished
from grader.report.write import write_batch
from grader.submission.intake import SubmittedFile


class BatchExecutor(Protocol):
    """Something that grades submissions: this machine, or a cluster."""

    def grade(
        self, entries: Sequence[SubmittedFile], *, repeated: bool
    ) -> Iterator[tuple[SubmittedFile, GradeReport]]:
        """Yield each of ``entries`` with its report as it finishes, its files in the output folder.

        What is ``repeated`` runs while nothing else does on its machine.
        """


def grade_batch(
    entries: Sequence[SubmittedFile],
    assignment: Assignment,
    options: MachineOptions,
    on_report: Callable[[GradeReport], None],
    plan: Plan | None = None,
    executor: AbstractContextManager[BatchExecutor] | None = None,
) -> BatchSummary:
    """Grade every entry and write all reports into ``options.out``.

    ``plan`` says what needn't be run or judged again; without one all is. ``on_report`` is
    called in the calling thread, once a submission that is graded, as they finish. Without a
    ``executor`` this machine grades.
    """
    began = time.monotonic()
    options.out.mkdir(parents=True, exist_ok=True)
    plan = plan or plan_to_run_all(entries, assignment, options.settings)
    reports = plan.kept
    if todo := [entry for entry in entries if entry.id not in reports]:
        with executor or _local_executor(assignment, options, plan) as active:
            cut_off = []
            for entry, report in active.grade(todo, repeated=False):
                if is_unfinished(report):
                    cut_off.append(entry)
                else:
                    reports[entry.id] = report
                    on_report(report)
            for entry, report in active.grade(cut_off, repeated=True):
                reports[entry.id] = report
                on_report(report)
    summary = BatchSummary(
        assignment=assignment.id,
        assignment_title=assignment.title.in_language(options.settings.language),
        reports=tuple(reports[entry.id] for entry in entries),
        seconds=time.monotonic() - began,
        language=options.settings.language,
    )
    write_batch(summary, options.out)
    return summary


@dataclass(frozen=True, slots=True)
class _LocalExecutor:
    """The threads of this machine, one for each notebook at a time; they only wait."""

    machine: GradingMachine
    plan: Plan
    threads: Executor

    def grade(
        self, entries: Sequence[SubmittedFile], *, repeated: bool
    ) -> Iterator[tuple[SubmittedFile, GradeReport]]:
        """Grade as `BatchExecutor` says."""
        if repeated:
            for entry in entries:
                yield entry, grade_one(self.machine, self.plan, entry, repeated=True)
            return
        futures = {
            self.threads.submit(grade_one, self.machine, self.plan, entry): entry
            for entry in entries
        }
        for future in as_completed(futures):
            yield futures[future], future.result()


@contextlib.contextmanager
def _local_executor(
    assignment: Assignment, options: MachineOptions, plan: Plan
) -> Iterator[BatchExecutor]:
    with open_machine(assignment, options, kernels=plan.starts_kernels) as machine:
        threads = ThreadPoolExecutor(options.at_a_time, thread_name_prefix="grade")
        try:
            yield _LocalExecutor(machine, plan, threads)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def processor_count() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_jobs() -> int:
    """Return one for each processor, and one more.

    A kernel rests while its client reads what it said, and while its work is judged.
    """
    return processor_count() + 1
