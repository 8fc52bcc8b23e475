"""One machine that grades, and one submission on it from its file to its reports.

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

from grader.assignment.schema import Assignment
from grader.core.atomic import remove_drafts
from grader.core.evidence_store import PROBE
from grader.core.machine_faults import NO_DISK
from grader.core.messages import catalogue
from grader.core.types import GradeReport
from grader.grading.plan.fingerprint import run_fingerprint
from grader.grading.plan.plan import Plan
from grader.grading.settings import GradingSettings
from grader.grading.solution_trial import SolutionTrial, TrialResult
from grader.judge.devices import choose_device
from grader.judge.judge_process import Judge, JudgeFailed, JudgeRequest
from grader.judge.provenance import with_intake, with_provenance
from grader.judge.verdict import broken_evidence, verdict
from grader.report.write import write_report
from grader.run.client_pool import ClientKilled, ClientPool
from grader.run.kernel.plain import short_folder
from grader.run.run_request import DEFINITIONS_SECONDS
from grader.sandbox import compiled_programs
from grader.sandbox.scratch import scratch_folder
from grader.sandbox.warm_process import SandboxConfig
from grader.submission.intake import SubmittedFile

NO_PARTS: Mapping[str, Sequence[str]] = {}
SLACK = 60.0 + DEFINITIONS_SECONDS  # that a client may take beyond its notebook's own limits


class NoDevice(Exception):
    """The device asked for isn't there; the message says what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineOptions:
    """The settings of a batch, and what this machine adds to them."""

    settings: GradingSettings
    out: Path
    """The folder for the reports."""
    jobs: int
    """Notebooks that may run side by side; a GPU takes one."""
    private_files: tuple[Path, ...] = ()
    """Submissions and a gradebook: no sandbox ever sees the folders in which they lie."""
    sandbox: SandboxConfig | None = None
    """None runs notebooks with our own rights."""
    programs_file: Path | None = None
    """The file in which compiled programs are kept."""

    @property
    def at_a_time(self) -> int:
        """The number of notebooks that run side by side; a GPU's memory is not shared out."""
        return 1 if self.settings.device == "gpu" else self.jobs


@dataclass(frozen=True, slots=True)
class GradingMachine:
    """All that one machine grades with: clients, which run notebooks, and the judge."""

    assignment: Assignment
    options: MachineOptions
    clients: ClientPool | None
    """None where no notebook is to run."""
    judge: Judge
    scratch: Path
    """A private folder, gone when the machine closes."""
    trial: SolutionTrial


@contextlib.contextmanager
def open_machine(
    assignment: Assignment, options: MachineOptions, *, kernels: bool = True
) -> Iterator[GradingMachine]:
    """Start what is needed, with ``kernels`` to run notebooks too; it ends with the block.

    Any thread may: what is started here ends with its socket, and not with a thread.
    """
    assert assignment.rubric is not None
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder(short_folder()))
        setup = _sandbox_config(assignment, options, str(scratch))
        file = None
        if setup is not None and options.programs_file is not None:
            setup, file = _with_programs(setup, options.programs_file)
        device = choose_device(options.settings.device, assignment)
        judge = Judge(assignment.folder, assignment.rubric.folder, device)
        stack.callback(judge.close)
        if options.settings.device == "gpu" and (fault := judge.prepare()):
            raise NoDevice(fault)
        clients = None
        if kernels:
            clients = ClientPool(assignment.folder, assignment.rubric.folder, setup, file)
            stack.callback(clients.close)
        yield GradingMachine(
            assignment, options, clients, judge, scratch, SolutionTrial(options.settings.limits)
        )


def _sandbox_config(
    assignment: Assignment, options: MachineOptions, scratch: str
) -> SandboxConfig | None:
    """Complete how boxes are made with what no box may see, wherever it lies."""
    if options.sandbox is None:
        return None
    assert assignment.rubric is not None
    private = [assignment.folder.parent, assignment.rubric.folder.parent, options.out]
    private += [file.parent for file in options.private_files]
    if os.geteuid() == 0:
        os.chmod(scratch, 0o711)  # boxes run as another user, each in a folder of its own
    return replace(
        options.sandbox,
        scratch=scratch,
        gpu=options.settings.device == "gpu",
        private=tuple(sorted({str(folder.resolve()) for folder in private})),
    )


def _with_programs(setup: SandboxConfig, file: Path) -> tuple[SandboxConfig, Path | None]:
    """Give ``setup`` the programs that ``file`` keeps; and ``file`` when it is to be filled."""
    folder = Path(setup.scratch) / "programs"
    compiled_programs.make_folder(folder)
    stored = compiled_programs.load(file)
    compiled_programs.show(stored or {}, folder)
    if stored is not None and not stored:  # they are of no use here
        return setup, None
    return replace(setup, programs=str(folder)), file if stored is None else None


