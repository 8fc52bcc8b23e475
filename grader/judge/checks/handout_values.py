"""The values that the released notebook gives with one exercise, and of which of its things.

Only what stands with the exercise counts: its cell, and the text and the given code between
the exercise before and it. A number is given where it follows the name of a parameter, on a line
and behind the name of the channel whose it is. So what is written in another way is missed, and
nothing is taken for given that stands there for something else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from grader.assignment.schema import Assignment, Exercise
from grader.core.types import Cell
from grader.submission.notebook.read import read_notebook

Place = Literal["comment", "text"]
"""The comment of the blank itself, or elsewhere with the exercise."""

_MINUS = "\N{MINUS SIGN}"
_NUMBER = re.compile(rf"(?<![\w.])[-{_MINUS}]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?!\w|\.\d)")
_WORD = re.compile(r"[^\W\d]\w*")
_TRUTH = {"False": "0", "True": "1"}
_FILLED_WITH = {"zeros": 0.0, "ones": 1.0}


@dataclass(frozen=True, slots=True)
class Handout:
    """``cell`` is the source of the exercise's cell; ``texts`` and ``codes`` are those above it."""

    exercise: Exercise
    cell: str
    texts: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()

    def find_value(self, channel: str, parameter: str, value: float) -> Place | None:
        """Find where a parameter of a channel, "" for the model's own, is given a value."""
        own = self._is_alone(channel)
        for place, line in self._lines():
            texts = [*self._behind(line, channel), *(self._behind(line, "") if own else ())]
            if any(_holds(_numbers_of(parameter, text), value) for text in texts):
                return place
        return None

    def gives_start(self, state: str, ends: tuple[float, float]) -> bool:
        """Return True if the handout gives the start of a state, "V" or a channel's "K.n"."""
        return any(all(_holds(numbers, end) for end in ends) for numbers in self._starts(state))

    def gives_names(self, text: str) -> bool:
        """Return True if every name in ``text`` is given."""
        return _names(text) <= _names(" ".join(self._all()))

    def gives_master_type(self, channel: str, text: str) -> bool:
        """Return True if all of a master type is given, by the channel's class or its exercise."""
        if self.exercise.kind == "type":
            return self.gives_names(text)
        lines = re.findall(r"(?m)^\s+master_type\s*=(.*)$", self._class(channel))
        return bool(lines) and _names(text) <= _names(lines[-1])

    def _all(self) -> Iterator[str]:
        yield from (*self.texts, self.cell)

    def _lines(self) -> Iterator[tuple[Place, str]]:
        """List the lines of the exercise, the comments of blanks first."""
        lines = self.cell.splitlines()
        blanks = re.compile(
            rf"^\s*(?:self\.)?({'|'.join(self.exercise.blank_names) or '(?!)'})\s*="
        )
        yield from (("comment", line) for line in lines if blanks.match(line) and "#" in line)
        yield from (("text", line) for text in self._all() for line in text.splitlines())

    def _behind(self, line: str, channel: str) -> Iterator[str]:
        """Return what follows a channel's name in a line, up to another's; before all with ""."""
        named = list(_of_channels(self.exercise).finditer(line))
        ends = [*(match.start() for match in named), len(line)]
        if not channel:
            yield line[: ends[0]]
        for match, end in zip(named, ends[1:], strict=True):
            if match["name"] in _called(self.exercise, channel):
                yield line[match.end() : end]

    def _starts(self, state: str) -> Iterator[set[float]]:
        """Return the sets of numbers that are said to be where a state starts."""
        channel, _, own = state.rpartition(".")
        name, alone = re.escape(own), self._is_alone(channel)
        for line in "\n".join(self._all()).splitlines():
            code, _, comment = line.partition("#")
            if not channel:
                matches = re.finditer(rf"\b{name}_initializer\s*=\s*[\w.]+\(([^()]*)\)", code)
                yield from (_numbers(match[1]) for match in matches)
            blank = not channel and re.match(rf"\s*self\.{name}\s*=", code)
            about = alone and re.search(rf"\bself\.{name}\b", comment)
            if (blank or about) and len(_numbers(comment)) == 1:
                yield _numbers(comment)
        for match in re.finditer(rf"\bself\.{name}\s*=.*\b(zeros|ones)\b", self._class(channel)):
            yield {_FILLED_WITH[match[1]]}

    def _is_alone(self, channel: str) -> bool:
        """Return True if the exercise is about this channel and nothing else."""
        return self.exercise.kind == "channel" and channel == self.exercise.class_name

    def _class(self, channel: str) -> str:
        """Return the given class of a channel's name: the last of them, "" where there is none."""
        pattern = rf"(?ms)^class {re.escape(channel)}\b.*?(?=^\S|\Z)"
        classes = [match[0] for code in self.codes for match in re.finditer(pattern, code)]
        return classes[-1] if channel and classes else ""


def handout_of(assignment: Assignment, exercise: Exercise) -> Handout:
    """Collect what the released notebook has with an exercise; nothing where it is not at hand."""
    tags = {other.tag for other in assignment.exercises}
    texts: list[str] = []
    codes: list[str] = []
    for cell in _cells(assignment.notebook, assignment.digest):
        if exercise.tag in cell.tags:
            return Handout(exercise, cell.source, tuple(texts), tuple(codes))
        if not tags.isdisjoint(cell.tags):
            texts, codes = [], []
        elif cell.kind == "markdown":
            texts.append(cell.source)
        elif cell.kind == "code":
            codes.append(cell.source)
    return Handout(exercise, "")


@cache
def _cells(notebook: Path, digest: str) -> tuple[Cell, ...]:
    try:
        return read_notebook(notebook).cells
    except OSError:
        return ()


def _of_channels(exercise: Exercise) -> re.Pattern[str]:
    """Match a channel by its name, with its ion's or alone, but no class that is called alike."""
    names = {name for channel in exercise.channels for name in _called(exercise, channel.name)}
    any_of = "|".join(map(re.escape, sorted(names, key=len, reverse=True))) or "(?!)"
    return re.compile(rf"(?<![\w.])(?:self\.)?(?P<name>{any_of})(?!\w|\.\w)")


def _called(exercise: Exercise, channel: str) -> set[str]:
    """Return a channel's names: also without its ion's where no other is called so."""
    short = channel.rpartition(".")[2]
    alike = [c for c in exercise.channels if c.name.rpartition(".")[2] == short]
    return {channel, short} if len(alike) == 1 else {channel}


def _numbers(text: str) -> set[float]:
    truths = (_TRUTH.get(word, "") for word in _WORD.findall(text))
    texts = [*_NUMBER.findall(text), *filter(None, truths)]
    return {float(one.replace(_MINUS, "-")) for one in texts}


def _numbers_of(parameter: str, text: str) -> set[float]:
    """Return the numbers that follow a parameter's name."""
    name = rf"(?<![\w.]){re.escape(parameter)}(?!\w)[`'\"]*\s*[=:：]?\s*"
    texts = re.findall(rf"{name}({_NUMBER.pattern})", text)
    return {float(one.replace(_MINUS, "-")) for one in texts}


def _holds(numbers: set[float], value: float) -> bool:
    return any(math.isclose(value, number, rel_tol=1e-9) for number in numbers)


def _names(text: str) -> set[str]:
    return set(_WORD.findall(text))
