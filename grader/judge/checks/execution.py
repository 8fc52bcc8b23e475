"""The run of the notebook, its blanks and its figures."""

from __future__ import annotations

from grader.core.exceptions import hint, missing_package
from grader.core.types import CellRun, Finding
from grader.judge.checks.context import (
    CheckContext,
    display_names,
    graded_cell_run,
    no_work,
    unfilled_blanks,
    unless,
)


@unless(no_work)
def check_blanks(context: CheckContext) -> Finding:
    """Check each blank of the exercise; all count alike."""
    total, missing = len(context.evidence.cell.blanks), unfilled_blanks(context)
    if not missing:
        return Finding(credit=1.0, message_id="checks.filled.all", values={"total": total})
    return Finding(
        credit=1 - len(missing) / total,
        message_id="checks.filled.some",
        values={"names": ", ".join(display_names(context, missing)), "total": total},
        cell=context.cell,
        line=context.line_of(missing[0]),
        expected=total,
        found=total - len(missing),
    )


@unless(no_work)
def check_run(context: CheckContext) -> Finding:
    """Check that every code cell ends without an error; failures of this machine are excused."""
    share = _filled_share(context)
    failures = [r for r in context.all_evidence.executed.cells if r.status not in ("ok", "not_run")]
    work = [r for r in failures if not r.excused]
    if not work and context.all_evidence.executed.status == "ok":
        if failures:
            first = failures[0]
            return Finding(
                credit=share,
                message_id=first.excused,
                values=_values(first),
                cell=first.index,
                detail=first.traceback,
            )
        return Finding(
            credit=share, message_id="checks.runs.ok" if share == 1 else "checks.runs.blanks"
        )
    if not work:
        return Finding(credit=_later_failure(context), message_id="checks.runs.cut")
    first = work[0]
    values = _values(first) | {
        "failed": len(work),
        "total": len(context.all_evidence.executed.cells),
    }
    message = {"timeout": "checks.runs.timeout", "died": "checks.runs.died"}.get(first.status)
    if first.status == "died" and first.error_name:  # it took too much of something
        message = f"checks.runs.excess.{first.error_name}"
    message = message or hint(first.error_name, first.error_text) or "checks.runs.error"
    return Finding(
        credit=_later_failure(context),
        message_id=message,
        values=values,
        detail=first.traceback,
        cell=first.index,
        line=first.line,
    )


@unless(no_work)
def check_figures(context: CheckContext) -> Finding:
    """Check for at least so many pictures, shown or saved, in cells that are the student's."""
    count, asked = len(context.all_evidence.executed.figures), context.check.at_least
    values = {"count": count, "asked": asked}
    if count >= asked:
        return Finding(
            credit=_filled_share(context),
            message_id="checks.figures.ok",
            values=values,
            found=count,
        )
    if any(r.excused for r in context.all_evidence.executed.cells):
        return Finding(credit=1.0, message_id="checks.figures.excused", values=values)
    return Finding(
        credit=count / asked,
        message_id="checks.figures.missing",
        values=values,
        expected=asked,
        found=count,
    )


def _later_failure(context: CheckContext) -> float:
    """Give a part of the credit when the run failed but the graded cell itself ran."""
    own = graded_cell_run(context)
    if own is None or own.status != "ok":
        return 0.0
    return (context.check.partial_credit or 0.0) * _filled_share(context)


def _filled_share(context: CheckContext) -> float:
    total = len(context.evidence.cell.blanks)
    return 1 - len(unfilled_blanks(context)) / total if total else 1.0


def _values(run: CellRun) -> dict[str, str | int | float | bool | None]:
    return {
        "cell": run.index + 1,
        "error": f"{run.error_name}: {run.error_text[:300]}",
        "package": missing_package(run.error_text),
        "seconds": round(run.seconds),
    }
