"""Verifying an assignment: which models are made of its solution, and what becomes of them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from grader.assignment.find import find_assignment
from grader.assignment.schema import Assignment
from grader.authoring.verify.all_mutants import all_mutants
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.report_html import verify_html
from grader.authoring.verify.run import verify_assignment
from grader.authoring.verify.samples import SampleAgreement
from grader.sandbox.detect import detect_sandbox
from tests.support.project import ROOT

IDS = sorted({file.parent.name for file in ROOT.glob("assignments/*/*.toml")})


@dataclass(frozen=True)
class Tried:
    """Of which operators the first model of an assignment's solution is run."""

    id: str
    chosen: Callable[[str], bool]
    seeds: tuple[int, ...] = (1, 2)
    jobs: int = 2


FEW = (  # right ones in both precisions, and wrong ones of equations, of a start and of updates
    *("as it is", "states in float32", "constant, single precision", "start of a state"),
    *("comparison", "input left out"),
)
WHOLE = ("hh", "hh-from-scratch")
"""Assignments of which --full runs a model of every operator."""

PART: Mapping[str, tuple[str, ...]] = {
    "hh-lesson": (
        # what neither of them has: runs that record, and the library's channels
        *("a record more", "records by functions", "records in another order", "run twice"),
        *("records exchanged", "record of another", "record left out", "record under another name"),
        *("never run", "parameters rounded", "another step, single precision"),
        # what lies nearest to the tolerances, and what its other kinds of exercises are asked
        *("as it is", "another integrator", "states in float32", "constant"),
        *("parameter off by 0.2 %", "parameter off by 0.2 %, single precision"),
        *("master_type", "channel of another", "initial state", "update removed", "exponent"),
    ),
    "thalamic": (
        # what none of them has: channels that hang on ions
        *("channels on an ion without names", "channels on an ion one by one"),
        *("channels by the ion's constructor", "ions mixed in another order", "hung elsewhere"),
        # what lies nearest to the tolerances, and what the ions could make another
        *("as it is", "states in float32", "parameters rounded", "channel removed"),
        *("parameter off by 0.2 %", "parameter off by 0.2 %, single precision"),
        *("V reset after a spike", "parameter changes late, another integrator"),
    ),
}
"""The operators that --full runs for other assignments; --exhaustive runs the rest.

What these solutions have in common with those of `WHOLE` is changed by the same operators there.
"""

TRIED = [
    pytest.param(Tried("hh-from-scratch", FEW.__contains__, (1,), 1), id="a-few"),
    *(
        pytest.param(Tried(id, lambda operator: True), id=id, marks=pytest.mark.full)
        for id in WHOLE
    ),
    *(
        pytest.param(Tried(id, part.__contains__), id=id, marks=pytest.mark.full)
        for id, part in PART.items()
    ),
    *(
        pytest.param(
            Tried(id, lambda operator, part=part: operator not in part),
            id=f"{id}-the-rest",
            marks=pytest.mark.exhaustive,
        )
        for id, part in PART.items()
    ),
]


@pytest.mark.parametrize("tried", TRIED)
def test_a_model_of_each_operator_gets_what_it_deserves(tried: Tried) -> None:
    """A right one has full marks, a wrong one has not, and each operator stands in the page.

    ``grader verify`` takes all models, and ten seeds.
    """
    setup, found = detect_sandbox("auto")
    assert setup is not None, found
    loaded = find_assignment(tried.id).load(as_teacher=True)
    first = first_of_each(loaded, tried.chosen)
    matrix = verify_assignment(
        loaded,
        setup,
        tried.seeds,
        tried.jobs,
        lambda done, total: None,
        lambda number, mutant: number in first,
    )
    assert matrix.faults() == []
    assert [row.mutant for row in matrix.results] == list(first.values())
    deserves = {row.mutant.operator for row in (*matrix.right(), *matrix.wrong())}
    assert deserves == {mutant.operator for mutant in first.values()}
    page = verify_html(matrix, SampleAgreement(number=0, disagreements={}), tried.id, 1.0, "en")
    rows = {html.unescape(head) for head in re.findall(r'<th scope="row">([^<]*)</th>', page)}
    assert {row.mutant.operator for row in matrix.wrong()} <= rows
    assert "<script" not in page


@pytest.mark.full
def test_every_operator_of_every_assignment_is_tried() -> None:
    """And none is named above that makes nothing: a list that is out of date would hide that."""
    every = {id: set(_operators(find_assignment(id).load(as_teacher=True))) for id in IDS}
    assert set(every) == {param.values[0].id for param in TRIED}
    for id, operators in every.items():
        of = [p.values[0] for p in TRIED if p.values[0].id == id]
        assert {o for o in operators if any(tried.chosen(o) for tried in of)} == operators
    assert set(FEW) <= every["hh-from-scratch"]
    known = set().union(*(every[id] for id in WHOLE))
    for id, part in PART.items():
        assert every[id] - known <= set(part) <= every[id]
        known |= every[id]


def _operators(assignment: Assignment) -> Iterator[str]:
    return (one.operator for _, numbered in all_mutants(assignment) for _, one in numbered)


def first_of_each(assignment: Assignment, is_chosen: Callable[[str], bool]) -> dict[int, Mutant]:
    """The first model that each operator makes, by its number."""
    found: dict[str, tuple[int, Mutant]] = {}
    for _, numbered in all_mutants(assignment):
        for number, mutant in numbered:
            if is_chosen(mutant.operator):
                found.setdefault(mutant.operator, (number, mutant))
    return dict(sorted(found.values()))
