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
    executed: int | None = None
    """The execution count that the file carried."""
    heading: str = ""
    """The last Markdown heading above."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """A notebook as read."""

    file: str
    sha256: str
    cells: tuple[Cell, ...] = ()
    language: str = "python"
    """The programming language of its kernel."""
    assignment: str | None = None
    """The assignment's id, where the notebook's metadata name one."""
    reader_language: str | None = None
    """The language of its reader, where the notebook's metadata name one."""
    notes: tuple[Note, ...] = ()
    fault: Note | None = None
    """The reason why it can't be read; there are no cells then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Blank:
    """One blank of an exercise, as the source shows it."""

    name: str
    filled: bool
    line: int | None = None
    """Its line within the cell, counted from 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GradedCell:
    """The cell taken for an exercise, and how it was found."""

    exercise: str
    index: int | None
    """The cell's place in the notebook; None when none was found."""
    class_name: str = ""
    found_by: Literal["tag", "source", "class", "elsewhere", "none"] = "none"
    blanks: tuple[Blank, ...] = ()
    set_aside: tuple[int, ...] = ()
    """Cells that define the class but don't count."""
    ignored: tuple[int, ...] = ()
    """The cells, of those, that are the handout's answer, or look like it."""

    @property
    def filled(self) -> int:
        """The number of blanks that are filled."""
        return sum(blank.filled for blank in self.blanks)


@dataclass(frozen=True, kw_only=True, slots=True)
class OmittedOutput:
    """The part of one cell's output that was too long or too large to keep."""

    bytes_written: int = 0
    """The cell's whole output beside pictures."""
    bytes_kept: int = 0
    pictures_shrunk: int = 0
    """Pictures that are shown smaller."""
    pictures_dropped: int = 0
    """Pictures that are not shown."""
    largest_picture: int = 0
    """The bytes of the largest of both."""

    def __add__(self, other: OmittedOutput) -> OmittedOutput:
        """Both together."""
        return OmittedOutput(
            bytes_written=self.bytes_written + other.bytes_written,
            bytes_kept=self.bytes_kept + other.bytes_kept,
            pictures_shrunk=self.pictures_shrunk + other.pictures_shrunk,
            pictures_dropped=self.pictures_dropped + other.pictures_dropped,
            largest_picture=max(self.largest_picture, other.largest_picture),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class CellRun:
    """The run of one code cell."""

    index: int
    status: CellStatus
    seconds: float = 0.0
    error_name: str = ""
    error_text: str = ""
    traceback: str = ""
    line: int | None = None
    """The line of the error within the cell, counted from 1."""
    figures: int = 0
    """The number of pictures that it put out, also those that are not shown."""
    omitted: OmittedOutput = OmittedOutput()
    excused: str = ""
    """The id of a message: the failure is the machine's, not the work's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A picture that the notebook showed or saved."""

    cell: int | None
    name: str
    """The file's name where it was saved to one, else empty."""
    mime: Literal["image/png", "image/jpeg", ""]
    data: str
    """The bitmap in base64; empty for a vector picture, or one that is too large."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutedNotebook:
    """The run of a notebook."""

    status: RunStatus
    cells: tuple[CellRun, ...] = ()
    failed_cell: int | None = None
    error: str = ""
    seconds: float = 0.0
    figures: tuple[Figure, ...] = ()
    notebook: str = ""
    """nbformat 4 JSON with the outputs."""
    probe_seconds: float = 0.0
    """The seconds that the questions to one model took, of the model that took longest."""
    time_factor: float = 1.0
    """The factor by which its time limits were longer than the assignment's."""
