"""``index.html``: the teacher's page of a batch, whole without its script.

The script sorts and filters what stands in the page. Each row carries tokens for that: a
status, a band of marks, checks and mistakes; what filters names the token that it asks for.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from grader.core.types import BatchSummary, GradeReport
from grader.report.batch.histogram import band_of, bands, score_share
from grader.report.batch.most_lost import CostlyCheck, most_lost
from grader.report.batch.same_mistake import SharedMistake, shared_mistakes
from grader.report.outcome import normalize_outcome
from grader.report.page.html import render
from grader.report.text.phrases import Phrases, format_points, load_phrases, points_lost
from grader.report.text.sanitize import one_line, replace_surrogates

_LINKED: Final = 12  # submissions that a reason to look links to; the table has all
_MOST_MISTAKES: Final = 4  # mistakes that a row names
_CUT: Final = 120  # characters of one
_STEPS: Final = 20  # lengths of the bar beside a score
_STYLES: Final = ("report.css", "index.css")


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmissionRow:
    """One row of the table; the links are relative and percent-encoded."""

    name: str
    student: str
    teacher: str
    graded: bool
    score: str
    step: int
    """The length of the score's bar, 0 to 20."""
    failed: str
    status: str
    seconds: str
    looks: tuple[str, ...]
    mistakes: str
    """The mistakes that its report names."""
    tokens: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewReason:
    """A reason to look, the first submissions that have it, and how many more do."""

    reason: str
    entries: tuple[SubmissionRow, ...]
    more: int


def index_html(summary: BatchSummary) -> str:
    """``index.html``: what needs a look first, the marks, what was lost, and every submission."""
    phrases = load_phrases(summary.language, teacher=True)
    reports = sorted((normalize_outcome(report) for report in summary.reports), key=_urgency)
    losses, named = most_lost(reports), shared_mistakes(reports)
    several = [group for group in named if group.count > 1]
    entries = _entries(reports, losses, named, phrases)
    statuses: dict[str, str] = {
        report.run.status: phrases.render(f"run.{report.run.status}") for report in reports
    }
    if any(report.outcome == "not_graded" for report in reports):
        statuses |= {"ungraded": phrases.render("outcome.ungraded")}
    return render(
        "index.html.j2",
        styles=_STYLES,
        script="index.js",
        language="zh-Hans" if phrases.messages.language == "zh" else "en",
        title=one_line(summary.assignment_title, 200),
        facts=_facts(reports, phrases),
        looks=_reasons(entries),
        bands=bands(reports),
        losses=losses,
        graded=sum(report.outcome == "graded" for report in reports),
        groups=several,
        entries=entries,
        statuses=statuses,
        took=phrases.render("index.took", seconds=f"{summary.seconds:.1f}"),
        message=phrases.render,
        line=phrases.line,
        format_points=format_points,
    )


def _facts(reports: Sequence[GradeReport], phrases: Phrases) -> list[tuple[str, str]]:
    scores = [report.score for report in reports if report.score is not None]
    facts = [
        (phrases.render("index.count"), str(len(reports))),
        (phrases.render("index.graded"), str(len(scores))),
        (phrases.render("index.look"), str(sum(_needs_look(report) for report in reports))),
    ]
    if scores:
        ends = f"{format_points(min(scores))}\N{EN DASH}{format_points(max(scores))}"
        facts += [
            (
                phrases.render("index.full"),
                str(sum(score_share(report) == 1.0 for report in reports)),
            ),
            (phrases.render("index.mean"), format_points(statistics.fmean(scores))),
            (phrases.render("index.median"), format_points(statistics.median(scores))),
            (phrases.render("index.range"), ends),
        ]
    return facts


def _needs_look(report: GradeReport) -> bool:
    return bool(report.needs_look) or report.outcome == "not_graded"


def _urgency(report: GradeReport) -> int:
    """Rank unreadable files first, then what isn't graded, then the rest that needs a look."""
    unreadable, not_graded = report.run.status == "unreadable", report.outcome == "not_graded"
    return (unreadable, not_graded, _needs_look(report), True).index(True)