def grade_one(
    machine: GradingMachine, plan: Plan, entry: SubmittedFile, *, repeated: bool = False
) -> GradeReport:
    """Grade one submission as ``plan`` has it, up to its reports. A fault becomes a result."""
    folder = machine.options.out / entry.id
    request = plan.judge_request(entry, folder, "all" if repeated else "finished")
    try:
        remove_drafts(folder)
        if plan.actions[entry.id].kind == "run":
            report = _run(machine, entry, request, repeated)
        else:
            report = machine.judge.judge(request)
            if report.parts_to_substitute:  # others now: what was asked of its own is gone
                report = _run(machine, entry, request, repeated)
        return report
    except (ClientKilled, JudgeFailed) as fault:
        return not_graded(machine.assignment, request, str(fault))
    except Exception:  # whatever it is, it is ours, and the batch goes on
        return not_graded(machine.assignment, request, traceback.format_exc()[-8000:])


def _run(
    machine: GradingMachine, entry: SubmittedFile, request: JudgeRequest, repeated: bool
) -> GradeReport:
    """Run the notebook; where something failed, see what the solution makes of this machine."""
    request.folder.mkdir(parents=True, exist_ok=True)

    def check_machine() -> TrialResult:
        return machine.trial.check(lambda times: _solution(machine, times), alone=repeated)

    trial = machine.trial.result
    if repeated and trial is not None:
        trial = check_machine()  # what other runs slowed, tells nothing of one that is alone
    request = replace(request, solution_runs=trial is not None and trial.fault is None)
    report = _run_once(machine, entry, request, repeated)
    if request.solution_runs or not report.had_failure:
        return report
    trial = check_machine()
    if trial.fault is not None:
        (request.folder / PROBE).unlink(missing_ok=True)  # it must never be judged
        messages = catalogue(request.language)
        why = messages.render_note(trial.fault)
        return not_graded(machine.assignment, request, why)
    request = replace(request, solution_runs=True)
    if repeated and report.run.status == "timeout" and report.run.time_factor < trial.factor:
        return _run_once(machine, entry, request, repeated)
    return machine.judge.judge(request)


def _solution(machine: GradingMachine, factor: float) -> GradeReport:
    """Run and judge the teacher's solution on this machine; nothing of it is kept."""
    assert machine.assignment.rubric is not None
    entry = SubmittedFile(id="solution", path=machine.assignment.rubric.solution)
    with tempfile.TemporaryDirectory(prefix="solution-", dir=machine.scratch) as place:
        request = JudgeRequest(
            folder=Path(place),
            file=entry.path.name,
            submission_id=entry.id,
            language=machine.options.settings.language,
            write="nothing",
        )
        try:
            _collect_evidence(machine, entry, request.folder, False, factor=factor)
            return machine.judge.judge(request)
        except (ClientKilled, JudgeFailed) as fault:
            return not_graded(machine.assignment, request, str(fault))


def _run_once(
    machine: GradingMachine, entry: SubmittedFile, request: JudgeRequest, repeated: bool
) -> GradeReport:
    """Run the notebook, and ask again what is asked with the teacher's parts."""
    trial = machine.trial.result
    factor = 1.0 if trial is None else trial.factor
    _collect_evidence(machine, entry, request.folder, repeated, factor=factor)
    report = machine.judge.judge(request)
    if report.parts_to_substitute:
        _collect_evidence(
            machine,
            entry,
            request.folder,
            repeated,
            report.parts_to_substitute,
            factor=factor,
        )
        report = machine.judge.judge(request)
        assert not report.parts_to_substitute, f"{entry.id}: asked again, and to be asked again"
    return report


def _collect_evidence(
    machine: GradingMachine,
    entry: SubmittedFile,
    folder: Path,
    repeated: bool,
    parts_to_substitute: Mapping[str, Sequence[str]] = NO_PARTS,
    *,
    factor: float,
) -> None:
    """Leave the evidence in ``folder``; with ``parts_to_substitute`` add to what lies there.

    Limits on time are ``factor`` times those asked for.
    """
    settings = machine.options.settings
    limits = settings.limits.scale_seconds(factor)
    exercises = len(machine.assignment.exercises)
    assert machine.clients is not None
    machine.clients.collect_evidence(
        {
            "notebook": str(entry.path),
            "limits": limits.model_dump(),
            "time_factor": factor,
            "secret": settings.secret.hex(),
            "seed": settings.seed,
            "scratch": str(machine.scratch),
            "folder": str(folder),
            "fault": None if entry.fault is None else asdict(entry.fault),
            "stands_in": dict(parts_to_substitute),
            "repeated": repeated,
            "made": run_fingerprint(entry, machine.assignment, settings),
        },
        limits.notebook_seconds + limits.probe_seconds * exercises + factor * SLACK,
    )


def not_graded(assignment: Assignment, request: JudgeRequest, fault: str) -> GradeReport:
    """Return the result of our own fault: not graded, no score, and why, for the teacher."""
    if f"[Errno {errno.ENOSPC}]" in fault:
        fault = NO_DISK
    evidence = with_intake(broken_evidence(request.file, fault), request)
    report = verdict(evidence, assignment, request.submission_id, request.language)
    if request.write == "all":
        report = with_provenance(report, request)
        with contextlib.suppress(OSError):  # a full disk must not hide the fault itself
            write_report(report, request.folder)
    return report
