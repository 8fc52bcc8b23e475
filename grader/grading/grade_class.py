"""Grade a class: from what was handed in to its reports, its roster and its tables."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from grader.assignment.find import find_assignment
from grader.core.atomic import FolderInUse, lock_folder
from grader.core.types import BatchSummary, GradeReport, Note
from grader.gradebook.export.ci_formats import write_formats
from grader.grading.batch import BatchExecutor, default_jobs, grade_batch
from grader.grading.machine import MachineOptions
from grader.grading.plan.dry_run import preview
from grader.grading.plan.plan import Plan, make_plan, plan_to_run_all
from grader.grading.seed_secret import load_secret
from grader.grading.settings import GradingSettings
from grader.sandbox.compiled_programs import program_file
from grader.sandbox.detect import Detection, detect_sandbox
from grader.sandbox.scratch import scratch_folder
from grader.sandbox.warm_process import SandboxConfig
from grader.submission.intake import collect
from grader.submission.intake.likely_assignment import vote_on_assignment
from grader.submission.intake.roster import parse_layout, write_roster

OnStep = Callable[[int, int], None]
"""Called with how much is done, and how much there is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassRequest:
    """A class to be graded, as it was asked for."""

    paths: Sequence[Path]
    """Notebooks, folders, archives, a platform's download."""
    out: Path
    """The folder for the reports."""
    language: str
    assignment: str | None = None
    """The assignment's id; None takes the one that the notebooks name, or look like."""
    assignments: Path | None = None
    """The folder with the assignments, where they don't lie beside the program."""
    layout: str = "auto"
    limits: Mapping[str, float | None] = field(default_factory=dict)
    """Limits other than the assignment's own, by name."""
    seed: int | None = None
    sandbox: str = "auto"
    device: str = "auto"
    jobs: int | None = None
    cluster: str | None = None
    """The address of a Dask scheduler whose workers grade."""
    fresh: bool = False
    """Run every notebook, whatever the folder holds."""
    dry_run: bool = False
    """Write nothing and run no notebook."""
    formats: Sequence[str] = ()
    private_files: Sequence[Path] = ()
    """Further files that no notebook may see."""


@dataclass(frozen=True, slots=True)
class GradedClass:
    """A class once it is graded, or after a dry run what judging again would give."""

    plan: Plan
    summary: BatchSummary | None = None
    preview: Sequence[GradeReport | str] = ()


class Listener(Protocol):
    """Someone who is told what goes on while a class is graded."""

    def planning(self) -> AbstractContextManager[OnStep]:
        """Follow how the folder's results are looked at."""

    def planned(self, plan: Plan) -> None:
        """Learn what is kept, judged again and run."""

    def previewing(self) -> AbstractContextManager[OnStep]:
        """Follow how a dry run judges again."""

    def grading(
        self, total: int, notes: Sequence[Note]
    ) -> AbstractContextManager[Callable[[GradeReport], None]]:
        """Follow how ``total`` submissions are graded; ``notes`` tell of what was handed in."""

    def remark(self, note: Note) -> None:
        """Learn what happened meanwhile."""


class NothingHandedIn(Exception):
    """No submission at the paths; ``notes`` say what there is."""

    def __init__(self, notes: Sequence[Note]) -> None:
        super().__init__(notes)
        self.notes = notes


class NoSandbox(Exception):
    """No sandbox works on this machine; ``tried`` says why."""

    def __init__(self, tried: Sequence[Detection]) -> None:
        super().__init__(tried)
        self.tried = tried


class OutputFolderUnusable(Exception):
    """The output folder can't be used, as ``__cause__`` says."""


