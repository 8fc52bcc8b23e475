"""Wrong models whose equations are right: the channels' steps, and what the neuron is made with.

With those of ``update_mutants`` they show only in some runs, at some states or after some time.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant, Replacements, short_source
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
    """Return those of the steps of channels or of the neuron, and of an update around its own."""
    return [
        *_steps(solution, assignment),
        *own_step_mutants(solution),
        *update_mutants(solution, assignment),
    ]


# ------------------------------------------------------------- the channels' steps


def _steps(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    for kind, own in solution.own_methods() if solution.class_cells else []:
        for node in own.body if own.name == "update" else []:
            if isinstance(node, ast.Assign) and _stored(node):
                for operator, label, changes in _of_step(node, assignment.simulation.dt):
                    yield solution.mutant(operator, f"{kind.name}.{own.name}: {label}", changes)


def _of_step(node: ast.Assign, dt: float) -> Iterator[tuple[str, str, Replacements]]:
    """Another length of a step, two of them for one, and one whose result is lost."""
    for keyword in [k for n in ast.walk(node) if isinstance(n, ast.Call) for k in n.keywords]:
        if keyword.arg == "dt":
            half = ast.BinOp(keyword.value, ast.Mult(), ast.Constant(0.5))
            for value in (half, *(ast.Constant(float(f"{dt * f:.12g}")) for f in (0.5, 1.2))):
                label = f"dt={short_source(keyword.value)} -> dt={short_source(value)}"
                yield "wrong dt", label, {keyword.value: value}
    stored = _stored(node)
    yield "step done twice", ", ".join(map(_name, stored)), {node: [node, node]}
    for lost in [stored, *([one] for one in stored)] if len(stored) > 1 else [stored]:
        local: Replacements = {target: ast.Name(_name(target), ast.Store()) for target in lost}
        yield "step not stored", ", ".join(map(_name, lost)), local


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


# ----------------------------------------------------------- the neuron's keywords


def keyword_mutants(solution: ParsedSolution) -> Iterator[Mutant]:
    """Other arguments of the graded class's ``super().__init__``."""
    if (called := super_call(solution.graded_tree)) is None:
        return
    low, high = solution.exercise.start.get("V", (0.0, 0.0))
    for keyword in called.keywords if low < high else []:
        for node in _numbers(keyword.value) if keyword.arg == "V_initializer" else []:
            for moved in (-V_MOVED, V_MOVED):
                was = ast.literal_eval(node)
                value = was + moved
                new = ast.parse(repr(value), mode="eval").body
                place = f"{keyword.arg}: {was:g} -> {value:g}"
                yield solution.mutant("start of V moved", place, {node: new})
    given = {keyword.arg for keyword in called.keywords}
    for name, number in KEYWORDS.get(solution.exercise.base, {}).items():
        if name not in given:
            keywords = [*called.keywords, ast.keyword(name, ast.Constant(number))]
            whole = ast.Call(called.func, called.args, keywords)
            place = f"{name}={number!r}"
            yield solution.mutant("keyword of the neuron added", place, {called: whole})


def _numbers(node: ast.AST) -> list[ast.expr]:
    """Return the numbers in an expression, each with its sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        return [node]
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return [node]
    return [found for child in ast.iter_child_nodes(node) for found in _numbers(child)]
