"""Notebooks as students hand them in, written as small changes to the released one.

A ``Draft`` is frozen: every change returns a new one, so that samples can share their
beginnings. Its cells keep the released notebook's ids while they are changed, also
where the finished file has none.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from tests.support.project import ROOT

HERE = Path(__file__).parent

IK = "IK(size, E=-77., g_max=36.)"
INa = "INa(size, E=50., g_max=120.)"
IL = "IL(size, E=-54.39, g_max=0.03)"

# The teacher's part of the handout: its heading, and the class that its cell starts with.
ANSWER_HEADING = "## Answer"
ANSWER_CLASS = """\
import brainpy as bp
import brainpy.math as bm

  
class HH(bp.dyn.CondNeuGroup):
  def __init__(self, size):
    super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.))
    self.IK = IK(size, E=-77., g_max=36.)
    self.INa = INa(size, E=50., g_max=120.)
    self.IL = IL(size, E=-54.39, g_max=0.03)
"""  # noqa: W293 - as it stands in the handout

Output = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One cell: ``outputs`` and ``count`` are what the file stores of a run."""

    id: str
    kind: Literal["code", "markdown"]
    source: str
    tags: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    count: int | None = None


def code(id: str, source: str) -> Cell:
    """A code cell of the student's own."""
    return Cell(id=id, kind="code", source=source.strip("\n"))


