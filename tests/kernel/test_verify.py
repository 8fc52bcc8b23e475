"""Verifying an assignment: which models are made of its solution, and what becomes of them."""

from __future__ import annotations

import ast
import html
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from grader.assignment.find import find
from grader.assignment.schema import Assignment
from grader.assignment.stimuli import draw
from grader.authoring.verify.ast_edits import Specimen, everywhere, swapped
from grader.authoring.verify.equation_mutants import mutants
from grader.authoring.verify.mutants import specimens
from grader.authoring.verify.report_html import verify_html
from grader.authoring.verify.run import verify_assignment
from grader.authoring.verify.run_mutants import Asker, as_submission, of_seed
from grader.authoring.verify.samples import Labelled
from grader.authoring.verify.solution import Teacher
from grader.core.types import (
    Answers,
    Evidence,
    ExecutedNotebook,
    ExerciseEvidence,
    GradedCell,
    ModelProbe,
    StimulusSet,
)
from grader.run.kernel.session import HarnessError
from grader.run.run_request import RunRequest
from grader.sandbox.detect import detect_sandbox
from tests.support.project import ROOT
from tests.support.some_models import some_models

IDS = sorted({file.parent.name for file in ROOT.glob("assignments/*/*.toml")})


@pytest.fixture(scope="module")
def made(assignment: Assignment) -> tuple[Teacher, list[Specimen]]:
    """The solution taken apart, and all specimens made of it."""
    ((teacher, numbered),) = specimens(assignment)
    assert [number for number, _ in numbered] == list(range(len(numbered)))
    return teacher, [specimen for _, specimen in numbered]


def test_an_edit_changes_one_place_and_leaves_the_tree_alone() -> None:
    """The new source differs in the node that was meant; the tree stays as it was."""
    tree = ast.parse("a = x * y\nb = x * y")
    first = tree.body[0].value  # type: ignore[attr-defined]
    assert swapped(tree, first, ast.Constant(1)) == "a = 1\nb = x * y"
    assert ast.unparse(tree) == "a = x * y\nb = x * y"


def test_each_place_is_changed_once() -> None:
    """A change is made at every node where it applies, one at a time."""
    tree = ast.parse("a = -x\nb = -y")

    def plus(node: ast.AST):  # type: ignore[no-untyped-def]
        if isinstance(node, ast.UnaryOp):
            yield "plus", node.operand

    found = [source for _, source in everywhere(tree, tree.body, plus)]
    assert found == ["a = x\nb = -y", "a = -x\nb = y"]


def test_the_solution_is_taken_apart(made: tuple[Teacher, list[Specimen]]) -> None:
    """The graded cell, the cells of the channels' classes, and the line of each channel."""
    teacher, _ = made
    assert list(teacher.calls) == ["IK", "INa", "IL"]
    assert len(teacher.class_cells) == 3
    assert max(teacher.class_cells) < teacher.graded


def test_there_are_enough_models(made: tuple[Teacher, list[Specimen]]) -> None:
    """At least 150 wrong ones and 30 right ones; every one is Python and has a name of its own."""
    _, all_of_them = made
    rights = [specimen for specimen in all_of_them if specimen.right]
    assert len(rights) >= 30
    assert len(all_of_them) - len(rights) >= 150
    for specimen in all_of_them:
        for source in specimen.cells.values():
            ast.parse(source)
    twice = [n for n, count in Counter(str(s.cells) for s in all_of_them).items() if count > 1]
    assert len(twice) <= 3  # the same text may come about in two ways


def test_a_specimen_differs_from_the_solution_in_its_own_cells_alone(
    made: tuple[Teacher, list[Specimen]],
) -> None:
    """The rest of the notebook is the teacher's."""
    teacher, all_of_them = made
    specimen = next(s for s in all_of_them if s.operator == "exponent")
    cells = as_submission(teacher, specimen).cells
    changed = [a.index for a, b in zip(cells, teacher.submission.cells, strict=True) if a != b]
    assert changed == list(specimen.cells)


