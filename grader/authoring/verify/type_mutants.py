"""Wrong kinds of owners in ``master_type``, and the accepted ones."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence

from grader.assignment.schema import Assignment, Channel
from grader.authoring.verify.ast_edits import Mutant, short_source
from grader.authoring.verify.parsed_solution import ParsedSolution

OWNERS = ("bp.dyn.Calcium", "object")
MORE_OWNERS = ("bp.dyn.Potassium", "bp.dyn.Sodium", "bp.dyn.CondNeuGroup", "bp.dyn.MixIons")
"""Tried where the type is all that is asked for."""
JOINT = "bp.mixin.JointType"


def type_mutants(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Every class whose ``master_type`` is asked for, with another that is not accepted."""
    checks = assignment.for_exercise(solution.exercise).checks
    if not any(check.kind == "master_type" for check in checks):
        return
    more = MORE_OWNERS if solution.exercise.kind == "type" else ()
    for kind, statement, channel in _statements(solution):
        for other in _others(statement.value, (*OWNERS, *more)):
            if type_name(other) not in channel.master_types:
                place = f"{kind.name}: {ast.unparse(other)}"
                yield solution.mutant("master_type", place, {statement.value: other})


def accepted_type_mutants(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Each other ``master_type`` that the assignment accepts."""
    for kind, statement, channel in _statements(solution):
        for other in channel.master_types:
            if " + " not in other and other != type_name(statement.value):
                new = ast.parse(f"bp.dyn.{other}", mode="eval").body
                place = f"{kind.name}: bp.dyn.{other}"
                yield solution.mutant("accepted master_type", place, {statement.value: new})


def type_name(node: ast.expr) -> str:
    """Return a type by its name, a joint one as the assignment writes it: "A + B"."""
    if isinstance(node, ast.Subscript):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return " + ".join(map(type_name, parts))
    return ast.unparse(node).rpartition(".")[2]


def _statements(solution: ParsedSolution) -> Iterator[tuple[ast.ClassDef, ast.Assign, Channel]]:
    """Yield the statements ``master_type = ...`` of the classes of channels that are asked for."""
    channels = {channel.name: channel for channel in solution.exercise.channels}
    nodes = [node for index in solution.equation_cells for node in solution.trees[index].body]
    for kind in [node for node in nodes if isinstance(node, ast.ClassDef)]:
        for node in kind.body if kind.name in channels else ():
            if isinstance(node, ast.Assign) and short_source(node.targets[0]) == "master_type":
                yield kind, node, channels[kind.name]


def _others(value: ast.expr, owners: Sequence[str]) -> Iterator[ast.expr]:
    """Other owners; of a joint one also each part alone, and the parts in another order."""
    texts = [*owners]
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Tuple):
        parts = [ast.unparse(part) for part in value.slice.elts]
        texts += parts
        texts += [f"{JOINT}[{', '.join(turned)}]" for turned in itertools.permutations(parts)]
    for text in dict.fromkeys(texts):
        yield ast.parse(text, mode="eval").body
