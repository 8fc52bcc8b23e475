"""What one machine grades with, and one submission on it from its file to its reports.

Whoever calls only supervises: a disposable process gathers the evidence, the judge's process
checks it and writes the reports, and plain data comes back.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from grader.assignment.schema import Assignment, Limits
from grader.core.atomic import remove_drafts
from grader.core.evidence_store import PROBE
from grader.core.machine_faults import NO_DISK
from grader.core.messages import catalogue
from grader.core.types import GradeReport
from grader.grading.control import Control, Finding
from grader.grading.plan.plan import Plan
from grader.judge.devices import choose_device
from grader.judge.provenance import with_intake, with_provenance
from grader.judge.server import Judge, JudgeFailed, JudgeRequest
from grader.judge.verdict import broken_evidence, verdict
from grader.report.write import write_report
from grader.run.client_pool import ClientKilled, ClientPool
from grader.run.kernel.plain import short_folder
from grader.run.run_request import DEFINITIONS_SECONDS
from grader.sandbox import compiled_programs as programs
from grader.sandbox.scratch import scratch_folder
from grader.sandbox.warm_process import SandboxConfig
from grader.submission.intake import Entry

NOTHING: Mapping[str, Sequence[str]] = {}
SLACK = 60.0 + DEFINITIONS_SECONDS  # that a client may take beyond its notebook's own limits


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
    box: SandboxConfig | None = None  # None runs notebooks with our own rights
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
    host: ClientPool | None
    judge: Judge
    scratch: Path
    control: Control


@contextlib.contextmanager
def open_station(
    assignment: Assignment, options: Options, *, kernels: bool = True
) -> Iterator[Station]:
    """Start what is needed, with ``kernels`` to run notebooks too; it ends with the block.

    Any thread may: what is started here ends with its socket, and not with a thread.
    """
    assert assignment.rubric is not None
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder(short_folder()))
        setup = _hiding(assignment, options, str(scratch))
        file = None
        if setup is not None and options.programs is not None:
            setup, file = _with_programs(setup, options.programs)
        device = choose_device(options.device, assignment)
        judge = Judge(assignment.folder, assignment.rubric.folder, device)
        stack.callback(judge.close)
        if options.device == "gpu" and (fault := judge.prepare()):
            raise NoDevice(fault)
        host = None
        if kernels:
            host = ClientPool(assignment.folder, assignment.rubric.folder, setup, file)
            stack.callback(host.close)
        yield Station(assignment, options, host, judge, scratch, Control(options.limits))


def _hiding(assignment: Assignment, options: Options, scratch: str) -> SandboxConfig | None:
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


def _with_programs(setup: SandboxConfig, file: Path) -> tuple[SandboxConfig, Path | None]:
    """``setup`` with the programs that ``file`` keeps, and ``file`` when it is to be filled."""
    folder = Path(setup.scratch) / "programs"
    programs.make_folder(folder)
    kept = programs.load(file)
    programs.show(kept or {}, folder)
    if kept is not None and not kept:  # they are of no use here
        return setup, None
    return replace(setup, programs=str(folder)), file if kept is None else None


def grade_one(station: Station, plan: Plan, entry: Entry, *, repeated: bool = False) -> GradeReport:
    """One submission as ``plan`` has it, up to its reports. A fault becomes a result."""
    folder = station.options.out / entry.id
    case = plan.case(entry, folder, "all" if repeated else "finished")
    try:
        remove_drafts(folder)
        if plan.steps[entry.id].what == "run":
            report = _run(station, plan, entry, case, repeated)
        else:
            report = station.judge.judge(case)
            if (
                report.parts_to_substitute
            ):  # other parts are wrong now, and what was asked of its own is gone
                report = _run(station, plan, entry, case, repeated)
        return report
    except (ClientKilled, JudgeFailed) as fault:
        return broken(station.assignment, case, str(fault))
    except Exception:  # whatever it is, it is ours, and the batch goes on
        return broken(station.assignment, case, traceback.format_exc()[-8000:])


def _run(
    station: Station, plan: Plan, entry: Entry, case: JudgeRequest, repeated: bool
) -> GradeReport:
    """Run the notebook; where something failed, see what the solution makes of this machine."""
    case.folder.mkdir(parents=True, exist_ok=True)

    def ask() -> Finding:
        return station.control.ask(lambda times: _solution(station, plan, times), alone=repeated)

    found = station.control.found
    if repeated and found is not None:
        found = ask()  # what other runs slowed, tells nothing of one that is alone
    case = replace(case, solution_runs=found is not None and found.fault is None)
    report = _run_once(station, plan, entry, case, repeated)
    if case.solution_runs or not report.had_failure:
        return report
    found = ask()
    if found.fault is not None:
        (case.folder / PROBE).unlink(missing_ok=True)  # it must never be judged
        messages = catalogue(case.language)
        why = messages.render(found.fault.message_id, **found.fault.values)
        return broken(station.assignment, case, why)
    case = replace(case, solution_runs=True)
    if repeated and report.run.status == "timeout" and report.run.time_factor < found.factor:
        return _run_once(station, plan, entry, case, repeated)
    return station.judge.judge(case)


def _solution(station: Station, plan: Plan, factor: float) -> GradeReport:
    """What this machine makes of the teacher's solution, nothing of which is kept."""
    assert station.assignment.rubric is not None
    entry = Entry(id="solution", path=station.assignment.rubric.solution)
    with tempfile.TemporaryDirectory(prefix="solution-", dir=station.scratch) as place:
        case = JudgeRequest(
            folder=Path(place),
            file=entry.path.name,
            submission_id=entry.id,
            language=station.options.language,
            write="nothing",
        )
        try:
            _gather(station, plan, entry, case.folder, False, factor=factor)
            return station.judge.judge(case)
        except (ClientKilled, JudgeFailed) as fault:
            return broken(station.assignment, case, str(fault))


