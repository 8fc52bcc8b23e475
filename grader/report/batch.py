"""A batch's reports for the teacher: a gradebook, a summary for tools, a list of links."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from grader.report.clean import encodable, one_line
from grader.report.html import render
from grader.report.phrases import Phrases, lost, phrases, points, total
from grader.report.result import plain
from grader.report.settle import settled
from grader.stages import BatchSummary, GradeReport

SCHEMA_VERSION: Final = 1
_MOST_LOST: Final = 10
_FORMULA: Final = re.compile(r"(^|[;,|])(\s*)(?=[=+\-@\N{FULLWIDTH EQUALS SIGN}"
                             r"\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}"
                             r"\N{FULLWIDTH COMMERCIAL AT}\N{MINUS SIGN}])")  # fmt: skip


def grades_csv(summary: BatchSummary) -> str:
    """The gradebook, one submission a line, families as columns; a BOM for Excel.

    What is not graded has empty marks. A text that a spreadsheet could take for a
    formula is led by an apostrophe.
    """
    reports = [settled(report) for report in summary.reports]
    families = list(dict.fromkeys(c.family for report in reports for c in report.checks))
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    head = ["submission", "file", "outcome", "status", "score", "max_score"]
    writer.writerow([*head, *map(_text, families), "error"])
    for report in reports:
        by_family = {
            family: total(c.points for c in report.checks if c.family == family)
            for family in {c.family for c in report.checks}
        }
        writer.writerow(
            [
                _text(report.submission_id),
                _text(report.file),
                report.outcome,
                report.run.status,
                _mark(report.score),
                _mark(report.max_score),
                *(
                    _mark(by_family.get(family)) if report.outcome == "graded" else ""
                    for family in families
                ),
                _text(_error(report)),
            ]
        )
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + file.getvalue()


def _mark(number: float | None) -> str:
    return "" if number is None or not math.isfinite(number) else f"{round(number, 6):.15g}"


def _text(text: str) -> str:
    return _FORMULA.sub(r"\1\2'", one_line(text, 300))


def _error(report: GradeReport) -> str:
    if report.outcome == "not_graded":
        return " ".join(report.needs_look) or report.run.error
    return report.run.error


def summary_json(summary: BatchSummary) -> str:
    """``summary.json``: counts, marks, every submission, the checks that cost most."""
    reports = [settled(report) for report in summary.reports]
    scores = [report.score for report in reports if report.score is not None]
    result = {
        "schema_version": SCHEMA_VERSION,
        "assignment": {"id": summary.assignment, "title": summary.assignment_title},
        "seconds": summary.seconds,
        "counts": {
            "submissions": len(reports),
            "outcome": _counts(report.outcome for report in reports),
            "status": _counts(report.run.status for report in reports),
            "needs_look": sum(bool(report.needs_look) for report in reports),
        },
        "scores": {
            "mean": statistics.fmean(scores) if scores else None,
            "median": statistics.median(scores) if scores else None,
            "min": min(scores, default=None),
            "max": max(scores, default=None),
        },
        "submissions": [
            {
                "id": report.submission_id,
                "file": report.file,
                "score": report.score,
                "outcome": report.outcome,
                "status": report.run.status,
                "needs_look": list(report.needs_look),
            }
            for report in reports
        ],
        "most_lost": [
            {
                "id": loss.id,
                "family": loss.family,
                "title": loss.title,
                "points": loss.points,
                "submissions": loss.count,
            }
            for loss in _most_lost(reports)
        ],
    }
    return json.dumps(plain(result), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _counts(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


@dataclass(frozen=True, slots=True)
class _Lost:
    id: str
    family: str
    title: str
    points: float
    count: int


def _most_lost(reports: list[GradeReport]) -> list[_Lost]:
    """The checks that cost most points over all graded submissions, most first."""
    losses: dict[str, _Lost] = {}
    for report in reports:
        if report.outcome != "graded":
            continue
        for check in report.checks:
            if missing := lost(check):
                had = losses.get(check.id, _Lost(check.id, check.family, check.title, 0.0, 0))
                losses[check.id] = _Lost(
                    had.id, had.family, had.title, total((had.points, missing)), had.count + 1
                )
    return sorted(losses.values(), key=lambda loss: (-loss.points, loss.id))[:_MOST_LOST]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One submission in the list; the links are relative and percent-encoded."""

    name: str
    student: str
    teacher: str
    graded: bool
    score: str
    percent: str
    status: str
    looks: tuple[str, ...]


def index_html(summary: BatchSummary) -> str:
    """``index.html``: the teacher's list of links, those that need a look first."""
    said = phrases(summary.language, teacher=True)
    reports = [settled(report) for report in summary.reports]
    scores = [report.score for report in reports if report.score is not None]
    facts = [
        (said.say("index.count"), str(len(reports))),
        (said.say("index.graded"), str(len(scores))),
        (said.say("index.look"), str(sum(_looks(report) for report in reports))),
    ]
    if scores:
        ends = f"{points(min(scores))}\N{EN DASH}{points(max(scores))}"
        facts += [
            (said.say("index.mean"), points(statistics.fmean(scores))),
            (said.say("index.median"), points(statistics.median(scores))),
            (said.say("index.range"), ends),
        ]
    first = sorted(reports, key=_urgency)
    return render(
        "index.html.j2",
        language="zh-Hans" if said.words.language == "zh" else "en",
        title=one_line(summary.assignment_title, 200),
        facts=facts,
        entries=[_entry(report, said) for report in first],
        most_lost=_most_lost(reports),
        took=said.say("index.took", seconds=f"{summary.seconds:.1f}"),
        say=said.say,
        points=points,
    )


def _looks(report: GradeReport) -> bool:
    return bool(report.needs_look) or report.outcome == "not_graded"


def _urgency(report: GradeReport) -> int:
    """Unreadable files first, then what isn't graded, then the rest that needs a look."""
    if report.run.status == "unreadable":
        return 0
    if report.outcome == "not_graded":
        return 1
    return 2 if _looks(report) else 3


def _link(name: str) -> str:
    """A file name as part of an address; a name that is no UTF-8 keeps its bytes."""
    try:
        return quote(name, safe="", errors="surrogateescape")
    except UnicodeEncodeError:
        return quote(encodable(name), safe="")


def _entry(report: GradeReport, said: Phrases) -> Entry:
    folder = _link(report.submission_id)
    graded = report.score is not None
    share = report.score / report.max_score if report.score and report.max_score > 0 else 0.0
    looks = [said.line(look, 300) for look in report.needs_look[:5]]
    if not graded and not looks:
        looks = [said.say("outcome.ungraded")]
    return Entry(
        name=one_line(report.submission_id, 160),
        student=f"{folder}/result.html",
        teacher=f"{folder}/teacher.html",
        graded=graded,
        score=points(report.score) if graded else said.say("outcome.ungraded"),
        percent=f"{100 * min(1.0, max(0.0, share)):.2f}%",
        status=said.say(f"run.{report.run.status}"),
        looks=tuple(looks),
    )
