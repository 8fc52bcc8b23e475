"""Mistakes that the reports of several submissions name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from grader.core.types import GradeReport
from grader.report.text.phrases import points_lost

_SYMPTOMS: Final = (
    "checks.skipped.", "checks.spike_count.", "checks.firing_rate.", "checks.spike_times.",
    "checks.trace.", "checks.field.", "checks.map.wrong", "checks.parameter.no_channel",
    "checks.master_type.no_channel",
)  # fmt: skip
"""Messages on the consequences of a mistake, which do not name it."""


@dataclass(frozen=True, slots=True)
class MistakeMention:
    """A mistake as one report names it."""

    key: str
    """Reports with the same key name the same mistake."""
    title: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Wording:
    """Submissions whose reports hold the same sentence."""

    sentence: str
    places: tuple[int, ...]
    """Their places in the batch."""


@dataclass(frozen=True, slots=True)
class SharedMistake:
    """A mistake that the reports of these submissions name."""

    key: str
    title: str
    """The check's; "" for a mistake that was named in the equations."""
    wordings: tuple[Wording, ...]
    """The most frequent first."""

    @property
    def count(self) -> int:
        """The number of submissions."""
        return sum(len(wording.places) for wording in self.wordings)


def shared_mistakes(reports: Sequence[GradeReport]) -> list[SharedMistake]:
    """List every mistake that a graded submission was told, the most frequent first."""
    titles: dict[str, str] = {}
    places: dict[str, dict[str, list[int]]] = {}
    for place, report in enumerate(reports):
        for mention in _mentions(report):
            titles.setdefault(mention.key, mention.title)
            places.setdefault(mention.key, {}).setdefault(mention.sentence, []).append(place)
    mistakes = [
        SharedMistake(
            key,
            titles[key],
            tuple(
                Wording(sentence, tuple(those))
                for sentence, those in sorted(wordings.items(), key=lambda pair: -len(pair[1]))
            ),
        )
        for key, wordings in places.items()
    ]
    return sorted(mistakes, key=lambda mistake: (-mistake.count, mistake.key))


def _mentions(report: GradeReport) -> Iterator[MistakeMention]:
    """Find the mistakes that one report names: each key once, and no sentence twice."""
    if report.outcome != "graded":
        return
    seen: set[str] = set()
    mentions = [
        MistakeMention(f"{one.message_id}:{one.state}", "", one.message) for one in report.diagnoses
    ]
    mentions += [
        MistakeMention(f"{check.message_id}:{check.id}", check.title or check.id, check.message)
        for check in report.checks
        if points_lost(check) and check.message and not check.message_id.startswith(_SYMPTOMS)
    ]
    for mention in mentions:
        if not seen & {mention.key, mention.sentence}:
            seen |= {mention.key, mention.sentence}
            yield mention
