"""Wrong models: each operator at every place of the solution where it applies."""

from __future__ import annotations

import ast
import copy
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import (
    Mutant,
    edit_each_node,
    methods,
    replace_inside,
    replace_node,
    short_source,
)
from grader.authoring.verify.ion_mutants import ion_mutants
from grader.authoring.verify.parameter_mutants import parameter_mutants
from grader.authoring.verify.parsed_solution import ParsedSolution, find_channel_statements
from grader.authoring.verify.record_mutants import record_mutants
from grader.authoring.verify.step_mutants import keyword_mutants, step_and_update_mutants
from grader.authoring.verify.type_mutants import type_mutants

SCALE = 1.002  # of a constant: what is hardest to see
DOUBLED, LOOSE, START = "checks.extra.doubled", "checks.channel.loose", "checks.start.state"
INITIAL, CONSTANT = "initial state", "constant"
_AROUND = ("__init__", "reset_state", "update")  # methods that hold no equation
_TURNED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}


def wrong_mutants(solution: ParsedSolution, assignment: Assignment) -> list[Mutant]:
    """Every wrong model; those that the change of an equation leaves equal are found later."""
    made = [
        *parameter_mutants(solution),
        *_channels(solution),
        *_bases(solution),
        *_equations(solution),
        *_surroundings(solution),
        *type_mutants(solution, assignment),
        *ion_mutants(solution),
        *keyword_mutants(solution),
        *step_and_update_mutants(solution, assignment),
        *record_mutants(solution),
    ]
    accepted = {value for v in assignment.variants for value in v.constants.values()}
    return number_equal_names(s for s in made if not _is_accepted(s, accepted))


def _is_accepted(mutant: Mutant, accepted: set[float]) -> bool:
    """Tell whether a constant became that of another accepted model."""
    return any(mutant.place.endswith(f"-> {value:.6g}") for value in accepted)


def number_equal_names(made: Iterable[Mutant]) -> list[Mutant]:
    """Return the same with a number behind each name that came before."""
    count: Counter[str] = Counter()
    apart = []
    for one in made:
        count[one.name] += 1
        nth = count[one.name]
        apart.append(one if nth == 1 else replace(one, place=f"{one.place} ({nth})"))
    return apart


def _channels(solution: ParsedSolution) -> Iterator[Mutant]:
    tree, graded = solution.trees[solution.graded_index], solution.graded_index

    def mutant(operator: str, place: str, source: str, cause: str = "") -> Mutant:
        return Mutant(operator=operator, place=place, cells={graded: source}, cause=cause)

    for name, statement in solution.channel_statements.items():
        yield mutant("channel removed", name, replace_node(tree, statement, ast.Pass()))
        again = copy.deepcopy(statement)
        target = again.targets[0]
        assert isinstance(target, ast.Attribute)
        target.attr = f"{name}_2"
        both = ast.If(ast.Constant(True), [copy.deepcopy(statement), again], [])
        yield mutant("channel doubled", name, replace_node(tree, statement, both), DOUBLED)
        listed = ast.List([copy.deepcopy(statement.value)], ast.Load())
        yield mutant("channel in a list", name, replace_node(tree, statement.value, listed), LOOSE)
        named = ast.Dict([ast.Constant(name)], [copy.deepcopy(statement.value)])
        yield mutant("channel in a dict", name, replace_node(tree, statement.value, named), LOOSE)
        other = ast.parse(f"{name} = {ast.unparse(statement.value)}").body[0]
        yield mutant("channel not kept", name, replace_node(tree, statement, other))
    for one, two in itertools.permutations(solution.channel_statements, 2):
        call = copy.deepcopy(solution.channel_statements[two].value)
        source = replace_node(tree, solution.channel_statements[one].value, call)
        yield mutant("channel of another", f"{one} made as {two}", source)
    for one, two in itertools.combinations(solution.channel_statements, 2):
        twin = copy.deepcopy(tree)
        places = find_channel_statements(twin, (one, two))
        places[one].value, places[two].value = places[two].value, places[one].value
        yield mutant("channels exchanged", f"{one} and {two}", ast.unparse(twin))


