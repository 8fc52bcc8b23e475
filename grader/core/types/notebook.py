"""A notebook as it was read, and as it ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from grader.core.types.values import CellStatus, Note, RunStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One cell of a submission, cleaned: stored outputs are gone, ids are unique."""

    index: int
    """Its place in the notebook, from 0, text cells counted."""
    kind: Literal["code", "markdown", "raw"]
    """The kind as nbformat has it."""
    source: str
    """The text of the cell."""
    id: str
    """The file's own id, or one that was made when it was read."""
    tags: tuple[str, ...] = ()
    """The tags in the cell's metadata."""
    executed: int | None = None
    """The execution count that the file carried."""
    heading: str = ""
    """The last Markdown heading above."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """A notebook as read."""

    file: str
    """The name of the file."""
    sha256: str
    """The digest of the file's bytes."""
    cells: tuple[Cell, ...] = ()
    """All cells, in the file's order."""
    language: str = "python"
    """The programming language of its kernel."""
    assignment: str | None = None
    """The assignment's id, where the notebook's metadata name one."""
    reader_language: str | None = None
    """The language of its reader, where the notebook's metadata name one."""
    notes: tuple[Note, ...] = ()
    """Remarks on what was mended while it was read."""
    fault: Note | None = None
    """The reason why it can't be read; there are no cells then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Blank:
    """One blank of an exercise, as the source shows it."""

    name: str
    """The name that is to get a value, or the method."""
    filled: bool
    """True if it has got one."""
    line: int | None = None
    """Its line within the cell, counted from 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GradedCell:
    """The cell taken for an exercise, and how it was found."""

    exercise: str
    """The id of the exercise."""
    index: int | None
    """The cell's place in the notebook; None when none was found."""
    class_name: str = ""
    """The name of the class that counts, or of the run's variable."""
    found_by: Literal["tag", "source", "class", "elsewhere", "none"] = "none"
    """The way in which it was found."""
    blanks: tuple[Blank, ...] = ()
    """The exercise's blanks."""
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
    """The part of them that is kept."""
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
    """The place of the cell in the notebook, from 0."""
    status: CellStatus
    """The end of the cell."""
    seconds: float = 0.0
    """The time that it took."""
    error_name: str = ""
    """The class of the exception, where one ended it."""
    error_text: str = ""
    """The exception's message."""
    traceback: str = ""
    """The traceback as text."""
    line: int | None = None
    """The line of the error within the cell, counted from 1."""
    figures: int = 0
    """The number of pictures that it put out, also those that are not shown."""
    omitted: OmittedOutput = OmittedOutput()
    """The output that was not kept."""
    excused: str = ""
    """The id of a message: the failure is the machine's, not the work's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A picture that the notebook showed or saved."""

    cell: int | None
    """The place of the cell that showed it; None where that can't be told."""
    name: str
    """The file's name where it was saved to one, else empty."""
    mime: Literal["image/png", "image/jpeg", ""]
    """The type of the bitmap; empty where there is none."""
    data: str
    """The bitmap in base64; empty for a vector picture, or one that is too large."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutedNotebook:
    """The run of a notebook."""

    status: RunStatus
    """The end of the run."""
    cells: tuple[CellRun, ...] = ()
    """The code cells that were run, in their order."""
    failed_cell: int | None = None
    """The place of the first cell that failed, from 0."""
    error: str = ""
    """The exception of the first cell that failed, or another end of that cell."""
    seconds: float = 0.0
    """The time of the whole run, questions included."""
    figures: tuple[Figure, ...] = ()
    """The first pictures that it showed or saved."""
    notebook: str = ""
    """nbformat 4 JSON with the outputs."""
    probe_seconds: float = 0.0
    """The seconds that the questions to one model took, of the model that took longest."""
    time_factor: float = 1.0
    """The factor by which its time limits were longer than the assignment's."""
