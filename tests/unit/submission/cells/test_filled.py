"""Which blanks count as filled: each way to write one, and none that leaves it blank."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.assignment.schema import Assignment, Exercise
from grader.core.types import Submission
from grader.submission.cells.find_cell import find_cell
from tests.support.edited_cells import ANSWER, FILLED, Find, added, brief, changed, of, with_cells

NAMES = "('IK', IK), ('INa', INa), ('IL', IL)"


@pytest.mark.parametrize(
    "body",
    [
        "self.IK, self.INa, self.IL = IK(size), INa(size), IL(size)",
        "self.IK, self.INa, self.IL = (make(size) for make in (IK, INa, IL))",
        "self.IK: object = IK(size); self.INa = x = INa(size); (self.IL) = IL(size)",
        "super().__init__(size, IK=IK(size), INa=INa(size), IL=IL(size))",
        "super().__init__(size, **{'IK': IK(size), 'INa': INa(size), 'IL': IL(size)})",
        "super().__init__(size, **dict(IK=IK(size), INa=INa(size), IL=IL(size)))",
        "super().__init__(size, **{c.__name__: c(size) for c in (IK, INa, IL)})",
        "super().__init__(size, **TABLE)",
        "setattr(self, 'IK', IK(size)); setattr(self, 'INa', INa(1)); setattr(self, 'IL', IL(1))",
        f"for name, make in [{NAMES}]: setattr(self, name, make(size))",
        f"for name, make in ({NAMES}): self.children[name] = make(size)",
        "for make in (IK, INa, IL): setattr(self, make.__name__, make(size))",
        "for ion in ('K', 'Na', 'L'): setattr(self, f'I{ion}', globals()[f'I{ion}'](size))",
        "for ion in 'K Na L'.split(): setattr(self, 'I' + ion, table[ion](size))",
        "self.children = bm.NodeDict({'IK': IK(size), 'INa': INa(size), 'IL': IL(size)})",
        "self.children = bm.NodeDict(IK=IK(size), INa=INa(size), IL=IL(size))",
        "self.children['IK'] = IK(1); self.children['INa'] = INa(1); self.children['IL'] = IL(1)",
        "self.add_elem(IK=IK(size)); self.add_elem(INa=INa(size), IL=IL(size))",
        "self.__dict__.update(IK=IK(size), INa=INa(size), IL=IL(size))",
        "IK_ = IK(size); self.IK = IK_; self.INa, *self.IL = rest",
        "self.IK = ...; self.IK = IK(size); self.INa = INa(1) if size else None; self.IL = IL(1)",
        "build(self, size)",
        "exec('self.IK = IK(size); self.INa = INa(size); self.IL = IL(size)')",
    ],
)
def test_every_way_to_fill_counts(find: Find, released: Submission, body: str) -> None:
    """A right answer is never called unfilled, however it gives its channels."""
    source = (
        "TABLE = {'IK': IK(1), 'INa': INa(1), 'IL': IL(1)}\n"
        "def build(self, size):\n  self.IK = IK(1); self.INa = INa(1); self.IL = IL(1)\n"
        if "TABLE" in body or "build" in body
        else ""
    )
    source += f"class HH(bp.dyn.CondNeuGroup):\n  def __init__(self, size):\n    {body}\n"
    assert brief(find(changed(released, 25, source))) == (25, "HH", "tag", 3)


@pytest.mark.parametrize(
    "source",
    [
        FILLED.replace("self.IK = IK(size)", "self.IK = ...  # later"),
        f"{FILLED.replace('self.IK = IK(size)', 'self.IK = None')}",
        FILLED.replace("IK(size)", "NotImplemented", 1),
        FILLED.replace("IK(size)", "'TODO: IK(size)'", 1),
        FILLED.replace("self.IK = IK(size)", "pass"),
        FILLED.replace("self.IK = IK(size)", "# self.IK = IK(size)"),
        FILLED.replace("self.IK = IK(size)", "self.IK: object"),
        FILLED.replace("self.IK = IK(size)", "setattr(self, 'IK', None)"),
        FILLED.replace("self.IK = IK(size)", "E = dict(IK=-77., INa=50.)"),
        FILLED.replace("self.IK = IK(size)", "print(getattr(self, 'IK', 1))"),
        FILLED.replace("self.IK = IK(size)", "'''self.IK = IK(size)'''"),
        FILLED.replace("(self, size)", "(self, size, **kwargs)")
        .replace("__init__(size)", "__init__(size, **kwargs)")
        .replace("self.IK = IK(size)", "self.IK = ..."),
    ],
)
def test_blank_is_blank(find: Find, released: Submission, source: str) -> None:
    """Nothing, a comment or a text in a blank's place leaves it unfilled."""
    found = find(changed(released, 25, source))
    assert [blank.filled for blank in found.blanks] == [False, True, True]


def test_filled_from_outside_the_class(find: Find, released: Submission) -> None:
    """A class that inherits or is given its filling elsewhere in the notebook is filled."""
    inherited = added(changed(released, 25, "class HH(Mine):\n  pass"), "x = 1")
    parts = inherited.cells
    mine = replace(parts[24], id="", source=FILLED.replace("class HH", "class Mine"))
    assert brief(find(with_cells(inherited, [*parts[:24], mine, *parts[24:]]))) == (
        26,
        "HH",
        "tag",
        3,
    )
    patched = (
        "class HH(bp.dyn.CondNeuGroup):\n  pass\n"
        "def start(self, size):\n  self.IK = IK(1); self.INa = INa(1); self.IL = IL(1)\n"
        "HH.__init__ = start\n"
    )
    assert brief(find(changed(released, 25, patched))) == (25, "HH", "tag", 3)


def test_filling_another_class_fills_nothing(find: Find, released: Submission) -> None:
    """In a merged cell only the exercise's own class is looked at."""
    merged = FILLED.replace("CondNeuGroup", "CondNeuGroupLTC") + "\n" + released.cells[25].source
    assert brief(find(of(merged + "\nplt.savefig('HH.jpg')\n"))) == (0, "HH", "class", 0)


def test_exercise_without_blanks_to_name(released: Submission, assignment: Assignment) -> None:
    """Where an exercise names no channels, any change of its class fills it."""
    exercise: Exercise = assignment.exercises[0].model_copy(update={"channels": ()})
    unfilled = added(released, FILLED)
    assert find_cell(unfilled, exercise, assignment).index == 27
    filled = added(changed(released, 25, ANSWER), FILLED)
    assert find_cell(filled, exercise, assignment).index == 25
