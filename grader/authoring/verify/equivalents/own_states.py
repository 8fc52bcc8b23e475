"""A class that steps its own states, written in other ways."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant, Replacements, replace_inside
from grader.authoring.verify.equivalents.class_edits import change_classes, parse_statements
from grader.authoring.verify.equivalents.integrator_step import (
    IntegratorStep,
    argument_names,
    find_own_step,
    find_state_makers,
    find_step,
    joint_arguments,
)
from grader.authoring.verify.parsed_solution import ParsedSolution

Way = Callable[[ast.ClassDef, IntegratorStep], None]
"""Writes a class that has a step in another way, in place."""


def own_states(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Each way of writing the graded class's states and its update, where it has them."""
    if (own := find_own_step(solution)) is None:
        return
    name, ways = solution.cell.class_name, WAYS_OF_STEPPING
    if has_states := bool(find_state_makers(own.init)):  # a channel makes its own elsewhere
        ways = {**WAYS_OF_STEPPING, **WAYS_OF_STATES}
    elif len(own.equations) < 2:
        return
    for operator, way in ways.items():
        if cells := change_classes(solution, [name], partial(_rewrite, way=way)):
            yield Mutant(operator=operator, place=name, cells=cells)
    if has_states:
        yield from _in_turn(solution)


def _rewrite(kind: ast.ClassDef, way: Way) -> list[ast.stmt]:
    """Return the class, written in another way."""
    step = find_step(kind)
    assert step is not None
    way(kind, step)
    return [kind]


def _in_turn(solution: ParsedSolution) -> Iterator[Mutant]:
    """Step the other states from the new value of one: a scheme as good as Euler's.

    What the step goes to as dt goes to 0 is the same model.
    """
    step = find_own_step(solution)
    assert step is not None
    text = ast.unparse(step.statement)
    for equation, target in zip(step.equations, step.targets, strict=True):
        state = argument_names(equation)[0]
        later = text.replace(f"{step.passed[state]},", f"{target},", 1)
        others = [t if t != target else "_" for t in step.targets]
        later = later.replace(", ".join(step.targets), ", ".join(others), 1)
        yield solution.mutant(
            "stepped in turn",
            f"the others from the new {state}",
            {step.statement: parse_statements(f"{text}\n{later}")},
            other_scheme=True,
        )


def _reset(kind: ast.ClassDef, step: IntegratorStep) -> None:
    """``reset_state`` puts every state back to what the constructor makes."""
    lines = []
    for name, statement in find_state_makers(step.init).items():
        assert isinstance(statement.value, ast.Call)
        lines.append(f"    self.{name}.value = {ast.unparse(statement.value.args[0])}")
    kind.body += parse_statements("def reset_state(self, batch_size=None):\n" + "\n".join(lines))


def _made_in_reset(kind: ast.ClassDef, step: IntegratorStep) -> None:
    """Let the constructor call ``reset_state``, which makes every state."""
    makers = list(find_state_makers(step.init).values())
    at = step.init.body.index(makers[0])
    body = [s for s in step.init.body if s not in makers]
    step.init.body = [*body[:at], *parse_statements("self.reset_state()"), *body[at:]]
    lines = "\n".join(f"    {ast.unparse(made)}" for made in makers)
    kind.body += parse_statements(f"def reset_state(self, batch_size=None):\n{lines}")


def _apart(kind: ast.ClassDef, step: IntegratorStep) -> None:
    """Four integrators in place of a joint one, all from the old states."""
    made = ast.unparse(step.maker)
    given = step.maker.value.args + [k.value for k in step.maker.value.keywords]  # type: ignore[attr-defined]  # a call
    first = ast.unparse(given[0])
    integrator = ast.unparse(step.maker.targets[0])
    at, calls, lines = step.init.body.index(step.maker), [], []
    for equation in step.equations:
        own = f"{integrator}_{argument_names(equation)[0]}"
        lines.append(made.replace(integrator, own, 1).replace(first, f"self.{equation.name}", 1))
        passed = ", ".join(step.passed[name] for name in argument_names(equation))
        calls.append(f"{own}({passed}, dt={step.dt})")
    step.init.body[at : at + 1] = parse_statements("\n".join(lines))
    step.write(f"{', '.join(step.targets)} = {', '.join(calls)}")


def _turned(kind: ast.ClassDef, step: IntegratorStep) -> None:
    """Turn the equations, their states and their results the other way round."""
    equations = list(step.equations)[::-1]
    for node in ast.walk(kind):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("JointEq"):
            node.args = node.args[::-1]
    passed = ", ".join(step.passed[name] for name in joint_arguments(equations))
    integrator = ast.unparse(step.maker.targets[0])
    step.write(f"{', '.join(step.targets[::-1])} = {integrator}({passed}, dt={step.dt})")


def _by_value(kind: ast.ClassDef, step: IntegratorStep) -> None:
    """``self.V.value`` for ``self.V`` wherever the update reads a state."""
    states = {f"self.{name}" for name in find_state_makers(step.init)}
    attributes = [node for node in ast.walk(step.method) if isinstance(node, ast.Attribute)]
    by_value = [node.value for node in attributes if node.attr == "value"]
    reads: Replacements = {
        node: ast.Attribute(node, "value", ast.Load())
        for node in attributes
        if ast.unparse(node) in states and isinstance(node.ctx, ast.Load) and node not in by_value
    }
    step.method.body = [replace_inside(statement, reads) for statement in step.method.body]


def _by_operators(kind: ast.ClassDef, step: IntegratorStep) -> None:
    """Write ``(a) & (b)`` for ``bm.logical_and(a, b)``."""
    calls: Replacements = {
        node: ast.BinOp(node.args[0], ast.BitAnd(), node.args[1])
        for node in ast.walk(step.method)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("logical_and")
    }
    step.method.body = [replace_inside(statement, calls) for statement in step.method.body]


def _at_the_end(kind: ast.ClassDef, step: IntegratorStep) -> None:
    """``t + dt`` for ``t`` wherever the update writes a time down."""
    after = step.method.body[step.method.body.index(step.statement) + 1 :]
    end = ast.BinOp(ast.Name("t", ast.Load()), ast.Add(), ast.Name(step.dt, ast.Load()))
    for statement in after:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call):
                node.args = [copy.deepcopy(end) if ast.unparse(a) == "t" else a for a in node.args]


WAYS_OF_STEPPING: Mapping[str, Way] = {
    "an integrator for each equation": _apart,
    "equations in another order": _turned,
}
WAYS_OF_STATES: Mapping[str, Way] = {
    "states reset too": _reset,
    "states made in reset_state": _made_in_reset,
    "states read by value": _by_value,
    "spikes by operators": _by_operators,
    "the last spike at the end of its step": _at_the_end,
}