def _bases(solution: ParsedSolution) -> Iterator[Mutant]:
    tree = solution.trees[solution.graded_index]
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for base in node.bases:
                if isinstance(base, ast.Attribute) and base.attr == solution.exercise.base:
                    for other in (
                        o for o in (*solution.exercise.related_bases, "NeuDyn") if o != base.attr
                    ):
                        new = ast.Attribute(base.value, other, ast.Load())
                        yield Mutant(
                            operator="base class",
                            place=f"{base.attr} -> {other}",
                            cells={solution.graded_index: replace_node(tree, base, new)},
                        )


def _equations(solution: ParsedSolution) -> Iterator[Mutant]:
    for index in solution.own_equation_cells:
        tree = solution.trees[index]
        for kind, method in methods(tree):
            if method.name in _AROUND:
                continue
            for operator, change in _OPERATORS.items():
                for label, source in edit_each_node(tree, method.body, change):
                    yield Mutant(
                        operator=operator,
                        place=f"{kind.name}.{method.name}: {label}",
                        cells={index: source},
                        may_be_equivalent=True,
                    )


def _number(node: ast.AST) -> int | float | None:
    """Return the value of a number's node; None for what is none, and for 0."""
    value = node.value if isinstance(node, ast.Constant) else None
    return value or None if type(value) in (int, float) else None  # type: ignore[return-value]


def _scale(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
    if (value := _number(node)) is not None:
        new = float(f"{value * SCALE:.12g}")
        yield f"{value:.6g} -> {new:.6g}", ast.Constant(new)


def _exponent(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        power = _number(node.right)
        for other in () if power is None else (power - 1, power + 1):
            new = ast.BinOp(node.left, ast.Pow(), ast.Constant(other))
            yield f"{short_source(node)} -> {short_source(new)}", new


def _turn(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
    if isinstance(node, ast.BinOp) and type(node.op) in _TURNED:
        new = ast.BinOp(node.left, _TURNED[type(node.op)](), node.right)
        yield f"{short_source(node)} -> {short_source(new)}", new


def _exchange(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        new = ast.BinOp(node.right, ast.Sub(), node.left)
        yield f"{short_source(node)} -> {short_source(new)}", new


def _drop(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for kept in (node.left, node.right):
            yield f"{short_source(node)} -> {short_source(kept)}", kept


def _minus(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield f"{short_source(node)} -> {short_source(node.operand)}", node.operand


_OPERATORS = {
    CONSTANT: _scale,
    "exponent": _exponent,
    "arithmetic turned": _turn,
    "difference exchanged": _exchange,
    "factor dropped": _drop,
    "minus dropped": _minus,
}


def _surroundings(solution: ParsedSolution) -> Iterator[Mutant]:
    """Yield what stands around the equations of a channel: start, update, which is which."""
    for index in solution.own_equation_cells:
        tree = solution.trees[index]
        for kind, method in methods(tree):
            for label, source in edit_each_node(tree, method.body, _around):
                operator, place = label.split(": ", 1)
                yield Mutant(
                    operator=operator,
                    place=f"{kind.name}.{method.name}: {place}",
                    cells={index: source},
                    cause=START if operator == INITIAL else "",
                )


def _around(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
    if isinstance(node, ast.Assign):
        state = short_source(node.targets[0]).removeprefix("self.")
        for zeros in _zeros(node.value):
            ones = ast.Attribute(zeros.value, "ones", ast.Load())
            twin = copy.deepcopy(node)
            twin.value = replace_inside(node.value, zeros, ones)
            yield f"{INITIAL}: {state}, {short_source(zeros)} -> {short_source(ones)}", twin
    if isinstance(node, ast.Assign) and any(map(_is_value, ast.walk(node.targets[0]))):
        yield f"update removed: {short_source(node)}", ast.Pass()
    if isinstance(node, ast.Call) and "JointEq" in short_source(node.func):
        for one in range(len(node.args) - 1):
            turned = [*node.args[:one], *node.args[one : one + 2][::-1], *node.args[one + 2 :]]
            changed = ast.Call(node.func, turned, node.keywords)
            yield f"equations exchanged: {short_source(node)} -> {short_source(changed)}", changed


def _zeros(node: ast.AST) -> list[ast.Attribute]:
    return [n for n in ast.walk(node) if isinstance(n, ast.Attribute) and n.attr == "zeros"]


def _is_value(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "value"
