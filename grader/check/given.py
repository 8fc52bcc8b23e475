"""What a student's own check may tell of what is asked: no value that the handout doesn't give.

After grading, reports tell it all.
"""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path

from grader.check.item import Item
from grader.read.notebook import read_notebook

_NUMBER = re.compile(r"(?<![\w.])[-\N{MINUS SIGN}]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?!\w)")
_NAME = re.compile(r"[^\W\d]\w*")


def tells(item: Item) -> bool:
    """Whether what the reference does may be told as a number."""
    return item.assignment.rubric is not None


def gives(item: Item, value: float | str) -> bool:
    """Whether ``value`` may be told: always after grading, else where the handout has it.

    Of a text it has every name, though not in that order.
    """
    if tells(item):
        return True
    handout = _text(item.assignment.notebook)
    if isinstance(value, str):
        return set(_NAME.findall(value)) <= set(_NAME.findall(handout))
    return any(math.isclose(value, number, rel_tol=1e-9) for number in _numbers(handout))


@cache
def _text(handout: Path) -> str:
    """All cells of the released notebook; "" where it is not at hand."""
    try:
        cells = read_notebook(handout).cells
    except OSError:
        return ""
    return "\n".join(cell.source for cell in cells)


@cache
def _numbers(text: str) -> frozenset[float]:
    found = _NUMBER.findall(text)
    return frozenset(float(one.replace("\N{MINUS SIGN}", "-")) for one in found)
