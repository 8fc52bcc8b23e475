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
from grader.report.batch.histogram import band_of, bands, share
from grader.report.batch.most_lost import Lost, most_lost
from grader.report.batch.same_mistake import Group, groups
from grader.report.page.html import render
from grader.report.settle import settled
from grader.report.text.phrases import Phrases, lost, phrases, points
from grader.report.text.sanitize import encodable, one_line

_LINKED: Final = 12  # submissions that a reason to look links to; the table has all
_TOLD: Final = 4  # mistakes that a row names
_CUT: Final = 120  # characters of one
_STEPS: Final = 20  # lengths of the bar beside a score
_STYLES: Final = ("report.css", "index.css")


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One row of the table; the links are relative and percent-encoded."""

    name: str
    student: str
    teacher: str
    graded: bool
    score: str
    step: int  # the length of the score's bar, 0 to 20
    failed: str
    status: str
    seconds: str
    looks: tuple[str, ...]
    told: str  # the mistakes that its report names
    tokens: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """A reason to look, the first submissions that have it, and how many more do."""

    reason: str
    entries: tuple[Entry, ...]
    more: int


def index_html(summary: BatchSummary) -> str:
    """``index.html``: what needs a look first, the marks, what was lost, and every submission."""
    said = phrases(summary.language, teacher=True)
    reports = sorted((settled(report) for report in summary.reports), key=_urgency)
    losses, named = most_lost(reports), groups(reports)
    several = [group for group in named if group.count > 1]
    entries = _entries(reports, losses, named, said)
    statuses: dict[str, str] = {
        report.run.status: said.say(f"run.{report.run.status}") for report in reports
    }
    if any(report.outcome == "not_graded" for report in reports):
        statuses |= {"ungraded": said.say("outcome.ungraded")}
    return render(
        "index.html.j2",
        styles=_STYLES,
        script="index.js",
        language="zh-Hans" if said.words.language == "zh" else "en",
        title=one_line(summary.assignment_title, 200),
        facts=_facts(reports, said),
        looks=_reasons(entries),
        bands=bands(reports),
        losses=losses,
        graded=sum(report.outcome == "graded" for report in reports),
        groups=several,
        entries=entries,
        statuses=statuses,
        took=said.say("index.took", seconds=f"{summary.seconds:.1f}"),
        say=said.say,
        line=said.line,
        points=points,
    )


def _facts(reports: Sequence[GradeReport], said: Phrases) -> list[tuple[str, str]]:
    scores = [report.score for report in reports if report.score is not None]
    facts = [
        (said.say("index.count"), str(len(reports))),
        (said.say("index.graded"), str(len(scores))),
        (said.say("index.look"), str(sum(_wanted(report) for report in reports))),
    ]
    if scores:
        ends = f"{points(min(scores))}\N{EN DASH}{points(max(scores))}"
        facts += [
            (said.say("index.full"), str(sum(share(report) == 1.0 for report in reports))),
            (said.say("index.mean"), points(statistics.fmean(scores))),
            (said.say("index.median"), points(statistics.median(scores))),
            (said.say("index.range"), ends),
        ]
    return facts


def _wanted(report: GradeReport) -> bool:
    return bool(report.needs_look) or report.outcome == "not_graded"


def _urgency(report: GradeReport) -> int:
    """Unreadable files first, then what isn't graded, then the rest that needs a look."""
    if report.run.status == "unreadable":
        return 0
    if report.outcome == "not_graded":
        return 1
    return 2 if _wanted(report) else 3


def _link(name: str) -> str:
    """A file name as part of an address; a name that is no UTF-8 keeps its bytes."""
    try:
        return quote(name, safe="", errors="surrogateescape")
    except UnicodeEncodeError:
        return quote(encodable(name), safe="")


def _entries(
    reports: Sequence[GradeReport], losses: Sequence[Lost], named: Sequence[Group], said: Phrases
) -> list[Entry]:
    costly = {loss.id: f"c{number}" for number, loss in enumerate(losses)}
    told: dict[int, list[str]] = defaultdict(list)
    tokens: dict[int, list[str]] = defaultdict(list)
    for number, group in enumerate(named):
        for wording in group.wordings:
            for place in wording.places:
                tokens[place].append(f"g{number}" if group.count > 1 else "alone")
                told[place].append(_short(group, wording.sentence, said))
    entries = []
    for place, report in enumerate(reports):
        if not told[place] and _unexplained(report):
            told[place].append(said.say("index.unnamed"))
            tokens[place].append("unnamed")
        own = dict.fromkeys([*_tokens(report, costly), *tokens[place]])
        line = said.say("residual.between").join(told[place][:_TOLD])
        entries.append(_entry(report, own, line, said))
    return entries


def _short(group: Group, sentence: str, said: Phrases) -> str:
    """A mistake as a row has it: what a group has in common, or one submission's sentence."""
    if group.count > 1 and group.title:
        return said.line(group.title, _CUT)
    return said.line(sentence, _CUT).rstrip(".。")


def _unexplained(report: GradeReport) -> bool:
    """Whether it lost points, and how it ran is no reason for that."""
    part = share(report)
    return part is not None and part < 1.0 and report.run.status in ("ok", "cell_error")


def _tokens(report: GradeReport, costly: dict[str, str]) -> list[str]:
    tokens: list[str] = [report.run.status]
    if _wanted(report):
        tokens.append("look")
    if report.outcome != "graded":
        return [*tokens, "ungraded"]
    tokens.append(f"b{band_of(report)}")
    return tokens + [costly[c.id] for c in report.checks if c.id in costly and lost(c)]


def _entry(report: GradeReport, tokens: Iterable[str], told: str, said: Phrases) -> Entry:
    folder = _link(report.submission_id)
    part = share(report)
    graded = part is not None
    looks = [said.line(look, 300) for look in report.needs_look[:5]]
    if not graded and not looks:
        looks = [said.say("outcome.ungraded")]
    return Entry(
        name=one_line(report.submission_id, 160),
        student=f"{folder}/result.html",
        teacher=f"{folder}/teacher.html",
        graded=graded,
        score=points(report.score) if graded else said.say("outcome.ungraded"),
        step=_step(part or 0.0),
        failed=str(sum(c.status != "pass" for c in report.checks))
        if graded
        else said.say("nothing"),
        status=said.say(f"run.{report.run.status}"),
        seconds=f"{report.run.seconds:.1f}" if report.run.seconds > 0 else said.say("nothing"),
        looks=tuple(looks),
        told=told,
        tokens=" ".join(tokens),
    )


def _step(part: float) -> int:
    """The length of a bar: 0 is nothing at all and the last all of it."""
    if part in (0.0, 1.0):
        return round(part * _STEPS)
    return min(_STEPS - 1, max(1, round(part * _STEPS)))


def _reasons(entries: Sequence[Entry]) -> list[Look]:
    """Every reason to look, in the order of the table, with those that have it."""
    having: dict[str, list[Entry]] = {}
    for entry in entries:
        for reason in entry.looks:
            having.setdefault(reason, []).append(entry)
    return [
        Look(reason=reason, entries=tuple(those[:_LINKED]), more=len(those[_LINKED:]))
        for reason, those in having.items()
    ]
