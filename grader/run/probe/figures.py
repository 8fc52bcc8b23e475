"""Collect the student's pictures: shown or saved, at or below the first graded cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from grader.assignment.schema import Assignment
from grader.core.types import Figure, GradedCell
from grader.run.kernel.session import KernelExit, Session
from grader.run.probe import replies, requests
from grader.submission.cells.find_cell import answer_cells

SECONDS = 30.0
_SLACK = 0.05  # seconds by which a file's time may miss its cell's

Windows = Mapping[int, tuple[float, float]]
"""Begin and end of each cell, in seconds since the epoch."""


async def student_figures(
    session: Session, windows: Windows, cells: Mapping[str, GradedCell], assignment: Assignment
) -> list[Figure]:
    """Return all pictures shown or saved there, but not those of an answer left in."""
    found = session.figures() + await _saved(session, windows)
    not_theirs = answer_cells(session.submission, assignment)
    first = min((g.index for g in cells.values() if g.index is not None), default=0)
    return [
        figure
        for figure in found
        if figure.cell is None or (figure.cell >= first and figure.cell not in not_theirs)
    ]


async def _saved(session: Session, windows: Windows) -> list[Figure]:
    """Return pictures that the notebook wrote, with the cell during which each was written."""
    if session.kernel_exit is not None:
        return []
    asked = requests.expression("read_figures", {"max_bytes": requests.MAX_FIGURES})
    try:
        reply = await session.ask(asked, min(SECONDS, session.limits.probe_seconds))
        saved = replies.read_figures(replies.reply_text(reply))
    except (KernelExit, replies.BadReply):
        return []
    return [
        replace(figure, cell=cell)
        for figure, modified in saved
        for cell, (opened, closed) in windows.items()
        if opened - _SLACK <= modified <= closed + _SLACK
    ]
