"""The marks of a solution in a teacher's cell, and the cell without what they enclose.

    ### BEGIN SOLUTION
    #: g = ...  # S/m
    g = 3.0
    ### END SOLUTION

These are nbgrader's marks. What they enclose is dropped but for lines that begin with
``#: ``: these stay without those three characters, at their own indent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from grader.core.types import Note

BEGIN, END, STUB = "### BEGIN SOLUTION", "### END SOLUTION", "#: "

_LIKE_A_MARK = re.compile(
    r"\s*#+\s*(BEGIN|END)[\s_-]*(SOLUTION|HIDDEN TESTS?|MARK SCHEME)S?\b", re.I
)


@dataclass(frozen=True, slots=True)
class MarkedCell:
    """A cell as its marks divide it.

    ``released`` is what the student gets, ``solutions`` the lines of each region that
    the student does not get, ``faults`` what is wrong with the marks.
    """

    released: str
    solutions: tuple[tuple[str, ...], ...]
    faults: tuple[Note, ...]


def has_marks(source: str) -> bool:
    """Tell whether a line of ``source`` is a mark, or looks like one."""
    return any(map(_LIKE_A_MARK.match, source.split("\n")))


def read_marks(source: str, cell: int) -> MarkedCell:
    """Divide a code cell, the ``cell``-th as people count them."""
    kept: list[str] = []
    solutions: list[tuple[str, ...]] = []
    faults: list[Note] = []
    begun, stubs, solution = 0, 0, list[str]()

    def fault(message_id: str, line: int) -> None:
        faults.append(Note(message_id=message_id, values={"cell": cell, "line": line}))

    for number, line in enumerate(source.split("\n"), 1):
        mark = line.strip()
        if mark == BEGIN:
            if begun:
                fault("author.mark.begun_twice", number)
            begun, stubs, solution = number, 0, []
        elif mark == END:
            if not begun:
                fault("author.mark.never_begun", number)
            elif not stubs:
                fault("author.mark.no_stub", begun)
            elif not solution:
                fault("author.mark.no_solution", begun)
            solutions += [tuple(solution)] if solution else []
            begun, solution = 0, []
        elif _LIKE_A_MARK.match(line):
            fault("author.mark.unknown", number)
        elif line.lstrip().startswith(STUB):
            if not begun:
                fault("author.mark.stub_outside", number)
            stubs += 1
            kept.append(line.replace(STUB, "", 1))
        elif begun:
            solution.append(line)
        else:
            kept.append(line)
    if begun:
        fault("author.mark.never_ended", begun)
    return MarkedCell("\n".join(kept), tuple(solutions), tuple(faults))
