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


def tells(item: Item) -> bool:
    """Whether what the reference does may be told as a number."""
    return item.assignment.rubric is not None


def gives(item: Item, value: float) -> bool:
    """Whether ``value`` may be told: always after grading, else where the handout has it."""
    return tells(item) or any(
        math.isclose(value, number, rel_tol=1e-9) for number in _numbers(item.assignment.notebook)
    )


@cache
def _numbers(handout: Path) -> frozenset[float]:
    """The numbers in the released notebook; none where it is not at hand."""
    try:
        cells = read_notebook(handout).cells
    except OSError:
        return frozenset()
    found = (one for cell in cells for one in _NUMBER.findall(cell.source))
    return frozenset(float(one.replace("\N{MINUS SIGN}", "-")) for one in found)
