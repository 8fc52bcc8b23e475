"""Grading many submissions: a task each, whatever happens to it, on any executor.

A task only supervises: a disposable process gathers the evidence, the judge's process
checks it and writes the reports, and plain data comes back. A run that was cut is
repeated once, alone, before it costs anything.
"""

from __future__ import annotations

import contextlib
import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from grader.assignment import Assignment, Limits
from grader.box import programs
from grader.box.scratch import scratch_folder
from grader.box.warm import Setup
from grader.files import remove_drafts
from grader.host import ClientKilled, Host
from grader.judge.process import Case, Judge, JudgeFailed, unfinished
from grader.judge.record import recorded, with_intake
from grader.judge.verdict import broken_evidence, verdict
from grader.read.intake import Entry
from grader.report.write import write_batch, write_report
from grader.resume.basis import Basis
from grader.resume.plan import Plan, everything
from grader.run.kernel import short_folder
from grader.stages import BatchSummary, GradeReport

NOTHING: Mapping[str, Sequence[str]] = {}
SLACK = 60.0  # seconds that a client may take beyond its notebook's own limits


class NoDevice(Exception):
    """The device asked for isn't there; the message says what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How a batch is graded."""

    out: Path
    jobs: int
    language: str
    limits: Limits
    secret: bytes
    seed: int | None = None
    device: str = "auto"
    submissions: tuple[Path, ...] = ()  # where they and a gradebook lie; a box never sees that
    box: Setup | None = None  # None runs notebooks with our own rights
    programs: Path | None = None  # the file in which compiled programs are kept

    @property
    def at_a_time(self) -> int:
        """How many notebooks run side by side; a GPU's memory is not shared out."""
        return 1 if self.device == "gpu" else self.jobs


@dataclass(frozen=True, slots=True)
class Station:
    """What one machine grades with: the client host, where notebooks are run, and the judge."""

    assignment: Assignment
    options: Options
    host: Host | None
    judge: Judge
    scratch: Path
    plan: Plan


@contextlib.contextmanager
def open_station(assignment: Assignment, options: Options, plan: Plan) -> Iterator[Station]:
    """Start what ``plan`` needs; it ends with the block. Call it in the main thread."""
    assert assignment.rubric is not None
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder(short_folder()))
        setup = _hiding(assignment, options, str(scratch))
        file = None
        if setup is not None and options.programs is not None:
            setup, file = _with_programs(setup, options.programs)
        judge = Judge(assignment.folder, assignment.rubric.folder, options.device)
        stack.callback(judge.close)
        if options.device == "gpu" and (fault := judge.prepare()):
            raise NoDevice(fault)
        host = None
        if plan.starts_kernels:
            host = Host(assignment.folder, assignment.rubric.folder, setup, file)
            stack.callback(host.close)
        yield Station(assignment, options, host, judge, scratch, plan)


def _hiding(assignment: Assignment, options: Options, scratch: str) -> Setup | None:
    """How boxes are made, with what no box may see, wherever it lies."""
    if options.box is None:
        return None
    assert assignment.rubric is not None
    private = [assignment.folder.parent, assignment.rubric.folder.parent, options.out]
    private += [file.parent for file in options.submissions]
    if os.geteuid() == 0:
        os.chmod(scratch, 0o711)  # boxes run as another user, each in a folder of its own
    return replace(
        options.box,
        scratch=scratch,
        gpu=options.device == "gpu",
        private=tuple(sorted({str(folder.resolve()) for folder in private})),
    )


def _with_programs(setup: Setup, file: Path) -> tuple[Setup, Path | None]:
    """``setup`` with the programs that ``file`` keeps, and ``file`` when it is to be filled."""
    folder = Path(setup.scratch) / "programs"
    programs.make_folder(folder)
    kept = programs.load(file)
    programs.show(kept or {}, folder)
    if kept is not None and not kept:  # they are of no use here
        return setup, None
    return replace(setup, programs=str(folder)), file if kept is None else None


