"""Whether the notebook ran, its blanks are filled and its figures are there."""

from __future__ import annotations

from grader.core.exceptions import hint, missing_package
from grader.core.types import CellRun, Finding
from grader.judge.checks.context import Item, as_written, graded_cell_run, nothing_done, unfilled


def filled(item: Item) -> Finding:
    """Each blank of the exercise counts alike."""
    if finding := nothing_done(item):
        return finding
    total, missing = len(item.attempt.cell.blanks), unfilled(item)
    if not missing:
        return Finding(credit=1.0, message_id="checks.filled.all", values={"total": total})
    return Finding(
        credit=1 - len(missing) / total,
        message_id="checks.filled.some",
        values={"names": ", ".join(as_written(item, missing)), "total": total},
        cell=item.cell,
        line=item.line_of(missing[0]),
        expected=total,
        found=total - len(missing),
    )


def runs(item: Item) -> Finding:
    """Every code cell ends without an error; failures of this machine are excused."""
    if finding := nothing_done(item):
        return finding
    share = _filled_share(item)
    failures = [r for r in item.evidence.executed.cells if r.status not in ("ok", "not_run")]
    work = [r for r in failures if not r.excused]
    if not work and item.evidence.executed.status == "ok":
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
        return Finding(credit=_later_failure(item), message_id="checks.runs.cut")
    first = work[0]
    values = _values(first) | {"failed": len(work), "total": len(item.evidence.executed.cells)}
    message = {"timeout": "checks.runs.timeout", "died": "checks.runs.died"}.get(first.status)
    if first.status == "died" and first.error_name:  # it took too much of something
        message = f"checks.runs.excess.{first.error_name}"
    message = message or hint(first.error_name, first.error_text) or "checks.runs.error"
    return Finding(
        credit=_later_failure(item),
        message_id=message,
        values=values,
        detail=first.traceback,
        cell=first.index,
        line=first.line,
    )


def figures(item: Item) -> Finding:
    """At least so many pictures, shown or saved, in cells that are the student's."""
    if finding := nothing_done(item):
        return finding
    count, asked = len(item.evidence.executed.figures), item.check.at_least
    values = {"count": count, "asked": asked}
    if count >= asked:
        return Finding(
            credit=_filled_share(item), message_id="checks.figures.ok", values=values, found=count
        )
    if any(r.excused for r in item.evidence.executed.cells):
        return Finding(credit=1.0, message_id="checks.figures.excused", values=values)
    return Finding(
        credit=count / asked,
        message_id="checks.figures.missing",
        values=values,
        expected=asked,
        found=count,
    )


def _later_failure(item: Item) -> float:
    """The credit when the run failed: a part where the graded cell itself ran."""
    own = graded_cell_run(item)
    if own is None or own.status != "ok":
        return 0.0
    return (item.check.partial_credit or 0.0) * _filled_share(item)


def _filled_share(item: Item) -> float:
    total = len(item.attempt.cell.blanks)
    return 1 - len(unfilled(item)) / total if total else 1.0


def _values(run: CellRun) -> dict[str, str | int | float | bool | None]:
    return {
        "cell": run.index + 1,
        "error": f"{run.error_name}: {run.error_text[:300]}",
        "package": missing_package(run.error_text),
        "seconds": round(run.seconds),
    }