def test_an_accepted_variant_is_no_wrong_model(
    made: tuple[Teacher, list[Specimen]], assignment: Assignment
) -> None:
    """A constant that is changed into that of an accepted model makes no wrong one."""
    name = "constant: INa.dm: 0.11 -> 0.11022"
    assert name in {specimen.name for specimen in made[1]}
    variants = [
        variant.model_copy(update={"constants": {"alpha_m": 0.11022}} if variant.constants else {})
        for variant in assignment.variants
    ]
    accepting = assignment.model_copy(update={"variants": tuple(variants)})
    left = {specimen.name for specimen in mutants(made[0], accepting)}
    assert {specimen.name for specimen in mutants(made[0], assignment)} - left == {name}


def test_answers_of_several_seeds_come_apart_again(assignment: Assignment) -> None:
    """The part of a seed holds that seed's stimuli, states, traces and field."""
    seeds = (3, 4, 5)
    drawn = [draw(assignment, ["IK.n"], [seed], True) for seed in seeds]
    every = draw(assignment, ["IK.n"], seeds, True)
    states, there = every.field_states, every.map_states
    whole = ExerciseEvidence(
        cell=GradedCell(exercise="HH", index=0),
        probe=ModelProbe(found=True),
        answers=Answers(
            traces={"V": every.stimuli.current * 2},
            field_states=states,
            field={"V": states["V"] * 3},
            map_states=there,
            map_steps=(1, 2),
            maps={"V": np.stack([there["V"], there["V"] * 5])},
        ),
        stimuli=every.stimuli,
    )
    for position, own in enumerate(drawn):
        part = of_seed(whole, position, len(seeds))
        assert isinstance(part.stimuli, StimulusSet)
        assert part.stimuli.names == own.stimuli.names
        assert np.array_equal(part.stimuli.V0, own.stimuli.V0)
        assert np.array_equal(part.answers.traces["V"], own.stimuli.current * 2)
        assert np.array_equal(part.answers.field["V"], own.field_states["V"] * 3)
        assert np.array_equal(part.answers.map_states["IK.n"], own.map_states["IK.n"])
        assert np.array_equal(part.answers.maps["V"][1], own.map_states["V"] * 5)


def test_a_kernel_that_never_was_ready_is_tried_again(
    made: tuple[Teacher, list[Specimen]], assignment: Assignment
) -> None:
    """In vain twice in a row is no end; three times is. So is one that a specimen ends."""
    teacher, all_of_them = made
    ends: list[str] = []

    class Unready(Asker):
        """Its kernels are ready, or not, as ``ends`` says."""

        async def _in_one_kernel(
            self, specimens: Sequence[Specimen], keep: Callable[[Evidence], None], *, again: bool
        ) -> int:
            if (end := ends.pop(0)) == "never ready":
                raise HarnessError(end)
            if end == "lost" and not again:
                return 0
            keep(replace(self.base, submission=as_submission(teacher, specimens[0])))
            return 1

    job = RunRequest(
        notebook=assignment.notebook, assignment=assignment, limits=assignment.limits, secret=b""
    )
    base = Evidence(
        submission=teacher.submission, executed=ExecutedNotebook(status="ok"), exercises={}
    )
    asker = Unready(teacher, job, base, (1,))
    ends[:] = ["never ready", "never ready", "answers", "never ready", "answers", "lost", "lost"]
    kept: list[Evidence] = []
    asker.ask(all_of_them[:3], kept.append)
    assert [e.submission for e in kept] == [as_submission(teacher, s) for s in all_of_them[:3]]
    assert ends == []
    ends[:] = ["answers", "never ready", "never ready", "never ready", "answers"]
    with pytest.raises(HarnessError):
        asker.ask(all_of_them[:2], kept.append)
    assert ends == ["answers"]


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
    loaded = find(tried.id).load(as_teacher=True)
    first = first_of_each(loaded, tried.chosen)
    matrix = verify_assignment(
        loaded,
        setup,
        tried.seeds,
        tried.jobs,
        lambda done, total: None,
        lambda number, specimen: number in first,
    )
    assert matrix.faults() == []
    assert [row.specimen for row in matrix.rows] == list(first.values())
    deserves = {row.specimen.operator for row in (*matrix.right(), *matrix.wrong())}
    assert deserves == {specimen.operator for specimen in first.values()}
    page = verify_html(matrix, Labelled(number=0, wrong={}), tried.id, 1.0, "en")
    rows = {html.unescape(head) for head in re.findall(r'<th scope="row">([^<]*)</th>', page)}
    assert {row.specimen.operator for row in matrix.wrong()} <= rows
    assert "<script" not in page


