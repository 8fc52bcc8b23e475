"""Which models are made of a solution, and that each differs from it in one place."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from grader.assignment.schema import Assignment
from grader.assignment.stimuli import draw_request
from grader.authoring.verify.all_mutants import all_mutants
from grader.authoring.verify.ast_edits import Mutant, edit_each_node, replace_nodes
from grader.authoring.verify.equation_mutants import wrong_mutants
from grader.authoring.verify.parsed_solution import ParsedSolution
from grader.authoring.verify.run_mutants import MutantRunner, as_submission, select_seed
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


@pytest.fixture(scope="module")
def made(assignment: Assignment) -> tuple[ParsedSolution, list[Mutant]]:
    """The solution taken apart, and all mutants made of it."""
    ((teacher, numbered),) = all_mutants(assignment)
    assert [number for number, _ in numbered] == list(range(len(numbered)))
    return teacher, [mutant for _, mutant in numbered]


def test_an_edit_changes_one_place_and_leaves_the_tree_alone() -> None:
    """The new source differs in the node that was meant; the tree stays as it was."""
    tree = ast.parse("a = x * y\nb = x * y")
    first = tree.body[0].value  # type: ignore[attr-defined]
    assert replace_nodes(tree, {first: ast.Constant(1)}) == "a = 1\nb = x * y"
    assert ast.unparse(tree) == "a = x * y\nb = x * y"


def test_each_place_is_changed_once() -> None:
    """A change is made at every node where it applies, one at a time."""
    tree = ast.parse("a = -x\nb = -y")

    def plus(node: ast.AST):  # type: ignore[no-untyped-def]
        if isinstance(node, ast.UnaryOp):
            yield "plus", node.operand

    found = [replace_nodes(tree, changes) for _, changes in edit_each_node(tree.body, plus)]
    assert found == ["a = x\nb = -y", "a = -x\nb = y"]


def test_the_solution_is_taken_apart(made: tuple[ParsedSolution, list[Mutant]]) -> None:
    """The graded cell, the cells of the channels' classes, and the line of each channel."""
    teacher, _ = made
    assert list(teacher.channel_statements) == ["IK", "INa", "IL"]
    assert len(teacher.class_cells) == 3
    assert max(teacher.class_cells) < teacher.graded_index


def test_there_are_enough_models(made: tuple[ParsedSolution, list[Mutant]]) -> None:
    """At least 150 wrong ones and 30 right ones; every one is Python and has a name of its own."""
    _, all_of_them = made
    rights = [mutant for mutant in all_of_them if mutant.right]
    assert len(rights) >= 30
    assert len(all_of_them) - len(rights) >= 150
    for mutant in all_of_them:
        for source in mutant.cells.values():
            ast.parse(source)
    twice = [n for n, count in Counter(str(s.cells) for s in all_of_them).items() if count > 1]
    assert len(twice) <= 3  # the same text may come about in two ways


def test_a_specimen_differs_from_the_solution_in_its_own_cells_alone(
    made: tuple[ParsedSolution, list[Mutant]],
) -> None:
    """The rest of the notebook is the teacher's."""
    teacher, all_of_them = made
    mutant = next(s for s in all_of_them if s.operator == "exponent")
    cells = as_submission(teacher, mutant).cells
    changed = [a.index for a, b in zip(cells, teacher.submission.cells, strict=True) if a != b]
    assert changed == list(mutant.cells)


def test_an_accepted_variant_is_no_wrong_model(
    made: tuple[ParsedSolution, list[Mutant]], assignment: Assignment
) -> None:
    """A constant that is changed into that of an accepted model makes no wrong one."""
    name = "constant: INa.dm: 0.11 -> 0.11022"
    assert name in {mutant.name for mutant in made[1]}
    variants = [
        variant.model_copy(update={"constants": {"alpha_m": 0.11022}} if variant.constants else {})
        for variant in assignment.variants
    ]
    accepting = assignment.model_copy(update={"variants": tuple(variants)})
    left = {mutant.name for mutant in wrong_mutants(made[0], accepting)}
    assert {mutant.name for mutant in wrong_mutants(made[0], assignment)} - left == {name}


def test_answers_of_several_seeds_come_apart_again(assignment: Assignment) -> None:
    """The part of a seed holds that seed's stimuli, states, traces and field."""
    seeds = (3, 4, 5)
    drawn = [draw_request(assignment, ["IK.n"], [seed], True) for seed in seeds]
    every = draw_request(assignment, ["IK.n"], seeds, True)
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
        part = select_seed(whole, position, len(seeds))
        assert isinstance(part.stimuli, StimulusSet)
        assert part.stimuli.names == own.stimuli.names
        assert np.array_equal(part.stimuli.V0, own.stimuli.V0)
        assert np.array_equal(part.answers.traces["V"], own.stimuli.current * 2)
        assert np.array_equal(part.answers.field["V"], own.field_states["V"] * 3)
        assert np.array_equal(part.answers.map_states["IK.n"], own.map_states["IK.n"])
        assert np.array_equal(part.answers.maps["V"][1], own.map_states["V"] * 5)


def test_a_kernel_that_never_was_ready_is_tried_again(
    made: tuple[ParsedSolution, list[Mutant]], assignment: Assignment
) -> None:
    """In vain twice in a row is no end; three times is. So is one that a mutant ends."""
    teacher, all_of_them = made
    ends: list[str] = []

    class Unready(MutantRunner):
        """Its kernels are ready, or not, as ``ends`` says."""

        async def _in_one_kernel(
            self, mutants: Sequence[Mutant], keep: Callable[[Evidence], None], *, again: bool
        ) -> int:
            if (end := ends.pop(0)) == "never ready":
                raise HarnessError(end)
            if end == "lost" and not again:
                return 0
            keep(replace(self.base, submission=as_submission(teacher, mutants[0])))
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
    asker.run(all_of_them[:3], kept.append)
    assert [e.submission for e in kept] == [as_submission(teacher, s) for s in all_of_them[:3]]
    assert ends == []
    ends[:] = ["answers", "never ready", "never ready", "never ready", "answers"]
    with pytest.raises(HarnessError):
        asker.run(all_of_them[:2], kept.append)
    assert ends == ["answers"]
