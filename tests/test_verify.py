"""Verifying an assignment: which models are made of its solution, and what becomes of them."""

from __future__ import annotations

import ast
import html
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from project import ROOT

from grader.assignment import Assignment
from grader.box.choose import find_box
from grader.job import Job
from grader.locate import find
from grader.run.session import KernelBroken
from grader.stages import (
    Answers,
    Attempt,
    Evidence,
    ExecutedNotebook,
    GradedCell,
    ModelProbe,
    Panel,
)
from grader.stimuli import draw
from grader.verify.ask import Asker, as_submission, of_seed
from grader.verify.edits import Specimen, everywhere, swapped
from grader.verify.labelled import Labelled
from grader.verify.page import verify_html
from grader.verify.run import verify_assignment
from grader.verify.specimens import specimens
from grader.verify.teacher import Teacher

IDS = sorted({file.parent.name for file in ROOT.glob("assignments/*/*.toml")})


def one_of_each() -> Callable[[int, Specimen], bool]:
    """Whether a model is the first that an operator makes."""
    seen: set[str] = set()

    def chosen(number: int, specimen: Specimen) -> bool:
        is_new = specimen.operator not in seen
        seen.add(specimen.operator)
        return is_new

    return chosen


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


def test_an_accepted_variant_is_no_wrong_model(made: tuple[Teacher, list[Specimen]]) -> None:
    """Nothing that is made a wrong model is one that the assignment accepts."""
    _, all_of_them = made
    assert not [s.name for s in all_of_them if not s.right and s.place.endswith("-> 0.1")]


def test_answers_of_several_seeds_come_apart_again(assignment: Assignment) -> None:
    """The part of a seed holds that seed's stimuli, states, traces and field."""
    seeds = (3, 4, 5)
    drawn = [draw(assignment, ["IK.n"], [seed], True) for seed in seeds]
    every = draw(assignment, ["IK.n"], seeds, True)
    states, there = every.field_states, every.map_states
    whole = Attempt(
        cell=GradedCell(exercise="HH", index=0),
        probe=ModelProbe(found=True),
        answers=Answers(
            traces={"V": every.panel.current * 2},
            field_states=states,
            field={"V": states["V"] * 3},
            map_states=there,
            map_steps=(1, 2),
            maps={"V": np.stack([there["V"], there["V"] * 5])},
        ),
        panel=every.panel,
    )
    for position, own in enumerate(drawn):
        part = of_seed(whole, position, len(seeds))
        assert isinstance(part.panel, Panel)
        assert part.panel.names == own.panel.names
        assert np.array_equal(part.panel.V0, own.panel.V0)
        assert np.array_equal(part.answers.traces["V"], own.panel.current * 2)
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
                raise KernelBroken(end)
            if end == "lost" and not again:
                return 0
            keep(replace(self.base, submission=as_submission(teacher, specimens[0])))
            return 1

    job = Job(
        notebook=assignment.notebook, assignment=assignment, limits=assignment.limits, secret=b""
    )
    base = Evidence(
        submission=teacher.submission, executed=ExecutedNotebook(status="ok"), attempts={}
    )
    asker = Unready(teacher, job, base, (1,))
    ends[:] = ["never ready", "never ready", "answers", "never ready", "answers", "lost", "lost"]
    kept: list[Evidence] = []
    asker.ask(all_of_them[:3], kept.append)
    assert [e.submission for e in kept] == [as_submission(teacher, s) for s in all_of_them[:3]]
    assert ends == []
    ends[:] = ["answers", "never ready", "never ready", "never ready", "answers"]
    with pytest.raises(KernelBroken):
        asker.ask(all_of_them[:2], kept.append)
    assert ends == ["answers"]


@pytest.mark.full
@pytest.mark.parametrize("id", IDS)
def test_a_model_of_each_operator_gets_what_it_deserves(id: str) -> None:
    """Under two seeds, and every operator stands in the page; ``grader verify`` takes all."""
    setup, found = find_box("auto")
    assert setup is not None, found
    loaded = find(id).load(as_teacher=True)
    matrix = verify_assignment(
        loaded,
        setup,
        (1, 2),
        2,
        lambda done, total: None,
        one_of_each(),
    )
    assert matrix.faults() == []
    assert len(matrix.right()) >= 5
    assert len(matrix.wrong()) >= 20
    page = verify_html(matrix, Labelled(number=0, wrong={}), id, 1.0, "en")
    assert all(operator in html.unescape(page) for operator in matrix.operators())
    assert "<script" not in page
