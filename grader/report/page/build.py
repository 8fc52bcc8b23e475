"""What a page of one submission shows, decided here so that templates and writers only print.

``student_page`` alone says what a student may see: every student's format is made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from grader.core.types import CheckResult, Curve, GradeReport
from grader.report.page.images import pictures
from grader.report.page.model import Group, Page, Plot, Row
from grader.report.page.traceback import Failure, failure
from grader.report.plots.residuals_svg import differences
from grader.report.plots.traces_svg import trace_notes, trace_svg
from grader.report.settle import settled
from grader.report.text.phrases import Phrases, lost, phrases, points, total
from grader.report.text.sanitize import bounded_lines, one_line

_MOST_NOTES: Final = 40
_MOST_CURVES: Final = 24
_FOR_ALL: Final = ("brainpy", "jax", "python")  # what a student's footer may name


def student_page(report: GradeReport) -> Page:
    """The student's: public checks one by one, all hidden ones as one sum."""
    return _page(settled(report), phrases(report.language, own=report.public_only))


def teacher_page(report: GradeReport) -> Page:
    """The teacher's: everything."""
    return _page(settled(report), phrases(report.language, teacher=True))


def _page(report: GradeReport, said: Phrases) -> Page:
    teacher, graded = said.teacher, report.outcome == "graded"
    # A student isn't shown what may mean nothing because our own tool broke.
    full = graded or teacher
    checks = [c for c in report.checks if teacher or (graded and c.visibility == "public")]
    hidden = [c for c in report.checks if not teacher and graded and c.visibility == "hidden"]
    groups = _groups(checks, said)
    rows = [row for group in groups for row in group.rows]
    further = _further(hidden, said)
    curves = report.curves[:_MOST_CURVES] if full else ()
    titles = {c.id: said.line(c.title or c.id, 160) for c in checks}
    apart = differences(report.residuals, said, titles) if full else ()
    told = {r.mistake for r in report.residuals} if apart else set()
    failed = failure(report, said) if full or report.run.status == "cell_error" else None
    missing = tuple(_missing(groups))
    found = _causes(missing, failed, follows=report.error_is_consequence)
    follows = report.error_is_consequence and bool(found)
    comparable = any(curve.student is not None for curve in curves)
    shown, left_out = pictures(report.run.figures)
    provenance = report.provenance if teacher else {k: report.provenance.get(k) for k in _FOR_ALL}
    version = said.value(report.provenance.get("grader"))
    return Page(
        language="zh-Hans" if said.words.language == "zh" else "en",
        teacher=teacher,
        title=one_line(report.assignment_title, 200),
        submission=one_line(report.submission_id, 200),
        file=said.line(report.file if teacher else _name(report.file), 200),
        graded=graded,
        public_only=report.public_only,
        score=str(_passed(rows)) if report.public_only else points(report.score),
        max_score=str(len(rows)) if report.public_only else points(report.max_score),
        marks=None if report.score is None else (report.score, report.max_score),
        headline=_headline(report, rows, said),
        told=said.run(report, follows=follows) if full else "",
        follows=follows,
        run=report.run.status,
        run_status=said.say(f"run.{report.run.status}") if full else "",
        seconds=report.run.seconds,
        groups=groups,
        further=further,
        further_line=said.say(
            "score.further_line",
            points=points(total(c.points for c in hidden)),
            max_points=points(total(c.max_points for c in hidden)),
        )
        if further
        else "",
        missing=missing,
        causes=found,
        skipped=sum(row.status == "skipped" and row.lost > 0 for row in rows),
        skipped_lost=total(row.lost for row in rows if row.status == "skipped"),
        failure=failed,
        plots=_plots(curves, said, notes=comparable),
        plots_lead=said.say("plots.lead" if comparable else "plot.no_trace"),
        differences=apart,
        pictures=shown,
        pictures_left_out=left_out,
        notes=_lines([note for note in report.notes if note not in told], said),
        made_by=said.say("footer.made_by", grader=version) if version else said.say("footer.made"),
        provenance=tuple(
            (_label(key, said), said.value(value))
            for key, value in provenance.items()
            if value != ""
        ),
        assignment=one_line(report.assignment, 80),
        digest=report.assignment_digest if teacher else report.assignment_digest[:12],
        sha256=report.sha256 if teacher else report.sha256[:12],
        unreadable=report.run.status == "unreadable",
        teacher_notes=_lines(report.teacher_notes, said) if teacher else (),
        needs_look=_lines(report.needs_look, said) if teacher else (),
        cells=report.run.cells if teacher else (),
    )


