"""Sum up a run: one status for all cells and the kernel."""

from __future__ import annotations

from collections.abc import Sequence

from grader.core.types import ExecutedNotebook, Figure, RunStatus
from grader.run.kernel.session import Session


def executed_notebook(
    session: Session, figures: Sequence[Figure], seconds: float, probe_seconds: float
) -> ExecutedNotebook:
    """Return what ``session`` ran, with the student's ``figures``; all of it took ``seconds``.

    ``probe_seconds`` is what the longest questions to one model took.
    """
    failed = next((r for r in session.runs if r.status not in ("ok", "not_run")), None)
    status: RunStatus = "ok"
    if failed is not None:
        statuses = {r.status for r in session.runs}
        status = "timeout" if "timeout" in statuses else "cell_error"
        status = _death_status(session) if "died" in statuses else status
        if status == "cell_error" and all(r.excused for r in session.runs if r.status == "error"):
            status = "ok"
    elif session.kernel_exit is not None:  # while it was probed
        status = "timeout" if session.kernel_exit.timeout else _death_status(session)
    elif any(r.status == "not_run" for r in session.runs):
        status = "timeout"
    if failed is not None and failed.status == "error":
        error = f"{failed.error_name}: {failed.error_text}"
    else:
        error = "" if failed is None else failed.error_name or failed.status
    return ExecutedNotebook(
        status=status,
        cells=tuple(session.runs),
        failed_cell=None if failed is None else failed.index,
        error=error[:2000],
        seconds=seconds,
        probe_seconds=probe_seconds,
        figures=tuple(figures[:12]),
        notebook=session.notebook(),
    )


def _death_status(session: Session) -> RunStatus:
    exceeded = "" if session.kernel_exit is None else session.kernel_exit.limit_exceeded
    return "memory" if exceeded == "memory" else "kernel_died"
