"""Wrong models: each operator at every place of the solution where it applies."""

from __future__ import annotations

import ast
import copy
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import (
    Mutant,
    NodeEdits,
    Replacements,
    edit_each_node,
    exchange_neighbours,
    short_source,
)
from grader.authoring.verify.ion_mutants import ion_mutants
from grader.authoring.verify.parameter_mutants import parameter_mutants
from grader.authoring.verify.parsed_solution import ParsedSolution
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
    statements = solution.channel_statements
    for name, statement in statements.items():
        yield solution.mutant("channel removed", name, {statement: ast.Pass()})
        again = copy.deepcopy(statement)
        target = again.targets[0]
        assert isinstance(target, ast.Attribute)
        target.attr = f"{name}_2"
        both = ast.If(ast.Constant(True), [statement, again], [])
        yield solution.mutant("channel doubled", name, {statement: both}, cause=DOUBLED)
        listed = ast.List([statement.value], ast.Load())
        yield solution.mutant("channel in a list", name, {statement.value: listed}, cause=LOOSE)
        named = ast.Dict([ast.Constant(name)], [statement.value])
        yield solution.mutant("channel in a dict", name, {statement.value: named}, cause=LOOSE)
        other = ast.parse(f"{name} = {ast.unparse(statement.value)}").body[0]
        yield solution.mutant("channel not kept", name, {statement: other})
    for one, two in itertools.permutations(statements, 2):
        place = f"{one} made as {two}"
        yield solution.mutant(
            "channel of another", place, {statements[one].value: statements[two].value}
        )
    for one, two in itertools.combinations(statements, 2):
        first, second = statements[one].value, statements[two].value
        yield solution.mutant(
            "channels exchanged", f"{one} and {two}", {first: second, second: first}
        )


def _bases(solution: ParsedSolution) -> Iterator[Mutant]:
    own = solution.exercise.base
    others = [other for other in (*solution.exercise.related_bases, "NeuDyn") if other != own]
    bases = [
        base
        for kind in ast.walk(solution.graded_tree)
        if isinstance(kind, ast.ClassDef)
        for base in kind.bases
        if isinstance(base, ast.Attribute) and base.attr == own
    ]
    for base, other in itertools.product(bases, others):
        new = ast.Attribute(base.value, other, ast.Load())
        yield solution.mutant("base class", f"{own} -> {other}", {base: new})


def _equations(solution: ParsedSolution) -> Iterator[Mutant]:
    for kind, method in solution.own_methods():
        if method.name in _AROUND:
            continue
        for operator, change in _OPERATORS.items():
            for label, replacements in edit_each_node(method.body, change):
                place = f"{kind.name}.{method.name}: {label}"
                yield solution.mutant(operator, place, replacements, may_be_equivalent=True)


def _number(node: ast.AST) -> int | float | None:
    """Return the value of a number's node; None for what is none, and for 0."""
    value = node.value if isinstance(node, ast.Constant) else None
    return value or None if type(value) in (int, float) else None  # type: ignore[return-value]  # no bool


def _scale(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
    if (value := _number(node)) is not None:
        new = float(f"{value * SCALE:.12g}")
        yield f"{value:.6g} -> {new:.6g}", ast.Constant(new)


def _exponent(node: ast.BinOp) -> list[ast.expr]:
    power = _number(node.right)
    others = () if power is None else (power - 1, power + 1)
    return [ast.BinOp(node.left, ast.Pow(), ast.Constant(other)) for other in others]


def _minus(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield f"{short_source(node)} -> {short_source(node.operand)}", node.operand


def _of_binary(
    operators: Collection[type[ast.operator]], change: Callable[[ast.BinOp], list[ast.expr]]
) -> NodeEdits:
    """Return what a ``change`` makes of operations with one of these operators, each labelled."""

    def edits(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
        if isinstance(node, ast.BinOp) and type(node.op) in operators:
            for new in change(node):
                yield f"{short_source(node)} -> {short_source(new)}", new

    return edits


_OPERATORS = {
    CONSTANT: _scale,
    "exponent": _of_binary([ast.Pow], _exponent),
    "arithmetic turned": _of_binary(
        _TURNED, lambda n: [ast.BinOp(n.left, _TURNED[type(n.op)](), n.right)]
    ),
    "difference exchanged": _of_binary(
        [ast.Sub], lambda n: [ast.BinOp(n.right, ast.Sub(), n.left)]
    ),
    "factor dropped": _of_binary([ast.Mult], lambda n: [n.left, n.right]),
    "minus dropped": _minus,
}


def _surroundings(solution: ParsedSolution) -> Iterator[Mutant]:
    """Yield what stands around the equations of a channel: start, update, which is which."""
    for kind, method in solution.own_methods():
        for node in itertools.chain.from_iterable(map(ast.walk, method.body)):
            for operator, label, replacements in _around(node):
                place = f"{kind.name}.{method.name}: {label}"
                cause = START if operator == INITIAL else ""
                yield solution.mutant(operator, place, replacements, cause=cause)


def _around(node: ast.AST) -> Iterator[tuple[str, str, Replacements]]:
    """Operator, label, and what changes."""
    if isinstance(node, ast.Assign):
        state = short_source(node.targets[0]).removeprefix("self.")
        for zeros in ast.walk(node.value):
            if isinstance(zeros, ast.Attribute) and zeros.attr == "zeros":
                ones = ast.Attribute(zeros.value, "ones", ast.Load())
                label = f"{state}, {short_source(zeros)} -> {short_source(ones)}"
                yield INITIAL, label, {zeros: ones}
    if isinstance(node, ast.Assign) and any(map(_is_value, ast.walk(node.targets[0]))):
        yield "update removed", short_source(node), {node: ast.Pass()}
    if isinstance(node, ast.Call) and "JointEq" in short_source(node.func):
        for turned in exchange_neighbours(node.args):
            changed = ast.Call(node.func, turned, node.keywords)
            label = f"{short_source(node)} -> {short_source(changed)}"
            yield "equations exchanged", label, {node: changed}


def _is_value(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "value"