def text(id: str, source: str) -> Cell:
    """A Markdown cell of the student's own."""
    return Cell(id=id, kind="markdown", source=source.strip("\n"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A notebook in the making, and the form in which it is written to the file."""

    cells: tuple[Cell, ...]
    metadata: dict[str, Any]
    minor: int = 5  # of nbformat 4; cells have ids from 5 on
    lines: bool = False  # sources as lists of lines, as Jupyter itself writes them

    def __getitem__(self, id: str) -> Cell:
        return next(cell for cell in self.cells if cell.id == id)

    def fill(self, IK: str = IK, INa: str = INa, IL: str = IL) -> Draft:
        """Fill the three blanks of the exercise; one left at ``...`` stays unfilled."""
        draft = self
        for name, value in (("IK", IK), ("INa", INa), ("IL", IL)):
            draft = draft.edit("HH", f"self.{name} = ...", f"self.{name} = {value}")
        return draft

    def edit(self, id: str, old: str, new: str) -> Draft:
        """Change the one place in a cell that reads ``old``."""
        source = self[id].source
        if source.count(old) != 1:
            raise ValueError(f"{old!r} stands {source.count(old)} times in cell {id!r}, not once")
        return self.write(id, source.replace(old, new))

    def write(self, id: str, source: str) -> Draft:
        """Put another source in the place of a cell's."""
        return self._with(replace(self[id], source=source.strip("\n")))

    def insert(self, *new: Cell, after: str) -> Draft:
        """Put cells behind another one."""
        at = self.cells.index(self[after]) + 1
        return replace(self, cells=(*self.cells[:at], *new, *self.cells[at:]))

    def append(self, *new: Cell) -> Draft:
        """Put cells at the end."""
        return replace(self, cells=(*self.cells, *new))

    def only(self, ids: Sequence[str]) -> Draft:
        """Keep these cells, in this order."""
        return replace(self, cells=tuple(self[id] for id in ids))

    def without(self, *ids: str) -> Draft:
        """Take cells away."""
        gone = {self[id].id for id in ids}
        return self.only([cell.id for cell in self.cells if cell.id not in gone])

    def stripped(self) -> Draft:
        """Take tags and metadata away, as a tool or a copy into a new notebook does."""
        return replace(
            self, cells=tuple(replace(cell, tags=()) for cell in self.cells), metadata={}
        )

    def as_handout(self, answer: bool = False) -> Draft:
        """In the form of the original handout: nbformat 4.2, no ids, no tags, no ``grader``.

        With ``answer``, its Answer section stands behind the work.
        """
        metadata = {key: value for key, value in self.metadata.items() if key != "grader"}
        draft = replace(self.stripped(), metadata=metadata, minor=2, lines=True)
        return (
            draft.append(text("answer-heading", ANSWER_HEADING), answer_cell()) if answer else draft
        )

    def ran(self, outputs: Mapping[str, Sequence[Output]]) -> Draft:
        """With execution counts as after "Run All", and what some cells have put out."""
        cells, count = [], 0
        for cell in self.cells:
            if cell.kind == "code":
                count += 1
                stored = tuple(
                    output | {"execution_count": count} if "execution_count" in output else output
                    for output in outputs.get(cell.id, ())
                )
                cell = replace(cell, count=count, outputs=stored)
            cells.append(cell)
        return replace(self, cells=tuple(cells))

    def script(self) -> str:
        """The sources of all code cells, one after the other."""
        return "\n\n".join(cell.source for cell in self.cells if cell.kind == "code")

    def json(self) -> dict[str, Any]:
        """The notebook as nbformat 4 stores it."""
        cells = []
        for cell in self.cells:
            source = cell.source.splitlines(keepends=True) if self.lines else cell.source
            stored: dict[str, Any] = {"cell_type": cell.kind}
            if self.minor >= 5:
                stored["id"] = cell.id
            stored["metadata"] = {"tags": list(cell.tags)} if cell.tags else {}
            if cell.kind == "code":
                stored |= {"execution_count": cell.count, "outputs": list(cell.outputs)}
            cells.append(stored | {"source": source})
        return {
            "cells": cells,
            "metadata": self.metadata,
            "nbformat": 4,
            "nbformat_minor": self.minor,
        }

    def file(self) -> bytes:
        """The notebook as the bytes of its file."""
        return as_file(self.json())

    def _with(self, changed: Cell) -> Draft:
        cells = tuple(changed if cell.id == changed.id else cell for cell in self.cells)
        return replace(self, cells=cells)


def as_file(notebook: dict[str, Any]) -> bytes:
    """A notebook as Jupyter writes it: one space of indent, a newline at the end."""
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def released() -> Draft:
    """The notebook that students are given, unfilled."""
    return released_of("hh")


@cache
def released_of(assignment: str) -> Draft:
    """The same of any assignment."""
    file = ROOT / "assignments" / assignment / f"{assignment}.ipynb"
    notebook = json.loads(file.read_text("utf-8"))
    cells = tuple(
        Cell(
            id=cell["id"],
            kind=cell["cell_type"],
            source=cell["source"],
            tags=tuple(cell["metadata"].get("tags", ())),
        )
        for cell in notebook["cells"]
    )
    return Draft(cells=cells, metadata=notebook["metadata"])


def filled() -> Draft:
    """The notebook as it should come back."""
    return released().fill()


def answer_cell() -> Cell:
    """The cell of the handout's Answer section: the filled class and its run."""
    legend, last = "plt.legend()\n", "\nplt.show()"
    run, found, _ = released()["HH-run"].source.rpartition(legend + last)
    if not found:
        raise ValueError("the released notebook's run no longer ends as the handout's answer does")
    source = f'{ANSWER_CLASS}\n{run}{legend}plt.savefig("HH_channels.jpg")\n{last}'
    return Cell(id="answer", kind="code", source=source)


def listing(*words: str) -> Output:
    """The value that a cell ended with, as text."""
    return {
        "data": {"text/plain": "".join(words)},
        "execution_count": None,
        "metadata": {},
        "output_type": "execute_result",
    }


def stream(name: Literal["stdout", "stderr"], words: str) -> Output:
    """What a cell printed."""
    return {"name": name, "output_type": "stream", "text": words}


def picture(name: str) -> Output:
    """A plot that a cell showed: one of the few stored beside this script."""
    image = base64.b64encode((HERE / "pictures" / f"{name}.png").read_bytes()).decode()
    return {
        "data": {"image/png": image + "\n", "text/plain": "<Figure size 640x480 with 1 Axes>"},
        "metadata": {},
        "output_type": "display_data",
    }
