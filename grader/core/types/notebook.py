"""A notebook as it was read, and as it ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from grader.core.types.values import CellStatus, Note, RunStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One cell of a submission, cleaned: stored outputs are gone, ids are unique."""

    index: int
    kind: Literal["code", "markdown", "raw"]
    source: str
    id: str
    tags: tuple[str, ...] = ()
    executed: int | None = None  # the execution count that the file carried
    heading: str = ""  # the last Markdown heading above


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """A notebook as read. ``fault`` is set, and ``cells`` empty, when it can't be read."""

    file: str
    sha256: str
    cells: tuple[Cell, ...] = ()
    language: str = "python"
    assignment: str | None = None  # as named in the notebook's own metadata
    spoken: str | None = None  # the language for its reader, as named there
    notes: tuple[Note, ...] = ()
    fault: Note | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Blank:
    """One blank of an exercise, as the source shows it."""

    name: str
    filled: bool
    line: int | None = None  # within its cell, counted from 1


@dataclass(frozen=True, kw_only=True, slots=True)
class GradedCell:
    """The cell taken for an exercise, and why. ``index`` is None when none was found."""

    exercise: str
    index: int | None
    class_name: str = ""
    found_by: Literal["tag", "source", "class", "elsewhere", "none"] = "none"
    blanks: tuple[Blank, ...] = ()
    set_aside: tuple[int, ...] = ()  # cells that define the class but don't count
    ignored: tuple[int, ...] = ()  # those of them that are the handout's answer, or look so

    @property
    def filled(self) -> int:
        """How many of the blanks are filled."""
        return sum(blank.filled for blank in self.blanks)


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """How much of one cell's output was too long or too large to keep.

    ``all`` and ``kept`` are bytes of what it put out beside pictures. ``smaller`` pictures are
    shown smaller, ``pictures`` are not shown; the largest of both had ``largest`` bytes.
    """

    all: int = 0
    kept: int = 0
    smaller: int = 0
    pictures: int = 0
    largest: int = 0

    def __add__(self, other: LeftOut) -> LeftOut:
        """Both together."""
        return LeftOut(
            all=self.all + other.all,
            kept=self.kept + other.kept,
            smaller=self.smaller + other.smaller,
            pictures=self.pictures + other.pictures,
            largest=max(self.largest, other.largest),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class CellRun:
    """What became of one code cell."""

    index: int
    status: CellStatus
    seconds: float = 0.0
    error_name: str = ""
    error_text: str = ""
    traceback: str = ""
    line: int | None = None  # within the cell, counted from 1
    figures: int = 0  # also those that are not shown
    left_out: LeftOut = LeftOut()
    excused: str = ""  # the id of a message: the failure is the machine's, not the work's


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A picture that the notebook showed or saved.

    Only bitmaps carry ``data``; of a vector picture, or one that is too large, it is only
    known that it is there.
    """

    cell: int | None
    name: str  # the file's name when it was saved, else ""
    mime: Literal["image/png", "image/jpeg", ""]
    data: str  # base64


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutedNotebook:
    """The run of a notebook. ``notebook`` is nbformat 4 JSON with its outputs."""

    status: RunStatus
    cells: tuple[CellRun, ...] = ()
    failed_cell: int | None = None
    error: str = ""
    seconds: float = 0.0
    figures: tuple[Figure, ...] = ()
    notebook: str = ""
    asked_seconds: float = 0.0  # what the questions to one model took, that took longest
    time_factor: float = 1.0  # how many times as long as asked for its time limits were