def _run_once(
    station: Station, plan: Plan, entry: Entry, case: JudgeRequest, repeated: bool
) -> GradeReport:
    """Run the notebook, and ask again what is asked with the teacher's parts."""
    found = station.control.found
    factor = 1.0 if found is None else found.factor
    _gather(station, plan, entry, case.folder, repeated, factor=factor)
    report = station.judge.judge(case)
    if report.parts_to_substitute:
        _gather(
            station, plan, entry, case.folder, repeated, report.parts_to_substitute, factor=factor
        )
        report = station.judge.judge(case)
        assert not report.parts_to_substitute, f"{entry.id}: asked again, and to be asked again"
    return report


def _gather(
    station: Station,
    plan: Plan,
    entry: Entry,
    folder: Path,
    repeated: bool,
    stands_in: Mapping[str, Sequence[str]] = NOTHING,
    *,
    factor: float,
) -> None:
    """Leave the evidence in ``folder``; with ``stands_in`` more of what lies there already.

    Limits on time are ``factor`` times those asked for.
    """
    options, limits = station.options, station.options.limits.longer(factor)
    exercises = len(station.assignment.exercises)
    assert station.host is not None
    station.host.collect_evidence(
        {
            "notebook": str(entry.path),
            "limits": limits.model_dump(),
            "time_factor": factor,
            "secret": options.secret.hex(),
            "seed": options.seed,
            "scratch": str(station.scratch),
            "folder": str(folder),
            "fault": None if entry.fault is None else asdict(entry.fault),
            "stands_in": dict(stands_in),
            "repeated": repeated,
            "made": plan.basis.made(entry),
        },
        limits.notebook_seconds + limits.probe_seconds * exercises + factor * SLACK,
    )


def broken(assignment: Assignment, case: JudgeRequest, fault: str) -> GradeReport:
    """The result of our own fault: not graded, no score, and why, for the teacher."""
    if f"[Errno {errno.ENOSPC}]" in fault:
        fault = NO_DISK
    evidence = with_intake(broken_evidence(case.file, fault), case)
    report = verdict(evidence, assignment, case.submission_id, case.language)
    if case.write == "all":
        report = with_provenance(report, case)
        with contextlib.suppress(OSError):  # a full disk must not hide the fault itself
            write_report(report, case.folder)
    return report