@pytest.mark.full
def test_every_operator_of_every_assignment_is_tried() -> None:
    """And none is named above that makes nothing: a list that is out of date would hide that."""
    every = {id: set(_operators(find(id).load(as_teacher=True))) for id in IDS}
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
    return (one.operator for _, numbered in specimens(assignment) for _, one in numbered)


def first_of_each(assignment: Assignment, is_chosen: Callable[[str], bool]) -> dict[int, Specimen]:
    """The first model that each operator makes, by its number."""
    found: dict[str, tuple[int, Specimen]] = {}
    for _, numbered in specimens(assignment):
        for number, specimen in numbered:
            if is_chosen(specimen.operator):
                found.setdefault(specimen.operator, (number, specimen))
    return dict(sorted(found.values()))


LABELS = """\
[[samples]]
file = "right.ipynb"
about = "Nothing that can be read, but labelled as a right one."
outcome = "graded"
run = "ok"
score = [100, 100]

[[samples]]
file = "empty.ipynb"
about = "Nothing that can be read."
outcome = "graded"
run = "unreadable"
score = [0, 0]
"""


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A course of one assignment, which the tests may change."""
    for folder in ("assignments", "reference"):
        shutil.copytree(ROOT / folder / "hh-from-scratch", tmp_path / folder / "hh-from-scratch")
    return tmp_path


def _verified(course: Path) -> tuple[int, list[str]]:
    """The status of ``grader verify`` with one model, its page and what is on the screen."""
    command = [sys.executable, *some_models(":1"), "verify", "hh-from-scratch", "--seeds", "1"]
    where = ["-o", str(course / "page.html"), "--assignments", str(course)]
    done = subprocess.run([*command, *where], capture_output=True, text=True, timeout=600)
    assert done.returncode in (0, 1), done.stderr
    page = html.unescape((course / "page.html").read_text("utf-8"))
    return done.returncode, [page, " ".join(done.stdout.split())]


@pytest.mark.full
def test_a_model_that_does_not_get_what_it_deserves_is_named(scratch: Path) -> None:
    """``grader verify`` ends with status 1, and says on the screen and in the page which it is."""
    file = scratch / "reference" / "hh-from-scratch" / "model.py"
    text = file.read_text("utf-8")
    assert '"gNa": 120.0' in text
    file.write_text(text.replace('"gNa": 120.0', '"gNa": 121.0'), "utf-8")
    status, said = _verified(scratch)
    assert status == 1
    for text in said:
        assert "1 models got what they do not deserve" in text
        assert re.search(r"as it is: the solution.{1,50}right, but [\d.]+ points", text, re.DOTALL)


@pytest.mark.full
def test_a_sample_that_is_not_graded_as_its_label_says_is_named(scratch: Path) -> None:
    """The same of a labelled sample; nothing is said of one that is graded as labelled."""
    (samples := scratch / "submissions" / "hh-from-scratch").mkdir(parents=True)
    (samples / "expected.toml").write_text(LABELS, "utf-8")
    for name in ("right", "empty"):
        (samples / f"{name}.ipynb").write_bytes(b"")
    status, said = _verified(scratch)
    assert status == 1
    for text in said:
        assert "1 of 2 labelled samples are not graded as their labels say" in text
        assert "right.ipynb" in text
        assert "score: expected 100, got 0" in text
        assert "empty.ipynb" not in text
