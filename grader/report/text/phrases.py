"""Small phrases that every report needs: numbers, values, places, families."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from grader.core.messages import LANGUAGES, Catalogue, catalogue, format_value
from grader.core.types import CheckResult, GradeReport, Value
from grader.report.text.sanitize import one_line, shorten_paths

_INSTEAD = {"teacher": "report.for_teacher.", "own": "report.for_own."}


@dataclass(frozen=True, slots=True)
class Phrases:
    """The catalogue of one report, for one reader: a teacher sees paths, a student doesn't."""

    messages: Catalogue
    teacher: bool = False

    def render(self, key: str, /, **values: Value) -> str:
        """Return the sentence ``report.<key>``."""
        return self.messages.render(f"report.{key}", **values)

    def pair(self, key: str, value: str) -> str:
        """Return ``value`` after its name, the sentence ``report.<key>``."""
        return self.render("markdown.pair", name=self.render(key), value=value)

    def line(self, text: str, limit: int) -> str:
        """Put a text from outside on one line, fit for the reader."""
        return one_line(self.text(text), limit)

    def text(self, text: str) -> str:
        """Make a text from outside fit for the reader; line breaks stay."""
        return text if self.teacher else shorten_paths(text)

    def value(self, value: Value) -> str:
        """Write a measured or expected value; "" for none."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return self.render("yes" if value else "no")
        if isinstance(value, int) and value.bit_length() > 128:
            return "\N{HORIZONTAL ELLIPSIS}"
        return self.line(format_value(value), 120)

    def place(self, cell: int | None, line: int | None = None) -> str:
        """Name the cell and line to look at, counted from 1 among all cells; "" for none."""
        if cell is None:
            return ""
        return self.render("where" if line is None else "where_line", cell=cell + 1, line=line)

    def family(self, name: str) -> str:
        """Name a family, by the assignment's own word where there is no sentence."""
        if self.messages.has(f"report.family.{name}"):
            return self.render(f"family.{name}")
        text = one_line(name.replace("_", " "), 60)
        return text[:1].upper() + text[1:]

    def run_message(self, report: GradeReport, *, is_consequence: bool = False) -> str:
        """Tell the student where the run stopped; "" when it went well.

        ``is_consequence``: for a reason that the report names elsewhere.
        """
        status, cell = report.run.status, report.run.failed_cell
        if status == "ok":
            return ""
        if status == "unreadable":
            return self.render("told.unreadable")
        if cell is None:
            return self.render(
                "told.cell_error_nowhere" if status == "cell_error" else f"told.{status}"
            )
        if status != "cell_error":
            return self.render(f"told.{status}_cell", cell=cell + 1)
        key = "told.cell_error_follows" if is_consequence else "told.cell_error"
        return self.render(key, cell=cell + 1)


def load_phrases(language: str, *, teacher: bool = False, own: bool = False) -> Phrases:
    """Load the phrases in ``language``; English where there is none such.

    For a teacher ``report.for_teacher.<key>`` takes the place of ``report.<key>``, for a
    student who checks their own work ``report.for_own.<key>`` does.
    """
    messages = catalogue(language if language in LANGUAGES else "en")
    if not (teacher or own):
        return Phrases(messages)
    prefix = _INSTEAD["teacher" if teacher else "own"]
    instead = {
        id.replace(prefix, "report.", 1): sentence
        for id, sentence in messages.sentences.items()
        if id.startswith(prefix)
    }
    return Phrases(Catalogue(messages.language, {**messages.sentences, **instead}), teacher)


def format_points(number: float | None) -> str:
    """Write points as people do: 4, 2.5, 33.33; an em dash for what is no number."""
    if number is None or not math.isfinite(number):
        return "\N{EM DASH}"
    return f"{round(number, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def points_lost(check: CheckResult) -> float:
    """Return the points that a check cost, 0 where they are no number."""
    missing = check.max_points - check.points
    return missing if math.isfinite(missing) and missing > 1e-9 else 0.0


def total(numbers: Iterable[float]) -> float:
    """Add up points, without the dust of floating point."""
    return round(math.fsum(number for number in numbers if math.isfinite(number)), 9)
