"""The released notebook with cells changed, added or left out, and what is found in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from grader.core.types import Cell, GradedCell, Submission

ANSWER = """\
import brainpy as bp
import brainpy.math as bm


class HH(bp.dyn.CondNeuGroup):
  def __init__(self, size):
    super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.))
    self.IK = IK(size, E=-77., g_max=36.)
    self.INa = INa(size, E=50., g_max=120.)
    self.IL = IL(size, E=-54.39, g_max=0.03)

neu = HH(1)
plt.savefig("HH_channels.jpg")
"""
FILLED = """\
class HH(bp.dyn.CondNeuGroup):
  def __init__(self, size):
    super().__init__(size)
    self.IK = IK(size)
    self.INa = INa(size)
    self.IL = IL(size)
"""
Find = Callable[[Submission], GradedCell]


def with_cells(submission: Submission, cells: Sequence[Cell]) -> Submission:
    numbered = tuple(replace(cell, index=index) for index, cell in enumerate(cells))
    return replace(submission, cells=numbered)


def changed(submission: Submission, index: int, source: str) -> Submission:
    cells = list(submission.cells)
    cells[index] = replace(cells[index], source=source)
    return with_cells(submission, cells)


def added(submission: Submission, *sources: str) -> Submission:
    """Cells at the end; those that begin with ``#`` and a space are Markdown."""
    new = [
        Cell(index=0, kind="markdown" if source.startswith("# ") else "code", source=source, id="")
        for source in sources
    ]
    return with_cells(submission, [*submission.cells, *new])


def stripped(submission: Submission) -> Submission:
    """Without tags and ids, as many tools leave a notebook."""
    return with_cells(
        submission,
        [replace(cell, tags=(), id=f"made-{cell.index}") for cell in submission.cells],
    )


def of(*sources: str) -> Submission:
    empty = Submission(file="work.ipynb", sha256="0")
    return added(empty, *sources)


def fill(source: str) -> str:
    """The template as a student fills it."""
    for name in ("IK", "INa", "IL"):
        source = source.replace(f"self.{name} = ...", f"self.{name} = {name}(size)")
    return source


def brief(cell: GradedCell) -> tuple[int | None, str, str, int]:
    return cell.index, cell.class_name, cell.found_by, cell.filled
