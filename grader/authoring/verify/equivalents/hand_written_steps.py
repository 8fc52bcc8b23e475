"""Updates without an integrator: Euler's step and exponential Euler's, written by hand."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from functools import partial

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.equivalents.class_edits import (
    ClassChange,
    module_names,
    mutate_classes,
    parse_statements,
)
from grader.authoring.verify.equivalents.integrator_step import (
    IntegratorStep,
    argument_names,
    find_step,
)
from grader.authoring.verify.equivalents.linear_form import linear_form
from grader.authoring.verify.parsed_solution import ParsedSolution


def hand_written_steps(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Each way of writing the step, where a class has an integrator for it."""
    ways: dict[str, ClassChange] = {
        "Euler by hand": partial(_rewrite, step=_euler),
        "Euler by hand, integrator left unused": partial(
            _rewrite, step=_euler, keep_integrator=True
        ),
        "Euler by hand, one state after the other": partial(_rewrite, step=_in_turn),
    }
    for operator, way in ways.items():
        yield from mutate_classes(solution, operator, way, other_scheme=True)
    if (math := module_names(solution).get("brainpy.math")) is not None:
        yield from mutate_classes(
            solution,
            "exponential Euler by hand",
            partial(
                _rewrite,
                step=partial(_exponential, exp=f"{math}.exp", asked=solution.exercise.blanks),
            ),
        )


def _rewrite(
    kind: ast.ClassDef,
    step: Callable[[IntegratorStep], str | None],
    *,
    keep_integrator: bool = False,
) -> list[ast.stmt] | None:
    """Return the class with the text that ``step`` makes in place of its integrator's call.

    With ``keep_integrator`` the integrator is still made.
    """
    found = find_step(kind)
    text = None if found is None else step(found)
    if found is None or text is None:
        return None
    found.write(text)
    if not keep_integrator:
        found.drop_integrator()
    return [kind]


def _euler(found: IntegratorStep) -> str:
    """``self.x.value = self.x + dt * self.dx(self.x, t, V)``, several states at once."""
    return f"{', '.join(found.targets)} = {', '.join(_slopes_added(found))}"


def _in_turn(found: IntegratorStep) -> str | None:
    """Return a statement for each state, where no equation needs the state of another."""
    if len(found.equations) < 2 or found.is_coupled:
        return None
    pairs = zip(found.targets, _slopes_added(found), strict=True)
    return "\n".join(f"{target} = {value}" for target, value in pairs)


def _slopes_added(found: IntegratorStep) -> list[str]:
    """Each state after a step of Euler's."""
    return [
        f"{found.passed[argument_names(equation)[0]]} + {found.dt} * {found.call(equation)}"
        for equation in found.equations
    ]


def _exponential(found: IntegratorStep, exp: str, asked: Collection[str]) -> str | None:
    """Return the exact step of equations that are linear in their states, in place of them.

    x' = a + b x gives x(dt) = x e^(b dt) + (e^(b dt) - 1) a / b. Methods that are ``asked`` for
    keep their names.
    """
    if found.is_coupled:
        return None
    parts = [part for equation in found.equations if (part := _parts(equation)) is not None]
    if len(parts) < len(found.equations):
        return None
    values = []
    for equation, (constant, slope) in zip(found.equations, parts, strict=True):
        state = argument_names(equation)[0]
        if equation.name not in asked:
            equation.name = f"{equation.name}_step"
        values.append(f"{found.call(equation)[:-1]}, {found.dt})")
        equation.args.args.append(ast.arg("dt"))
        equation.body[-1:] = parse_statements(
            f"at_zero, slope = ({constant}, {slope})\n"
            f"decay = {exp}(slope * dt)\n"
            f"return {state} * decay + (decay - 1.0) / slope * at_zero"
        )
    return f"{', '.join(found.targets)} = {', '.join(values)}"


def _parts(equation: ast.FunctionDef) -> tuple[str, str] | None:
    """Return the constant and slope of an equation in its own state, if it is linear."""
    (state, *others), last = argument_names(equation), equation.body[-1]
    above = {n.id for s in equation.body[:-1] for n in ast.walk(s) if isinstance(n, ast.Name)}
    if not isinstance(last, ast.Return) or last.value is None or state in above or "dt" in others:
        return None
    parts = linear_form(last.value, state)
    return None if parts is None or parts[1] is None else (parts[0] or "0.0", parts[1])
