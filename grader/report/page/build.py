"""The content of one submission's page, decided here so that templates and writers only print.

``student_page`` alone says what a student may see: every student's format is made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from grader.core.types import CheckResult, GradeReport
from grader.report.outcome import normalize_outcome
from grader.report.page.images import select_pictures
from grader.report.page.model import CheckGroup, CheckRow, Page, TracePlot
from grader.report.page.traceback import Failure, describe_failure
from grader.report.plots.residuals_svg import residual_plots
from grader.report.plots.traces_svg import trace_notes, trace_svg
from grader.report.text.phrases import Phrases, format_points, load_phrases, points_lost, total
from grader.report.text.sanitize import bounded_lines, one_line

_MOST_NOTES: Final = 40
_MOST_CURVES: Final = 24
_FOR_ALL: Final = ("brainpy", "jax", "python")  # what a student's footer may name


def student_page(report: GradeReport) -> Page:
    """Build the student's page: public checks one by one, all hidden ones as one sum."""
    return _page(normalize_outcome(report), load_phrases(report.language, own=report.public_only))


def teacher_page(report: GradeReport) -> Page:
    """Build the teacher's page: everything."""
    return _page(normalize_outcome(report), load_phrases(report.language, teacher=True))


def _page(report: GradeReport, phrases: Phrases) -> Page:
    teacher, graded = phrases.teacher, report.outcome == "graded"
    # A student isn't shown what may mean nothing because our own tool broke.
    full = graded or teacher
    checks = [c for c in report.checks if teacher or (graded and c.visibility == "public")]
    hidden = [c for c in report.checks if not teacher and graded and c.visibility == "hidden"]
    groups = _groups(checks, phrases)
    rows = [row for group in groups for row in group.rows]
    hidden_group = _group(phrases.render("score.further"), hidden, phrases)
    curves = report.curves[:_MOST_CURVES] if full else ()
    titles = {c.id: phrases.line(c.title or c.id, 160) for c in checks}
    differences = residual_plots(report.residuals, phrases, titles) if full else ()
    mistakes = {r.mistake for r in report.residuals} if differences else set()
    has_failure = full or report.run.status == "cell_error"
    failure = describe_failure(report, phrases) if has_failure else None
    costly = tuple(_costly_rows(groups))
    causes = _causes(costly, failure, is_consequence=report.error_is_consequence)
    is_consequence = report.error_is_consequence and bool(causes)
    comparable = any(curve.student is not None for curve in curves)
    pictures, left_out = select_pictures(report.run.figures)
    provenance = report.provenance if teacher else {k: report.provenance.get(k) for k in _FOR_ALL}
    version = phrases.value(report.provenance.get("grader"))
    return Page(
        language="zh-Hans" if phrases.messages.language == "zh" else "en",
        teacher=teacher,
        title=one_line(report.assignment_title, 200),
        submission=one_line(report.submission_id, 200),
        file=phrases.line(report.file if teacher else _name(report.file), 200),
        graded=graded,
        public_only=report.public_only,
        score=str(_passed(rows)) if report.public_only else format_points(report.score),
        max_score=str(len(rows)) if report.public_only else format_points(report.max_score),
        marks=None if report.score is None else (report.score, report.max_score),
        headline=_headline(report, rows, phrases),
        run_message=phrases.run_message(report, is_consequence=is_consequence) if full else "",
        error_is_consequence=is_consequence,
        run=report.run.status,
        run_status=phrases.render(f"run.{report.run.status}") if full else "",
        seconds=report.run.seconds,
        groups=groups,
        hidden_group=hidden_group if hidden_group.max_points > 0 else None,
        hidden_line=phrases.render(
            "score.further_line",
            points=format_points(hidden_group.points),
            max_points=format_points(hidden_group.max_points),
        )
        if hidden_group.max_points > 0
        else "",
        costly_rows=costly,
        causes=causes,
        skipped=sum(row.status == "skipped" and row.points_lost > 0 for row in rows),
        skipped_points=total(row.points_lost for row in rows if row.status == "skipped"),
        failure=failure,
        plots=tuple(
            TracePlot(
                svg=trace_svg(curve, phrases.messages, f"trace-{number}"),
                notes=trace_notes(curve, phrases.messages) if comparable else (),
            )
            for number, curve in enumerate(curves, start=1)
        ),
        plots_lead=phrases.render("plots.lead" if comparable else "plot.no_trace"),
        residual_plots=differences,
        pictures=pictures,
        pictures_left_out=left_out,
        notes=_lines([note for note in report.notes if note not in mistakes], phrases),
        made_by=phrases.render("footer.made_by", grader=version)
        if version
        else phrases.render("footer.made"),
        provenance=tuple(
            (_label(key, phrases), phrases.value(value))
            for key, value in provenance.items()
            if value != ""
        ),
        assignment=one_line(report.assignment, 80),
        digest=report.assignment_digest if teacher else report.assignment_digest[:12],
        sha256=report.sha256 if teacher else report.sha256[:12],
        unreadable=report.run.status == "unreadable",
        teacher_notes=_lines(report.teacher_notes, phrases) if teacher else (),
        needs_look=_lines(report.needs_look, phrases) if teacher else (),
        cells=report.run.cells if teacher else (),
    )


