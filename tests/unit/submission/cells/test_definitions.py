"""What is left of a notebook when only its definitions are run."""

from __future__ import annotations

import pytest

from grader.core.types import Cell
from grader.submission.cells.definitions import definitions


def _left(source: str) -> str:
    (cell,) = definitions([Cell(index=0, kind="code", source=source, id="a")])
    return cell.source


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np",
        "from brainpy import math as bm",
        "E = (1, -77.0)",
        "IK = bp.dyn.IK",
        "def f(x):\n    return g(x)",
        "class IK(bp.dyn.IonChannel):\n    master_type = bp.dyn.HHTypedNeuron",
    ],
)
def test_definitions_stay(source: str) -> None:
    """Imports, functions, classes, and names for values that nothing computes are kept."""
    assert _left(source) == source


@pytest.mark.parametrize(
    "source",
    [
        "attack()",
        "found = attack()",
        "np.asarray = lying",
        "names['IK'] = Other",
        "x = (y := attack)",
        "for _ in range(3):\n    pass",
        "if True:\n    import attack",
        "%pip install attack",
        "!attack",
        "this is no Python",
        "x = " + "-" * 400 + "1",
        "",
    ],
)
def test_whatever_acts_is_left_out(source: str) -> None:
    """What calls, or changes something that is there, does not run; nor what can't be read."""
    assert _left(source) == ""


def test_text_stays_as_it_is() -> None:
    """A Markdown cell is no code."""
    cell = Cell(index=0, kind="markdown", source="attack()", id="a")
    assert definitions([cell]) == (cell,)
