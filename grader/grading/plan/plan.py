"""All that is to be done for a batch, by what its folder holds already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from grader.assignment.schema import Assignment
from grader.core.evidence_store import PROBE
from grader.core.messages import catalogue
from grader.core.types import GradeReport
from grader.grading.plan.fingerprint import reason
from grader.grading.plan.next_action import Action, next_action
from grader.grading.settings import GradingSettings
from grader.judge.judge_process import JudgeRequest
from grader.report.batch.changes import utc_now
from grader.report.store.read import RESULT_FILE
from grader.submission.intake import SubmittedFile


@dataclass(frozen=True, slots=True)
class Plan:
    """An action for each submission, by its id.

    Those ``no_longer_submitted`` have results in the folder, but are not handed in.
    ``began`` is when it was made, as `Change` has it.
    """

    actions: Mapping[str, Action]
    assignment: Assignment
    settings: GradingSettings
    no_longer_submitted: tuple[str, ...] = ()
    began: str = field(default_factory=utc_now)

    @property
    def kept(self) -> dict[str, GradeReport]:
        """The results that stand."""
        return {id: s.report for id, s in self.actions.items() if s.report is not None}

    @property
    def starts_kernels(self) -> bool:
        """True if a notebook has to run, or may have to where other parts of it are wrong now."""
        parts = any(exercise.needs for exercise in self.assignment.exercises)
        return bool(self.ids_to("run") or (parts and self.ids_to("judge")))

    def ids_to(self, kind: str) -> list[str]:
        """List the submissions to be kept ("keep"), judged again ("judge") or run ("run")."""
        return [id for id, action in self.actions.items() if action.kind == kind]

    def why(self, id: str) -> str:
        """Say why a submission is judged again or run; "" for what is kept."""
        why, messages = self.actions[id].why, catalogue(self.settings.language)
        return "" if why is None else messages.render_note(why)

    def judge_request(
        self, entry: SubmittedFile, folder: Path, write: Literal["all", "finished", "nothing"]
    ) -> JudgeRequest:
        """Make the judge's request for ``entry``, whose evidence lies in ``folder``."""
        return JudgeRequest(
            folder=folder,
            file=str(entry.path),
            submission_id=entry.id,
            language=self.settings.language,
            notes=entry.notes,
            reason=self.why(entry.id),
            write=write,
        )


def make_plan(
    entries: Sequence[SubmittedFile],
    out: Path,
    assignment: Assignment,
    settings: GradingSettings,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> Plan:
    """Find what there is to do where ``out`` holds what it does."""
    actions = {}
    for number, entry in enumerate(entries, start=1):
        actions[entry.id] = next_action(entry, out / entry.id, assignment, settings)
        on_step(number, len(entries))
    return Plan(actions, assignment, settings, tuple(_no_longer_submitted(out, actions)))


def plan_to_run_all(
    entries: Sequence[SubmittedFile],
    assignment: Assignment,
    settings: GradingSettings,
    out: Path | None = None,
) -> Plan:
    """Run every submission, whatever ``out`` holds."""
    actions = {entry.id: Action("run", reason("fresh")) for entry in entries}
    removed = () if out is None else tuple(_no_longer_submitted(out, actions))
    return Plan(actions, assignment, settings, removed)


def _no_longer_submitted(out: Path, actions: Mapping[str, Action]) -> list[str]:
    try:
        folders = sorted(folder for folder in out.iterdir() if folder.is_dir())
    except OSError:
        return []
    return [
        folder.name
        for folder in folders
        if folder.name not in actions and any((folder / n).is_file() for n in (PROBE, RESULT_FILE))
    ]