def grade_batch(
    entries: Sequence[Entry],
    assignment: Assignment,
    options: Options,
    on_report: Callable[[GradeReport], None],
    plan: Plan | None = None,
) -> BatchSummary:
    """Grade every entry and write all reports into ``options.out``.

    ``plan`` says what needn't be run or judged again; without one all is. ``on_report`` is
    called in the calling thread, once a submission that is graded, as they finish.
    """
    began = time.monotonic()
    options.out.mkdir(parents=True, exist_ok=True)
    plan = plan or everything(entries, _basis(assignment, options))
    reports = plan.kept
    if todo := [entry for entry in entries if entry.id not in reports]:
        with (
            open_station(assignment, options, plan) as station,
            _threads(options.at_a_time) as executor,
        ):
            again = []
            for entry, report in _map(station, executor, todo):
                if unfinished(report):
                    again.append(entry)
                else:
                    reports[entry.id] = report
                    on_report(report)
            for entry in again:  # alone: nothing else is running now
                reports[entry.id] = grade_one(station, entry, repeated=True)
                on_report(reports[entry.id])
    summary = BatchSummary(
        assignment=assignment.id,
        assignment_title=assignment.title.in_language(options.language),
        reports=tuple(reports[entry.id] for entry in entries),
        seconds=time.monotonic() - began,
        language=options.language,
    )
    write_batch(summary, options.out)
    return summary


def _basis(assignment: Assignment, options: Options) -> Basis:
    return Basis(
        assignment=assignment,
        limits=options.limits,
        secret=options.secret,
        seed=options.seed,
        sandbox="none" if options.box is None else options.box.sandbox,
        device=options.device,
        language=options.language,
    )


def grade_one(station: Station, entry: Entry, *, repeated: bool = False) -> GradeReport:
    """One submission from its file to its reports. A fault becomes a result, never raises."""
    folder = station.options.out / entry.id
    case = station.plan.case(entry, folder, "all" if repeated else "finished")
    try:
        if station.plan.steps[entry.id].what == "run":
            report = _run(station, entry, case, repeated)
        else:
            report = station.judge.judge(case)
            if report.stands_in:  # other parts are wrong now, and what was asked of its own is gone
                report = _run(station, entry, case, repeated)
        return report
    except (ClientKilled, JudgeFailed) as fault:
        return _broken(station, case, str(fault))
    except Exception:  # whatever it is, it is ours, and the batch goes on
        return _broken(station, case, traceback.format_exc()[-8000:])


def _run(station: Station, entry: Entry, case: Case, repeated: bool) -> GradeReport:
    """Run the notebook, and ask again what is asked with the teacher's parts."""
    case.folder.mkdir(parents=True, exist_ok=True)
    remove_drafts(case.folder)
    _gather(station, entry, case.folder, repeated)
    report = station.judge.judge(case)
    if report.stands_in:
        _gather(station, entry, case.folder, repeated, report.stands_in)
        report = station.judge.judge(case)
        assert not report.stands_in, f"{entry.id}: asked again, and to be asked again"
    return report


def _gather(
    station: Station,
    entry: Entry,
    folder: Path,
    repeated: bool,
    stands_in: Mapping[str, Sequence[str]] = NOTHING,
) -> None:
    """Leave the evidence in ``folder``; with ``stands_in`` more of what lies there already."""
    options, limits = station.options, station.options.limits
    exercises = len(station.assignment.exercises)
    assert station.host is not None
    station.host.gather(
        {
            "notebook": str(entry.path),
            "limits": limits.model_dump(),
            "secret": options.secret.hex(),
            "seed": options.seed,
            "scratch": str(station.scratch),
            "folder": str(folder),
            "fault": None if entry.fault is None else asdict(entry.fault),
            "stands_in": dict(stands_in),
            "repeated": repeated,
            "made": station.plan.basis.made(entry),
        },
        limits.notebook_seconds + limits.probe_seconds * exercises + SLACK,
    )


def _broken(station: Station, case: Case, fault: str) -> GradeReport:
    """The result of our own fault: not graded, no score, and why, for the teacher."""
    evidence = with_intake(broken_evidence(case.file, fault), case)
    report = verdict(evidence, station.assignment, case.submission_id, case.language)
    if case.write == "all":
        report = recorded(report, case)
        with contextlib.suppress(OSError):  # a full disk must not hide the fault itself
            write_report(report, case.folder)
    return report


def _map(
    station: Station, executor: Executor, entries: Sequence[Entry]
) -> Iterator[tuple[Entry, GradeReport]]:
    futures = {executor.submit(grade_one, station, entry): entry for entry in entries}
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BaseException:
        for future in futures:
            future.cancel()
        raise


@contextlib.contextmanager
def _threads(jobs: int) -> Iterator[Executor]:
    executor = ThreadPoolExecutor(jobs, thread_name_prefix="grade")
    try:
        yield executor
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_jobs() -> int:
    """One for each processor, and one more.

    A kernel rests while its client reads what it said, and while its work is judged.
    """
    return processors() + 1
