"""The step of a channel's class that has an integrator of BrainPy's."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from grader.authoring.verify.equivalents.class_edits import find_method, parse_statements
from grader.authoring.verify.parsed_solution import ParsedSolution


@dataclass(frozen=True, kw_only=True, slots=True)
class IntegratorStep:
    """The statement of a method that calls an integrator, and the one that makes it."""

    init: ast.FunctionDef
    """The constructor, in which the integrator is made."""
    maker: ast.Assign
    """The statement that makes it."""
    method: ast.FunctionDef
    """The method that calls it."""
    statement: ast.Assign
    """The statement that calls it."""
    equations: Sequence[ast.FunctionDef]
    """The methods that it integrates."""
    targets: Sequence[str]
    """The names that the call's result is assigned to, one for each equation."""
    passed: Mapping[str, str]
    """The source of what is passed for each argument of the equations, by its name."""
    dt: str
    """The source of what is passed as the step's length."""

    @property
    def is_coupled(self) -> bool:
        """Tell whether an equation takes the state of another."""
        states = {argument_names(equation)[0] for equation in self.equations}
        return any(
            not states.isdisjoint(argument_names(equation)[1:]) for equation in self.equations
        )

    def call(self, equation: ast.FunctionDef) -> str:
        """Return the call of an equation with what the integrator is given."""
        passed = ", ".join(self.passed[name] for name in argument_names(equation))
        return f"self.{equation.name}({passed})"

    def write(self, text: str) -> None:
        """Put other statements into the class, in place of the integrator's call."""
        at = self.method.body.index(self.statement)
        self.method.body[at : at + 1] = parse_statements(text)

    def drop_integrator(self) -> None:
        """Take out of the class the statement that makes the integrator."""
        self.init.body.remove(self.maker)


def argument_names(function: ast.FunctionDef) -> list[str]:
    """Return the names of a method's arguments but ``self``."""
    return [argument.arg for argument in function.args.args[1:]]


def joint_arguments(equations: Sequence[ast.FunctionDef]) -> list[str]:
    """Return the arguments of an integrator of equations, but dt, in order.

    BrainPy takes the states first, then whatever else the equations take.
    """
    states = [argument_names(equation)[0] for equation in equations]
    others = [name for equation in equations for name in argument_names(equation)[1:]]
    return list(dict.fromkeys([*states, *others]))


def find_step(kind: ast.ClassDef) -> IntegratorStep | None:
    """Return the step of a class with one integrator, where its call tells which state is which."""
    init = find_method(kind, "__init__")
    made = [] if init is None else [s for s in init.body if _makes_integrator(s)]
    if init is None or len(made) != 1:
        return None
    statement, called = made[0], made[0].value
    assert isinstance(statement, ast.Assign)
    assert isinstance(called, ast.Call)
    own = [node for node in kind.body if isinstance(node, ast.FunctionDef)]
    equations = _equations(next(iter([*called.args, *(k.value for k in called.keywords)])), own)
    found = [
        (inside, s)
        for inside in own
        for s in inside.body
        if isinstance(s, ast.Assign)
        and isinstance(s.value, ast.Call)
        and ast.unparse(s.value.func) == ast.unparse(statement.targets[0])
    ]
    if not equations or len(found) != 1:
        return None
    (inside, step), target = found[0], found[0][1].targets[0]
    targets = [ast.unparse(t) for t in (target.elts if isinstance(target, ast.Tuple) else [target])]
    passed = _passed(step.value, equations)
    if passed is None or len(targets) != len(equations):
        return None
    return IntegratorStep(
        init=init,
        maker=statement,
        method=inside,
        statement=step,
        equations=equations,
        targets=targets,
        passed=passed[0],
        dt=passed[1],
    )


def find_own_step(solution: ParsedSolution) -> IntegratorStep | None:
    """Return the step of the graded class, where it has states of its own."""
    return None if solution.graded_class is None else find_step(solution.graded_class)


def find_state_makers(init: ast.FunctionDef) -> dict[str, ast.Assign]:
    """Return the statements of a constructor that make a ``Variable``, by the state's name."""
    return {
        ast.unparse(statement.targets[0]).partition(".")[2]: statement
        for statement in init.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Call)
        and ast.unparse(statement.value.func).endswith(".Variable")
    }


def _makes_integrator(node: ast.stmt) -> TypeGuard[ast.Assign]:
    """Tell whether a statement is ``self.NAME = bp.odeint(...)``."""
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).rpartition(".")[2] == "odeint"
    )


def _equations(made_of: ast.expr, own: Sequence[ast.FunctionDef]) -> list[ast.FunctionDef]:
    """Return the methods that an integrator is made of, in order; none where one can't be told.

    A property stands for what it returns.
    """
    named = {function.name: function for function in own}
    texts = [
        ast.unparse(node)
        for node in ast.walk(made_of)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self"
    ]
    found = [named[t.partition(".")[2]] for t in texts if t.partition(".")[2] in named]
    if len(found) == 1 and found[0].decorator_list:
        returned = found[0].body[-1]
        if isinstance(returned, ast.Return) and returned.value is not None:
            return _equations(returned.value, own)
        return []
    return found if len(found) == len(texts) and all(map(argument_names, found)) else []


def _passed(
    step: ast.expr, equations: Sequence[ast.FunctionDef]
) -> tuple[dict[str, str], str] | None:
    """Return what is passed for each argument of the equations, and for dt.

    None where something is not passed.
    """
    assert isinstance(step, ast.Call)
    names = [*joint_arguments(equations), "dt"]
    if len(step.args) > len(names):
        return None
    given = {name: ast.unparse(value) for name, value in zip(names, step.args, strict=False)}
    given |= {k.arg: ast.unparse(k.value) for k in step.keywords if k.arg is not None}
    return (given, given["dt"]) if given.keys() >= set(names) else None