def _groups(checks: Sequence[CheckResult], phrases: Phrases) -> tuple[CheckGroup, ...]:
    keyed = [(f"check-{number}", check) for number, check in enumerate(checks, start=1)]
    groups = []
    for family in dict.fromkeys(check.family for check in checks):
        members = [(key, check) for key, check in keyed if check.family == family]
        title = phrases.family(family)
        rows = tuple(_row(key, title, check, phrases) for key, check in members)
        groups.append(_group(title, [check for _, check in members], phrases, rows))
    return tuple(groups)


def _costly_rows(groups: Sequence[CheckGroup]) -> list[CheckRow]:
    """Sort what cost points: our errors, then by family, so that causes precede consequences.

    Within a family what cost most comes first; the same message stands there once.
    """
    family = {row.key: place for place, group in enumerate(groups) for row in group.rows}
    rows = [
        row for group in groups for row in group.rows if row.points_lost and row.status != "skipped"
    ]
    return sorted(
        _merge_repeated(rows),
        key=lambda row: (row.status != "error", family[row.key], -row.points_lost),
    )


def _causes(
    costly: Sequence[CheckRow], failure: Failure | None, *, is_consequence: bool
) -> tuple[CheckRow, ...]:
    """Return the rows that stand in one line, but for the one where the run stopped.

    Where that is a consequence, and nothing stands in one line, it is the first in a cell.
    """
    stopped = failure.where if failure else ""
    elsewhere = [row for row in costly if row.where not in ("", stopped)]
    causes = tuple(row for row in elsewhere if row.line is not None)
    return causes or tuple(elsewhere[:1] if is_consequence else ())


def _merge_repeated(rows: Sequence[CheckRow]) -> list[CheckRow]:
    """Fold rows of the same message and place into the first, points added up."""
    merged: dict[tuple[str, str], CheckRow] = {}
    for row in rows:
        first = merged.get((row.message, row.where))
        lost = row.points_lost + (first.points_lost if first else 0.0)
        merged[row.message, row.where] = replace(first or row, points_lost=lost)
    return list(merged.values())


def _group(
    title: str,
    checks: Sequence[CheckResult],
    phrases: Phrases,
    rows: tuple[CheckRow, ...] = (),
) -> CheckGroup:
    points, most = total(c.points for c in checks), total(c.max_points for c in checks)
    share = min(1.0, max(0.0, points / most)) if most > 0 else 0.0
    return CheckGroup(
        title=title,
        points_text=phrases.render(
            "points", points=format_points(points), max_points=format_points(most)
        ),
        points=points,
        max_points=most,
        percent=f"{100 * share:.2f}%",
        points_lost=total(points_lost(check) for check in checks),
        passed=_passed(rows),
        counts=phrases.render("checks.counts", passed=_passed(rows), total=len(rows)),
        rows=rows,
    )


def _row(key: str, family: str, check: CheckResult, phrases: Phrases) -> CheckRow:
    row = CheckRow(
        key=key,
        family=family,
        status=check.status,
        title=phrases.line(check.title or check.id, 160),
        message=phrases.line(check.message, 700),
        expected=phrases.value(check.expected),
        found=phrases.value(check.found),
        where=phrases.place(check.cell, check.line),
        cell=check.cell,
        line=check.line,
        points_text=phrases.render(
            "points_short",
            points=format_points(check.points),
            max_points=format_points(check.max_points),
        ),
        points=check.points,
        max_points=check.max_points,
        points_lost=points_lost(check),
        part=one_line(check.part, 60),
    )
    if not phrases.teacher:
        return row
    detail, _, _ = bounded_lines(check.detail.strip(), 40, 40)
    return replace(
        row,
        id=one_line(check.id, 160),
        hidden=check.visibility == "hidden",
        message_id=one_line(check.message_id, 160),
        detail="\n".join(detail),
    )


def _headline(report: GradeReport, rows: Sequence[CheckRow], phrases: Phrases) -> str:
    if report.outcome == "not_graded":
        return phrases.render("outcome.not_graded")
    if report.run.status == "unreadable":
        return phrases.render("outcome.unreadable")
    passed = _passed(rows)
    if rows and passed == len(rows):
        full = report.score is not None and report.score >= report.max_score - 1e-9
        return phrases.render("outcome.perfect" if full else "outcome.all_shown")
    return phrases.render("outcome.some", passed=passed, total=len(rows))


def _passed(rows: Sequence[CheckRow]) -> int:
    return sum(row.status == "pass" for row in rows)


def _lines(notes: Sequence[str], phrases: Phrases) -> tuple[str, ...]:
    return tuple(phrases.line(note, 1000) for note in notes[:_MOST_NOTES] if note)


def _label(key: str, phrases: Phrases) -> str:
    known = phrases.messages.has(f"report.provenance.{key}")
    return phrases.render(f"provenance.{key}") if known else one_line(key, 60)


def _name(file: str) -> str:
    return file.replace("\\", "/").rsplit("/", 1)[-1]
