"""Numbers and states in single precision, and the numbers of other accepted models."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from grader.assignment.schema import Assignment, Variant
from grader.authoring.verify.ast_edits import New, Specimen
from grader.authoring.verify.equivalents.arguments import plain
from grader.authoring.verify.equivalents.classes import (
    call,
    changed_classes,
    class_names,
    edited,
    equation_classes,
    modules,
    statements,
)
from grader.authoring.verify.solution import Teacher

Places = dict[ast.AST, New]

IN_FLOAT32 = ("states in float32", "everywhere")
"""The specimen all of whose states are in single precision: operator and place."""


def single_precision(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """Constants as ``np.float32(...)``, states made in float32, and both."""
    known, kinds = modules(teacher), equation_classes(teacher)
    numbers: dict[str, Places] = {}
    of_library = teacher.made.keys() - class_names(teacher).keys()  # takes no NumPy scalar
    if (numpy := known.get("numpy")) is not None and not of_library:
        calls = [call(teacher, name) for name in teacher.calls]
        numbers = {name: _constants([kind], numpy) for name, kind in kinds.items()}
        numbers |= {"the calls": _constants(calls, numpy)}
        yield from _each_and_all(teacher, "constants in float32", numbers)
    if (math := known.get("brainpy.math")) is not None:
        states = dict(_states(kinds, math))
        yield from _each_and_all(teacher, IN_FLOAT32[0], states)
        if not states and teacher.exercise.kind == "neuron":
            graded = teacher.cell.class_name
            cells = changed_classes(teacher, [graded], lambda kind: _V_in_float32(kind, math))
            yield Specimen(operator=IN_FLOAT32[0], place=IN_FLOAT32[1], cells=cells)
        if states and numbers:
            yield Specimen(
                operator="states and constants in float32",
                place="everywhere",
                cells=edited(teacher, _joined([*numbers.values(), *states.values()])),
            )


def variants(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """Every other accepted model whose constants each stand once in the channels' classes."""
    own = _reference_constants(assignment)
    for variant in assignment.variants:
        places = _of_variant(teacher, variant, own)
        if places:
            changes = ", ".join(f"{n}: {own[n]!r} -> {v!r}" for n, v in variant.constants.items())
            yield Specimen(
                operator="accepted variant",
                place=f"{variant.id}, {changes}",
                cells=edited(teacher, places),
            )


def _of_variant(teacher: Teacher, variant: Variant, own: dict[str, float]) -> Places:
    """The number in the place of each constant; none at all where one of them is not found."""
    places: Places = {}
    for name, value in variant.constants.items():
        found = [
            node
            for kind in equation_classes(teacher).values()
            for node in ast.walk(kind)
            if isinstance(node, ast.Constant)
            and type(node.value) in (int, float)
            and node.value == own.get(name)
        ]
        if len(found) != 1:
            return {}
        places[found[0]] = ast.Constant(value)
    return places


def _reference_constants(assignment: Assignment) -> dict[str, float]:
    """The reference's ``CONSTANTS`` as they are written; importing it would take JAX."""
    assert assignment.rubric is not None
    for node in ast.parse(assignment.rubric.reference.read_text("utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if [ast.unparse(target) for target in targets] == ["CONSTANTS"]:
            assert isinstance(node, ast.Assign)
            found = plain(node.value)
            return found if isinstance(found, dict) else {}
    return {}


def _each_and_all(teacher: Teacher, operator: str, parts: dict[str, Places]) -> Iterator[Specimen]:
    """A specimen for each part, where there are several, and one with all of them."""
    found = {name: places for name, places in parts.items() if places}
    for name, places in found.items() if len(found) > 1 else ():
        yield Specimen(operator=operator, place=name, cells=edited(teacher, places))
    if found:
        whole = edited(teacher, _joined(found.values()))
        yield Specimen(operator=operator, place="everywhere", cells=whole)


def _joined(parts: Iterable[Places]) -> Places:
    return {node: new for places in parts for node, new in places.items()}


def _constants(tops: Iterable[ast.AST], numpy: str) -> Places:
    """``np.float32(...)`` for every float below these nodes."""
    return {
        node: ast.parse(f"{numpy}.float32({node.value!r})", mode="eval").body
        for top in tops
        for node in ast.walk(top)
        if isinstance(node, ast.Constant) and type(node.value) is float
    }


def _V_in_float32(kind: ast.ClassDef, math: str) -> list[ast.stmt]:
    """The class with its V in float32 after each reset."""
    text = (
        "def reset_state(self, *given, **named):\n"
        "    super().reset_state(*given, **named)\n"
        f"    self.V = {math}.Variable({math}.asarray(self.V, dtype={math}.float32))"
    )
    kind.body += statements(text)
    return [kind]


def _states(kinds: dict[str, ast.ClassDef], math: str) -> Iterator[tuple[str, Places]]:
    """A float32 variable for each state, whatever the precision is: of zeros, or as it is made."""
    for name, kind in kinds.items():
        for node in ast.walk(kind):
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            given = node.value.args
            if len(given) > 1 and ast.unparse(given[0]) == f"{math}.zeros":
                zeros = f"{math}.zeros({ast.unparse(given[1])}, dtype={math}.float32)"
                new = ast.parse(f"{math}.Variable({zeros})", mode="eval").body
                state = ast.unparse(node.targets[0]).rpartition(".")[2]
                yield f"{name}.{state}", {node.value: new}
                continue
            text = ast.unparse(given[0]) if len(given) == 1 else "dtype"
            if ast.unparse(node.value.func) == f"{math}.Variable" and "dtype" not in text:
                single = f"{math}.asarray({text}, dtype={math}.float32)"
                state = ast.unparse(node.targets[0]).rpartition(".")[2]
                yield f"{name}.{state}", {given[0]: ast.parse(single, mode="eval").body}