def _link(name: str) -> str:
    """Quote a file name for an address; a name that is no UTF-8 keeps its bytes."""
    try:
        return quote(name, safe="", errors="surrogateescape")
    except UnicodeEncodeError:
        return quote(replace_surrogates(name), safe="")


def _entries(
    reports: Sequence[GradeReport],
    losses: Sequence[CostlyCheck],
    named: Sequence[SharedMistake],
    phrases: Phrases,
) -> list[SubmissionRow]:
    costly = {loss.id: f"c{number}" for number, loss in enumerate(losses)}
    mistakes: dict[int, list[str]] = defaultdict(list)
    tokens: dict[int, list[str]] = defaultdict(list)
    for number, group in enumerate(named):
        for wording in group.wordings:
            for place in wording.places:
                tokens[place].append(f"g{number}" if group.count > 1 else "alone")
                mistakes[place].append(_short(group, wording.sentence, phrases))
    entries = []
    for place, report in enumerate(reports):
        if not mistakes[place] and _unexplained(report):
            mistakes[place].append(phrases.render("index.unnamed"))
            tokens[place].append("unnamed")
        own = dict.fromkeys([*_tokens(report, costly), *tokens[place]])
        line = phrases.render("residual.between").join(mistakes[place][:_MOST_MISTAKES])
        entries.append(_entry(report, own, line, phrases))
    return entries


def _short(group: SharedMistake, sentence: str, phrases: Phrases) -> str:
    """Name a mistake for a row: what a group has in common, or one submission's sentence."""
    if group.count > 1 and group.title:
        return phrases.line(group.title, _CUT)
    return phrases.line(sentence, _CUT).rstrip(".。")


def _unexplained(report: GradeReport) -> bool:
    """Return True if it lost points, and the run is no reason for that."""
    part = score_share(report)
    return part is not None and part < 1.0 and report.run.status in ("ok", "cell_error")


def _tokens(report: GradeReport, costly: dict[str, str]) -> list[str]:
    tokens: list[str] = [report.run.status]
    if _needs_look(report):
        tokens.append("look")
    if report.outcome != "graded":
        return [*tokens, "ungraded"]
    tokens.append(f"b{band_of(report)}")
    return tokens + [costly[c.id] for c in report.checks if c.id in costly and points_lost(c)]


def _entry(
    report: GradeReport, tokens: Iterable[str], mistakes: str, phrases: Phrases
) -> SubmissionRow:
    folder = _link(report.submission_id)
    part = score_share(report)
    graded = part is not None
    looks = [phrases.line(look, 300) for look in report.needs_look[:5]]
    if not graded and not looks:
        looks = [phrases.render("outcome.ungraded")]
    return SubmissionRow(
        name=one_line(report.submission_id, 160),
        student=f"{folder}/result.html",
        teacher=f"{folder}/teacher.html",
        graded=graded,
        score=format_points(report.score) if graded else phrases.render("outcome.ungraded"),
        step=_step(part or 0.0),
        failed=str(sum(c.status != "pass" for c in report.checks))
        if graded
        else phrases.render("nothing"),
        status=phrases.render(f"run.{report.run.status}"),
        seconds=f"{report.run.seconds:.1f}"
        if report.run.seconds > 0
        else phrases.render("nothing"),
        looks=tuple(looks),
        mistakes=mistakes,
        tokens=" ".join(tokens),
    )


def _step(part: float) -> int:
    """Return the length of a bar: 0 for no points at all, the last for all of them."""
    if part in (0.0, 1.0):
        return round(part * _STEPS)
    return min(_STEPS - 1, max(1, round(part * _STEPS)))


def _reasons(entries: Sequence[SubmissionRow]) -> list[ReviewReason]:
    """List every reason to look, in the order of the table, with those that have it."""
    by_reason: dict[str, list[SubmissionRow]] = defaultdict(list)
    for entry in entries:
        for reason in entry.looks:
            by_reason[reason].append(entry)
    return [
        ReviewReason(reason=reason, entries=tuple(those[:_LINKED]), more=len(those[_LINKED:]))
        for reason, those in by_reason.items()
    ]
