"""Numbers and states in single precision, and the numbers of other accepted models."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from grader.assignment.schema import Assignment, Variant
from grader.authoring.verify.ast_edits import Mutant, Replacement
from grader.authoring.verify.equivalents.class_edits import (
    change_classes,
    channel_class_names,
    each_and_everywhere,
    equation_classes,
    module_names,
    parse_statements,
)
from grader.authoring.verify.equivalents.parameter_passing import literal_value
from grader.authoring.verify.parsed_solution import ParsedSolution

Places = dict[ast.AST, Replacement]

IN_FLOAT32 = ("states in float32", "everywhere")
"""The mutant all of whose states are in single precision: operator and place."""


def single_precision(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Constants as ``np.float32(...)``, states made in float32, and both."""
    known, kinds = module_names(solution), equation_classes(solution)
    numbers: dict[str, Places] = {}
    of_library = (
        solution.channel_calls.keys() - channel_class_names(solution).keys()
    )  # takes no NumPy scalar
    if (numpy := known.get("numpy")) is not None and not of_library:
        calls = [solution.channel_calls[name] for name in solution.channel_statements]
        numbers = {name: _constants([kind], numpy) for name, kind in kinds.items()}
        numbers |= {"the calls": _constants(calls, numpy)}
        found = [(name, places) for name, places in numbers.items() if places]
        yield from each_and_everywhere(solution, "constants in float32", found)
    if (math := known.get("brainpy.math")) is not None:
        states = dict(_states(kinds, math))
        yield from each_and_everywhere(solution, IN_FLOAT32[0], list(states.items()))
        if not states and solution.exercise.kind == "neuron":
            graded = solution.cell.class_name
            cells = change_classes(solution, [graded], lambda kind: _V_in_float32(kind, math))
            yield Mutant(operator=IN_FLOAT32[0], place=IN_FLOAT32[1], cells=cells)
        if states and numbers:
            parts = [*numbers.values(), *states.values()]
            both = {node: new for places in parts for node, new in places.items()}
            yield solution.mutant("states and constants in float32", "everywhere", both)


def accepted_variants(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Every other accepted model whose constants each stand once in the channels' classes."""
    own = _reference_constants(assignment)
    for variant in assignment.variants:
        places = _of_variant(solution, variant, own)
        if places:
            changes = ", ".join(f"{n}: {own[n]!r} -> {v!r}" for n, v in variant.constants.items())
            yield solution.mutant("accepted variant", f"{variant.id}, {changes}", places)


def _of_variant(solution: ParsedSolution, variant: Variant, own: dict[str, float]) -> Places:
    """Put a number in the place of each constant; none where one is not found."""
    places: Places = {}
    for name, value in variant.constants.items():
        found = [
            node
            for kind in equation_classes(solution).values()
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
    """Return the reference's ``CONSTANTS`` as they are written; importing it would take JAX."""
    assert assignment.rubric is not None
    for node in ast.parse(assignment.rubric.reference.read_text("utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if [ast.unparse(target) for target in targets] == ["CONSTANTS"]:
            assert isinstance(node, ast.Assign)
            found = literal_value(node.value)
            return found if isinstance(found, dict) else {}
    return {}


def _constants(tops: Iterable[ast.AST], numpy: str) -> Places:
    """``np.float32(...)`` for every float below these nodes."""
    return {
        node: ast.parse(f"{numpy}.float32({node.value!r})", mode="eval").body
        for top in tops
        for node in ast.walk(top)
        if isinstance(node, ast.Constant) and type(node.value) is float
    }


def _V_in_float32(kind: ast.ClassDef, math: str) -> list[ast.stmt]:
    """Return the class with its V in float32 after each reset."""
    text = (
        "def reset_state(self, *given, **named):\n"
        "    super().reset_state(*given, **named)\n"
        f"    self.V = {math}.Variable({math}.asarray(self.V, dtype={math}.float32))"
    )
    kind.body += parse_statements(text)
    return [kind]


def _states(kinds: dict[str, ast.ClassDef], math: str) -> Iterator[tuple[str, Places]]:
    """Yield a float32 variable for each state, of zeros or as it is made."""
    for name, kind in kinds.items():
        for node in ast.walk(kind):
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            state = f"{name}.{ast.unparse(node.targets[0]).rpartition('.')[2]}"
            function, *given = map(ast.unparse, (node.value.func, *node.value.args))
            if len(given) > 1 and given[0] == f"{math}.zeros":
                text = f"{math}.Variable({math}.zeros({given[1]}, dtype={math}.float32))"
                yield state, {node.value: ast.parse(text, mode="eval").body}
            elif function == f"{math}.Variable" and len(given) == 1 and "dtype" not in given[0]:
                text = f"{math}.asarray({given[0]}, dtype={math}.float32)"
                yield state, {node.value.args[0]: ast.parse(text, mode="eval").body}
