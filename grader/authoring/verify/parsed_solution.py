"""The teacher's solution, taken apart: the graded cell, and the cells whose classes it uses."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeGuard

from grader.assignment.schema import Assignment, Exercise
from grader.authoring.verify.ast_edits import Mutant, Replacements, methods, replace_nodes
from grader.core.types import GradedCell, Submission
from grader.submission.cells.find_cell import find_cell
from grader.submission.notebook.ast_digest import parse
from grader.submission.notebook.read import read_notebook


class NoSolution(Exception):
    """The teacher's notebook can't be taken apart; the message says why."""


@dataclass(frozen=True, kw_only=True)
class ParsedSolution:
    """The solution of one exercise, as the syntax trees of the cells that it stands in."""

    submission: Submission
    exercise: Exercise
    cell: GradedCell
    graded_index: int
    """The index of the graded cell."""
    trees: Mapping[int, ast.Module]
    """The graded cell's tree and those of cells whose classes it makes its channels with."""
    shared_cells: frozenset[int]
    """The cells among them that are graded for other exercises."""

    @property
    def graded_tree(self) -> ast.Module:
        """The graded cell's syntax tree."""
        return self.trees[self.graded_index]

    @property
    def graded_class(self) -> ast.ClassDef | None:
        """The graded class, where its cell defines it once."""
        found = [n for n in self.graded_tree.body if isinstance(n, ast.ClassDef)]
        found = [node for node in found if node.name == self.cell.class_name]
        return found[0] if len(found) == 1 else None

    @cached_property
    def channel_statements(self) -> dict[str, ast.Assign]:
        """The statement that makes each channel, of those that no other statement speaks of."""
        return _find_channel_statements(self.graded_tree, self._channel_names)

    @cached_property
    def channel_calls(self) -> dict[str, ast.Call]:
        """The call that makes each channel, those that hang on ions too."""
        return _find_channel_calls(self.graded_tree, self._channel_names)

    @property
    def _channel_names(self) -> list[str]:
        return [channel.name for channel in self.exercise.channels]

    @property
    def class_cells(self) -> list[int]:
        """The cells of the channels' classes, in order."""
        return [index for index in self.trees if index != self.graded_index]

    @property
    def equation_cells(self) -> list[int]:
        """The cells with equations: those of the channels' classes, else the graded one."""
        return self.class_cells or [self.graded_index]

    def own_methods(self) -> list[tuple[ast.ClassDef, ast.FunctionDef]]:
        """Return the methods of the cells with equations that are no other exercise's.

        What is wrong in the others is that exercise's affair.
        """
        own = [self.trees[i] for i in self.equation_cells if i not in self.shared_cells]
        return [found for tree in own for found in methods(tree)]

    def with_cells(self, cells: Mapping[int, str]) -> ParsedSolution:
        """Return the solution with other sources of some of its cells."""
        trees = {i: ast.parse(cells[i]) if i in cells else tree for i, tree in self.trees.items()}
        return replace(self, trees=trees)

    def mutant(
        self,
        operator: str,
        place: str,
        replacements: Replacements,
        *,
        cause: str = "",
        may_be_equivalent: bool = False,
        other_scheme: bool = False,
    ) -> Mutant:
        """Return the solution with other nodes in some places, in whichever cells these are."""
        cells = {
            index: replace_nodes(tree, replacements)
            for index, tree in self.trees.items()
            if not replacements.keys().isdisjoint(ast.walk(tree))
        }
        return Mutant(
            operator=operator,
            place=place,
            cells=cells,
            cause=cause,
            may_be_equivalent=may_be_equivalent,
            other_scheme=other_scheme,
        )


def parse_solution(assignment: Assignment, exercise: Exercise) -> ParsedSolution:
    """Return the solution of ``exercise``. Raises ``NoSolution``."""
    assert assignment.rubric is not None
    submission = read_notebook(assignment.rubric.solution)
    cell = find_cell(submission, exercise, assignment)
    if cell.index is None:
        raise NoSolution(f"the solution has no cell for exercise {exercise.id}")
    own = parse(submission.cells[cell.index].source)
    if own is None:
        raise NoSolution(f"the solution's cell {cell.index + 1} can't be parsed")
    wanted = {node.id for node in ast.walk(own) if isinstance(node, ast.Name)}
    if exercise.kind == "run":  # what it runs stands above it, as it is
        wanted = set()
    code = [other for other in submission.cells[: cell.index] if other.kind == "code"]
    above = {c.index: tree for c in code if (tree := parse(c.source)) is not None}
    defined = {
        node.name: index
        for index, tree in above.items()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name in wanted
    }
    trees = {index: above[index] for index in sorted(set(defined.values()))}
    others = [other for other in assignment.exercises if other.id != exercise.id]
    graded = {find_cell(submission, other, assignment).index for other in others}
    return ParsedSolution(
        submission=submission,
        exercise=exercise,
        cell=cell,
        graded_index=cell.index,
        trees={**trees, cell.index: own},
        shared_cells=frozenset(index for index in trees if index in graded),
    )


def _makes_channel(node: ast.AST, names: Collection[str]) -> TypeGuard[ast.Assign]:
    """Tell whether a statement makes one of the channels: ``self.NAME = CLASS(...)``."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
        return False
    target = node.targets[0]
    return isinstance(target, ast.Attribute) and target.attr in names


def _find_channel_statements(tree: ast.Module, names: Collection[str]) -> dict[str, ast.Assign]:
    spoken_of = {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    found = [node for node in ast.walk(tree) if _makes_channel(node, names)]
    made = {ast.unparse(node.targets[0]): node for node in found}
    return {n.rpartition(".")[2]: node for n, node in made.items() if n not in spoken_of}


@dataclass(frozen=True, slots=True)
class IonAttachment:
    """A statement ``self.ION.add_elem(NAME=CLASS(...), ...)``."""

    ion: str
    statement: ast.Expr
    call: ast.Call


def find_ion_attachments(tree: ast.Module) -> list[IonAttachment]:
    """Return the statements that hang channels on ions."""
    return [
        IonAttachment(ast.unparse(node.value.func.value).partition(".")[2], node, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr == "add_elem"
        and ast.unparse(node.value.func.value).count(".") == 1
    ]


def _find_channel_calls(tree: ast.Module, names: Collection[str]) -> dict[str, ast.Call]:
    found = {}
    for node in ast.walk(tree):
        if _makes_channel(node, names) and isinstance(node.value, ast.Call):
            found[ast.unparse(node.targets[0]).rpartition(".")[2]] = node.value
    for hook in find_ion_attachments(tree):
        for keyword in hook.call.keywords:
            if f"{hook.ion}.{keyword.arg}" in names and isinstance(keyword.value, ast.Call):
                found[f"{hook.ion}.{keyword.arg}"] = keyword.value
    return found
