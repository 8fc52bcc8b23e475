"""What there is to do for a batch, by what its folder holds already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from grader.core.evidence_store import PROBE
from grader.core.messages import catalogue
from grader.core.types import GradeReport
from grader.grading.plan.fingerprint import Basis, reason
from grader.grading.plan.staleness import Step, next_step
from grader.judge.server import JudgeRequest
from grader.report.batch.changes import utc_now
from grader.report.store.read import RESULT_FILE
from grader.submission.intake import Entry


@dataclass(frozen=True, slots=True)
class Plan:
    """A step for each submission, by its id.

    ``gone`` are submissions whose results lie in the folder, but that are not handed in.
    ``began`` is when it was made, as `Change` has it.
    """

    steps: Mapping[str, Step]
    basis: Basis
    gone: tuple[str, ...] = ()
    began: str = field(default_factory=utc_now)

    @property
    def kept(self) -> dict[str, GradeReport]:
        """The results that stand."""
        return {id: s.report for id, s in self.steps.items() if s.report is not None}

    @property
    def starts_kernels(self) -> bool:
        """Whether a notebook has to run, or may have to where other parts of it are wrong now."""
        parts = any(exercise.needs for exercise in self.basis.assignment.exercises)
        return bool(self.of("run") or (parts and self.of("judge")))

    def of(self, what: str) -> list[str]:
        """The submissions that are to be kept ("keep"), judged again ("judge") or run ("run")."""
        return [id for id, step in self.steps.items() if step.what == what]

    def why(self, id: str) -> str:
        """In words, why a submission is judged again or run; "" for what is kept."""
        why, messages = self.steps[id].why, catalogue(self.basis.language)
        return "" if why is None else messages.render(why.message_id, **why.values)

    def case(
        self, entry: Entry, folder: Path, write: Literal["all", "finished", "nothing"]
    ) -> JudgeRequest:
        """``entry`` as the judge is asked about it; its evidence lies in ``folder``."""
        return JudgeRequest(
            folder=folder,
            file=str(entry.path),
            submission_id=entry.id,
            language=self.basis.language,
            notes=entry.notes,
            reason=self.why(entry.id),
            write=write,
        )


def plan(
    entries: Sequence[Entry],
    out: Path,
    basis: Basis,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> Plan:
    """What there is to do where ``out`` holds what it does."""
    steps = {}
    for number, entry in enumerate(entries, start=1):
        steps[entry.id] = next_step(entry, out / entry.id, basis)
        on_step(number, len(entries))
    return Plan(steps, basis, tuple(_gone(out, steps)))


def everything(entries: Sequence[Entry], basis: Basis, out: Path | None = None) -> Plan:
    """Run every submission, whatever ``out`` holds."""
    steps = {entry.id: Step("run", reason("fresh")) for entry in entries}
    return Plan(steps, basis, () if out is None else tuple(_gone(out, steps)))


def _gone(out: Path, steps: Mapping[str, Step]) -> list[str]:
    try:
        folders = sorted(folder for folder in out.iterdir() if folder.is_dir())
    except OSError:
        return []
    return [
        folder.name
        for folder in folders
        if folder.name not in steps and any((folder / n).is_file() for n in (PROBE, RESULT_FILE))
    ]
