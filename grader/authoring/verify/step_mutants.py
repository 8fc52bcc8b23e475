"""Wrong models whose equations are right: the channels' steps, and what the neuron is made with.

With those of ``update_mutants`` they show only in some runs, at some states or after some time.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import (
    Mutant,
    Replacement,
    methods,
    replace_inside,
    replace_nodes,
    short_source,
)
from grader.authoring.verify.equivalents.integrators import super_call
from grader.authoring.verify.own_step_mutants import own_step_mutants
from grader.authoring.verify.parsed_solution import ParsedSolution
from grader.authoring.verify.update_mutants import update_mutants

V_MOVED = 0.5  # mV, each end of the range that V starts in
KEYWORDS = {
    kind: {"A": 1e-2, "C": 1.1}  # BrainPy's own: 1e-3 and 1
    for kind in ("CondNeuGroup", "CondNeuGroupLTC")
}


def step_and_update_mutants(solution: ParsedSolution, assignment: Assignment) -> list[Mutant]:
    """Those of the steps of channels or of the neuron itself, and of an update around its own."""
    return [
        *_steps(solution, assignment),
        *own_step_mutants(solution),
        *update_mutants(solution, assignment),
    ]


# ------------------------------------------------------------- the channels' steps


def _steps(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    for index in set(solution.class_cells) - solution.shared_cells:
        tree = solution.trees[index]
        for kind, own in methods(tree):
            for node in own.body if own.name == "update" else []:
                if not isinstance(node, ast.Assign) or not _stored(node):
                    continue
                for operator, label, new in _of_step(node, assignment.simulation.dt):
                    yield Mutant(
                        operator=operator,
                        place=f"{kind.name}.{own.name}: {label}",
                        cells={index: replace_nodes(tree, {node: new})},
                    )


def _of_step(node: ast.Assign, dt: float) -> Iterator[tuple[str, str, Replacement]]:
    """Another length of a step, two of them for one, and one whose result is lost."""
    for keyword in [k for n in ast.walk(node) if isinstance(n, ast.Call) for k in n.keywords]:
        if keyword.arg == "dt":
            half = ast.BinOp(keyword.value, ast.Mult(), ast.Constant(0.5))
            for value in (half, *(ast.Constant(float(f"{dt * f:.12g}")) for f in (0.5, 1.2))):
                new = _with_dt(node, keyword, value)
                yield (
                    "wrong dt",
                    f"dt={short_source(keyword.value)} -> dt={short_source(value)}",
                    new,
                )
    names = ", ".join(_name(target) for target in _stored(node))
    yield "step done twice", names, [copy.deepcopy(node), copy.deepcopy(node)]
    stored = _stored(node)
    for lost in [stored, *([one] for one in stored)] if len(stored) > 1 else [stored]:
        label = ", ".join(_name(target) for target in lost)
        yield "step not stored", label, _in_local_names(node, [_name(t) for t in lost])


def _stored(node: ast.Assign) -> list[ast.Attribute]:
    """Return the targets ``self.NAME.value`` of a statement."""
    target = node.targets[0]
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    return [
        part
        for part in parts
        if isinstance(part, ast.Attribute)
        and part.attr == "value"
        and isinstance(part.value, ast.Attribute)
    ]


def _name(target: ast.Attribute) -> str:
    assert isinstance(target.value, ast.Attribute)
    return target.value.attr


def _with_dt(node: ast.Assign, keyword: ast.keyword, value: ast.expr) -> ast.Assign:
    twin = copy.deepcopy(node)
    twin.value = replace_inside(node.value, keyword, ast.keyword("dt", value))
    return twin


def _in_local_names(node: ast.Assign, names: list[str]) -> ast.Assign:
    twin = copy.deepcopy(node)

    def local(part: ast.expr) -> ast.expr:
        is_lost = any(part is one and _name(one) in names for one in _stored(twin))
        assert not is_lost or isinstance(part, ast.Attribute)
        return ast.Name(_name(part), ast.Store()) if is_lost else part  # type: ignore[arg-type]

    target = twin.targets[0]
    if isinstance(target, ast.Tuple):
        target.elts = [local(part) for part in target.elts]
    else:
        twin.targets[0] = local(target)
    return twin


# ----------------------------------------------------------- the neuron's keywords


def keyword_mutants(solution: ParsedSolution) -> Iterator[Mutant]:
    """Other arguments of the graded class's ``super().__init__``."""
    tree = solution.trees[solution.graded_index]
    if (called := super_call(tree)) is None:
        return
    low, high = solution.exercise.start.get("V", (0.0, 0.0))
    for keyword in called.keywords if low < high else []:
        for node in _numbers(keyword.value) if keyword.arg == "V_initializer" else []:
            for moved in (-V_MOVED, V_MOVED):
                was = ast.literal_eval(node)
                value = was + moved
                new = ast.parse(repr(value), mode="eval").body
                yield Mutant(
                    operator="start of V moved",
                    place=f"{keyword.arg}: {was:g} -> {value:g}",
                    cells={solution.graded_index: replace_nodes(tree, {node: new})},
                )
    given = {keyword.arg for keyword in called.keywords}
    for name, number in KEYWORDS.get(solution.exercise.base, {}).items():
        if name not in given:
            whole = copy.deepcopy(called)
            whole.keywords.append(ast.keyword(name, ast.Constant(number)))
            yield Mutant(
                operator="keyword of the neuron added",
                place=f"{name}={number!r}",
                cells={solution.graded_index: replace_nodes(tree, {called: whole})},
            )


def _numbers(node: ast.AST) -> list[ast.expr]:
    """Return the numbers in an expression, each with its sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        return [node]
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return [node]
    return [found for child in ast.iter_child_nodes(node) for found in _numbers(child)]
