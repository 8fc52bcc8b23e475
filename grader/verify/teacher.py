"""The teacher's solution, taken apart: the graded cell, and the cells whose classes it uses."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from grader.assignment import Assignment, Exercise
from grader.read.cells import find_cell
from grader.read.notebook import read_notebook
from grader.read.source import parse
from grader.stages import GradedCell, Submission


class NoSolution(Exception):
    """The teacher's notebook can't be taken apart; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Teacher:
    """The solution of one exercise. ``trees`` maps a cell's index to its syntax tree.

    ``graded`` is the graded cell's index; the other trees are cells whose classes the graded
    one makes its channels with. ``calls`` maps a channel to the statement that makes it.
    """

    submission: Submission
    exercise: Exercise
    cell: GradedCell
    graded: int
    trees: Mapping[int, ast.Module]
    calls: Mapping[str, ast.Assign]

    @property
    def class_cells(self) -> list[int]:
        """The cells of the channels' classes, in order."""
        return [index for index in self.trees if index != self.graded]


def take_apart(assignment: Assignment, exercise: Exercise) -> Teacher:
    """The solution of ``exercise``. Raises ``NoSolution``."""
    assert assignment.rubric is not None
    submission = read_notebook(assignment.rubric.solution)
    cell = find_cell(submission, exercise, assignment)
    if cell.index is None:
        raise NoSolution(f"the solution has no cell for exercise {exercise.id}")
    own = parse(submission.cells[cell.index].source)
    if own is None:
        raise NoSolution(f"the solution's cell {cell.index + 1} can't be parsed")
    wanted = {node.id for node in ast.walk(own) if isinstance(node, ast.Name)}
    defined: dict[str, int] = {}
    trees: dict[int, ast.Module] = {}
    for other in submission.cells[: cell.index]:
        tree = parse(other.source) if other.kind == "code" else None
        for node in [] if tree is None else tree.body:
            if isinstance(node, ast.ClassDef) and node.name in wanted:
                assert tree is not None
                defined[node.name], trees[other.index] = other.index, tree
    kept = sorted(set(defined.values()))
    return Teacher(
        submission=submission,
        exercise=exercise,
        cell=cell,
        graded=cell.index,
        trees={**{index: trees[index] for index in kept}, cell.index: own},
        calls=calls(own, [channel.name for channel in exercise.channels]),
    )


def makes(node: ast.AST, names: Collection[str]) -> TypeGuard[ast.Assign]:
    """Whether a statement makes one of the channels: ``self.NAME = CLASS(...)``."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
        return False
    target = node.targets[0]
    return isinstance(target, ast.Attribute) and target.attr in names


def calls(tree: ast.Module, names: Collection[str]) -> dict[str, ast.Assign]:
    """The statement that makes each channel."""
    made = [node for node in ast.walk(tree) if makes(node, names)]
    return {ast.unparse(node.targets[0]).rpartition(".")[2]: node for node in made}
