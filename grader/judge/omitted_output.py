"""Remarks on output that was too long or too large to keep. None of it costs points."""

from __future__ import annotations

from collections.abc import Sequence

from grader.core.types import CellRun, Note

_MOST = 20  # cells that a remark names


def omitted_output_notes(cells: Sequence[CellRun]) -> list[Note]:
    """Note at most once each text, pictures shown smaller and those not shown."""
    long = [run for run in cells if run.omitted.bytes_kept < run.omitted.bytes_written]
    smaller = [run for run in cells if run.omitted.pictures_shrunk]
    lost = [run for run in cells if run.omitted.pictures_dropped]
    return [
        *_note(
            "text",
            long,
            all=_size(sum(run.omitted.bytes_written for run in long)),
            kept=_size(sum(run.omitted.bytes_kept for run in long)),
        ),
        *_note(
            "smaller",
            smaller,
            size=_size(max((run.omitted.largest_picture for run in smaller), default=0)),
        ),
        *_note("pictures", lost, count=str(sum(run.omitted.pictures_dropped for run in lost))),
    ]


def _note(kind: str, runs: Sequence[CellRun], **values: str) -> list[Note]:
    """Make a note that names the cells, if there are any."""
    values = {"cells": _numbers(runs), **values}
    return [Note(message_id=f"verdict.left_out.{kind}", values=values)] if runs else []


def _numbers(runs: Sequence[CellRun]) -> str:
    numbers = [str(run.index + 1) for run in runs]
    more = ["..."] if len(numbers) > _MOST else []
    return ", ".join(numbers[:_MOST] + more)


def _size(number: int) -> str:
    """Write a number of bytes as people read it."""
    return f"{number / 1e6:.1f} MB" if number >= 100_000 else f"{number / 1e3:.1f} kB"
