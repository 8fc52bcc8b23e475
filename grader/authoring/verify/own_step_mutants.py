"""Wrong models of a class that steps its own states: where they start, and its update."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator

from grader.authoring.verify.ast_edits import (
    Mutant,
    Replacements,
    edit_each_node,
    exchange_neighbours,
    short_source,
)
from grader.authoring.verify.equivalents.class_edits import parse_statements
from grader.authoring.verify.equivalents.integrator_step import (
    IntegratorStep,
    find_own_step,
    find_state_makers,
)
from grader.authoring.verify.parsed_solution import ParsedSolution

STARTS = {"0.2 %": 1.002, "20 %": 1.2, "sign": -1.0}
_OTHER = {ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt}


def own_step_mutants(solution: ParsedSolution) -> Iterator[Mutant]:
    """Yield wrong models of the graded class; none where it steps no state of its own."""
    if (step := find_own_step(solution)) is None:
        return
    for operator, place, changes in [*_starts(step), *_passed(step), *_flags(step), *_steps(step)]:
        cause = "checks.start.state" if operator.startswith("start") else ""
        yield solution.mutant(operator, place, changes, cause=cause)


_Changes = Iterator[tuple[str, str, Replacements]]
"""Operator, place, and what changes."""


def _starts(step: IntegratorStep) -> _Changes:
    makers = find_state_makers(step.init)
    for name, statement in makers.items():
        for label, changes in edit_each_node([statement.value], _other_number):
            yield "start of a state", f"{name}: {label}", changes
    plain = {name: made for name, made in makers.items() if name in _states(step)}
    for one, two in itertools.combinations(plain, 2):
        first, second = plain[one].value, plain[two].value
        yield "starts exchanged", f"{one} and {two}", {first: second, second: first}


def _states(step: IntegratorStep) -> list[str]:
    return [function.args.args[1].arg for function in step.equations]


def _other_number(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
    value = node.value if isinstance(node, ast.Constant) else None
    if type(value) is float and value:
        for how, factor in STARTS.items():
            new = float(f"{value * factor:.12g}")
            yield f"by {how}, {value!r} -> {new!r}", ast.Constant(new)


def _passed(step: IntegratorStep) -> _Changes:
    """Yield what the integrator is given, and what its results are called, in a wrong order."""
    called, target = step.statement.value, step.statement.targets[0]
    assert isinstance(called, ast.Call)
    pairs = itertools.pairwise(map(short_source, called.args))
    for (one, two), given in zip(pairs, exchange_neighbours(called.args), strict=True):
        new = ast.Call(called.func, given, called.keywords)
        yield "arguments exchanged", f"{one} and {two}", {called: new}
    if isinstance(target, ast.Tuple):
        for names in exchange_neighbours(target.elts):
            other = ast.Tuple(names, ast.Store())
            place = f"{short_source(target)} -> {short_source(other)}"
            yield "results exchanged", place, {target: other}


def _flags(step: IntegratorStep) -> _Changes:
    """Comparisons of the update turned, or with the old state in place of the new one."""
    for label, changes in edit_each_node(step.method.body, _compared):
        yield "comparison", label, changes
    writes = [s for s in step.method.body if isinstance(s, ast.Assign) and _is_write(s)]
    for early, late in itertools.combinations(writes, 2):
        if _mentions(early, late.targets[0]):
            body = [s for s in step.method.body if s is not late]
            body.insert(body.index(early), late)
            new = ast.FunctionDef(**{**dict(ast.iter_fields(step.method)), "body": body})
            yield "written back too soon", short_source(late), {step.method: new}


def _compared(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _OTHER:
        turned = ast.Compare(node.left, [_OTHER[type(node.ops[0])]()], node.comparators)
        yield f"{short_source(node)} -> {short_source(turned)}", turned
        text = short_source(node.left)
        old = text.removeprefix("self.") if text.startswith("self.") else f"self.{text}"
        other = ast.Compare(ast.parse(old, mode="eval").body, node.ops, node.comparators)
        yield f"{short_source(node)} -> {short_source(other)}", other


def _is_write(statement: ast.Assign) -> bool:
    target = statement.targets[0]
    return isinstance(target, ast.Attribute) and target.attr == "value"


def _mentions(statement: ast.Assign, target: ast.expr) -> bool:
    """Tell whether a statement reads the state that is written at ``target``."""
    state = short_source(target).removesuffix(".value")
    return any(short_source(node) == state for node in ast.walk(statement.value) if _is_state(node))


def _is_state(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and short_source(node.value) == "self"


def _steps(step: IntegratorStep) -> _Changes:
    """Yield steps of another length, one step too many, and no input."""
    text, states = ast.unparse(step.statement), _states(step)
    for other in (f"{step.dt} / 2", f"{step.dt} * 1.002"):
        changed = text.replace(f"dt={step.dt}", f"dt={other}")
        yield "another step", f"dt={other}", {step.statement: parse_statements(changed)}
    again = text
    for state, target in zip(states, step.targets, strict=True):
        again = again.replace(f"{step.passed[state]},", f"{target},", 1)
    twice = parse_statements(f"{text}\n{again}")
    yield "stepped twice", short_source(step.statement), {step.statement: twice}
    for name, given in step.passed.items():
        if name not in (*states, "t", "dt"):
            silent = text.replace(f", {given},", ", 0.0,", 1)
            yield "input left out", given, {step.statement: parse_statements(silent)}