def grade_class(request: ClassRequest, listener: Listener) -> GradedClass:
    """Grade what was handed in and write all reports; keep the results that stand.

    Raises ``NothingHandedIn``, `IntakeError`, `AssignmentNotFound` and `AssignmentError` for what
    was asked; ``OutputFolderUnusable``, ``NoSandbox``, `NoDevice` and `ClusterError` for what is
    not to be had.
    """
    out = request.out
    with contextlib.ExitStack() as stack:
        unpacked = stack.enter_context(scratch_folder())
        handed_in = collect(list(request.paths), unpacked, out, parse_layout(request.layout))
        if not handed_in.groups:
            raise NothingHandedIn(handed_in.notes)
        likely = vote_on_assignment(handed_in.notebooks)
        named = handed_in.named_assignment()
        place = find_assignment(request.assignment, request.assignments, named, likely)
        assignment = place.load(as_teacher=True)
        entries, notes = handed_in.select(assignment)
        settings = GradingSettings(
            limits=assignment.limits.with_changes(**request.limits),
            secret=load_secret(),
            seed=request.seed,
            sandbox=request.sandbox,
            device=request.device,
            language=request.language,
        )
        if goes_on := out.exists() and not request.dry_run:
            stack.enter_context(_locked(out))
        if request.fresh:
            plan = plan_to_run_all(entries, assignment, settings, out)
        else:
            with listener.planning() as on_step:
                plan = make_plan(entries, out, assignment, settings, on_step)
        listener.planned(plan)
        if request.dry_run:
            with listener.previewing() as on_step:
                return GradedClass(plan, preview=preview(plan, entries, out, on_step))
        todo = len(entries) - len(plan.kept)
        client = stack.enter_context(_connected(request.cluster)) if todo else None
        sandbox = None
        if request.cluster is None and plan.starts_kernels:
            sandbox = sandbox_named(request.sandbox)
        if not goes_on:  # no folder is made where no sandbox can be
            stack.enter_context(_locked(out))
        programs_file = None
        if sandbox is not None:
            programs_file = program_file(assignment, gpu=request.device == "gpu")
            if programs_file is not None and not programs_file.exists():
                notes = [*notes, Note(message_id="console.fills")]
        options = MachineOptions(
            settings=settings,
            out=out,
            jobs=min(request.jobs or default_jobs(), max(1, len(entries))),
            private_files=(
                *(path for path in request.paths if path.is_file()),
                *(entry.path for entry in entries if entry.fault is None),
                *request.private_files,
            ),
            sandbox=sandbox,
            programs_file=programs_file,
        )
        write_roster((entry.roster_entry for entry in entries), out)
        with listener.grading(todo, notes) as on_report:
            executor = client and _cluster(client, request.cluster, options, plan, listener)
            summary = grade_batch(entries, assignment, options, on_report, plan, executor)
        write_formats(request.formats, out, {entry.id: [entry.path] for entry in entries})
    return GradedClass(plan, summary)


def sandbox_named(name: str) -> SandboxConfig | None:
    """Return the sandbox ``name``, "auto" for the strongest that works, None for "none".

    Raises ``NoSandbox``.
    """
    if name == "none":
        return None
    config, tried = detect_sandbox(name)
    if config is None:
        raise NoSandbox(tried)
    return config


@contextlib.contextmanager
def _connected(address: str | None) -> Iterator[Any]:
    """Connect to the cluster's scheduler; None without an address. Raises `ClusterError`."""
    if address is None:
        yield None
        return
    from grader.grading.cluster.connection import connected  # Dask is there for it alone

    with connected(address) as client:
        yield client


def _cluster(
    client: Any, address: Any, options: MachineOptions, plan: Plan, listener: Listener
) -> AbstractContextManager[BatchExecutor]:
    from grader.grading.cluster.coordinator import ClusterExecutor

    return ClusterExecutor(client, address, plan.assignment, options, plan, listener.remark)


@contextlib.contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Keep the output folder to this run alone. Raises ``OutputFolderUnusable``."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock_folder(out))
        except (FolderInUse, OSError) as error:
            raise OutputFolderUnusable(out) from error
        yield