def _groups(checks: Sequence[CheckResult], said: Phrases) -> tuple[Group, ...]:
    keyed = [(f"check-{number}", check) for number, check in enumerate(checks, start=1)]
    groups = []
    for family in dict.fromkeys(check.family for check in checks):
        members = [(key, check) for key, check in keyed if check.family == family]
        title = said.family(family)
        rows = tuple(_row(key, title, check, said) for key, check in members)
        groups.append(_group(title, [check for _, check in members], said, rows))
    return tuple(groups)


def _missing(groups: Sequence[Group]) -> list[Row]:
    """What cost points: our errors, then by family, so that a cause precedes what follows of it.

    Within a family what cost most comes first; the same message stands there once.
    """
    family = {row.key: place for place, group in enumerate(groups) for row in group.rows}
    rows = [row for group in groups for row in group.rows if row.lost and row.status != "skipped"]
    return sorted(
        _told_once(rows), key=lambda row: (row.status != "error", family[row.key], -row.lost)
    )


def _causes(missing: Sequence[Row], failed: Failure | None, *, follows: bool) -> tuple[Row, ...]:
    """What stands in one line, but for the one where the run stopped.

    Where that follows of something, and nothing stands in one line, it is the first in a cell.
    """
    stopped = failed.where if failed else ""
    elsewhere = [row for row in missing if row.where not in ("", stopped)]
    found = tuple(row for row in elsewhere if row.line is not None)
    return found or tuple(elsewhere[:1] if follows else ())


def _told_once(rows: Sequence[Row]) -> list[Row]:
    """The rows with those of the same message and place folded into the first, points added up."""
    told: dict[tuple[str, str], Row] = {}
    for row in rows:
        same = row.message, row.where
        before = told.get(same)
        told[same] = replace(before, lost=before.lost + row.lost) if before else row
    return list(told.values())


def _further(hidden: Sequence[CheckResult], said: Phrases) -> Group | None:
    if total(check.max_points for check in hidden) <= 0:
        return None
    return _group(said.say("score.further"), hidden, said, ())


def _group(
    title: str, checks: Sequence[CheckResult], said: Phrases, rows: tuple[Row, ...]
) -> Group:
    has, most = total(c.points for c in checks), total(c.max_points for c in checks)
    share = min(1.0, max(0.0, has / most)) if most > 0 else 0.0
    return Group(
        title=title,
        points=said.say("points", points=points(has), max_points=points(most)),
        has=has,
        most=most,
        percent=f"{100 * share:.2f}%",
        lost=total(lost(check) for check in checks),
        passed=_passed(rows),
        counts=said.say("checks.counts", passed=_passed(rows), total=len(rows)),
        rows=rows,
    )


def _row(key: str, family: str, check: CheckResult, said: Phrases) -> Row:
    row = Row(
        key=key,
        family=family,
        status=check.status,
        title=said.line(check.title or check.id, 160),
        message=said.line(check.message, 700),
        asked=said.value(check.expected),
        found=said.value(check.found),
        where=said.place(check.cell, check.line),
        cell=check.cell,
        line=check.line,
        points=said.say(
            "points_short", points=points(check.points), max_points=points(check.max_points)
        ),
        has=check.points,
        most=check.max_points,
        lost=lost(check),
        part=one_line(check.part, 60),
    )
    if not said.teacher:
        return row
    detail, _, _ = bounded_lines(check.detail.strip(), 40, 40)
    return replace(
        row,
        id=one_line(check.id, 160),
        hidden=check.visibility == "hidden",
        message_id=one_line(check.message_id, 160),
        detail="\n".join(detail),
    )


def _headline(report: GradeReport, rows: Sequence[Row], said: Phrases) -> str:
    if report.outcome == "not_graded":
        return said.say("outcome.not_graded")
    if report.run.status == "unreadable":
        return said.say("outcome.unreadable")
    passed = _passed(rows)
    if rows and passed == len(rows):
        full = report.score is not None and report.score >= report.max_score - 1e-9
        return said.say("outcome.perfect" if full else "outcome.all_shown")
    return said.say("outcome.some", passed=passed, total=len(rows))


def _passed(rows: Sequence[Row]) -> int:
    return sum(row.status == "pass" for row in rows)


def _plots(curves: Sequence[Curve], said: Phrases, *, notes: bool) -> tuple[Plot, ...]:
    return tuple(
        Plot(
            svg=trace_svg(curve, said.words, f"trace-{number}"),
            notes=trace_notes(curve, said.words) if notes else (),
        )
        for number, curve in enumerate(curves, start=1)
    )


def _lines(notes: Sequence[str], said: Phrases) -> tuple[str, ...]:
    return tuple(said.line(note, 1000) for note in notes[:_MOST_NOTES] if note)


def _label(key: str, said: Phrases) -> str:
    known = said.words.has(f"report.provenance.{key}")
    return said.say(f"provenance.{key}") if known else one_line(key, 60)


def _name(file: str) -> str:
    return file.replace("\\", "/").rsplit("/", 1)[-1]
