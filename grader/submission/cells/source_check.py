"""Find contradictions between a notebook's source and what its kernel said of the model.

A kernel can say anything. What the graded cell plainly writes, a channel made by a call
with numbers, is read beside it; a difference costs nothing and is shown to the teacher.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from grader.assignment.schema import Exercise
from grader.core.types import ChannelProbe, ExerciseEvidence, Note, Submission
from grader.submission.cells.scope import classes, last_name
from grader.submission.notebook.ast_digest import parse


@dataclass(frozen=True, slots=True)
class Claim:
    """A channel as the source has it: the class called, and the numbers given by name."""

    class_name: str
    numbers: dict[str, float]


def contradictions(
    submission: Submission, exercise: Exercise, attempt: ExerciseEvidence
) -> list[Note]:
    """Return a note for the teacher for each thing that source and kernel say differently."""
    if not attempt.probe.population:
        return []
    made = _claims(submission, attempt)
    own = {
        node.name
        for cell in submission.cells
        if cell.kind == "code" and (tree := parse(cell.source)) is not None
        for node in classes(tree)
    }
    notes = []
    for channel in exercise.channels:
        found = attempt.probe.channel(channel.name)
        claim = made.get(attempt.renamed_from.get(channel.name, channel.name))
        if claim is None or found is None or found.kind != "channel":
            continue
        if claim.class_name in own and not _is_made_of(found, claim.class_name):
            values = {"name": channel.name, "source": claim.class_name, "kernel": found.type_name}
            notes.append(_note("type", **values))
        for parameter in channel.parameters:
            said, value = found.parameters.get(parameter), claim.numbers.get(parameter)
            if said is not None and value is not None and abs(said - value) > 1e-6 * abs(value):
                name = f"{channel.name}.{parameter}"
                notes.append(_note("parameter", name=name, source=value, kernel=said))
    return notes


def _note(kind: str, **values: str | float) -> Note:
    return Note(message_id=f"verdict.contradiction.{kind}", values=values, for_student=False)


def _is_made_of(found: ChannelProbe, name: str) -> bool:
    return found.type_name == name or f"__main__.{name}" in found.lineage


def _claims(submission: Submission, attempt: ExerciseEvidence) -> dict[str, Claim]:
    """Return the channels that the graded class makes by one plain call each."""
    cell = next((c for c in submission.cells if c.index == attempt.cell.index), None)
    tree = None if cell is None else parse(cell.source)
    if tree is None:
        return {}
    found: dict[str, list[ast.Call]] = {}
    for node in classes(tree):
        if node.name == attempt.cell.class_name:
            for name, value in _attributes(node):
                found.setdefault(name, []).append(value)
    return {
        name: Claim(last_name(calls[0].func), dict(_numbers(calls[0])))
        for name, calls in found.items()
        if len(calls) == 1
    }


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, ast.Call]]:
    """Names and the calls that make them; what hangs on an ion has the ion's name and a dot."""
    for part in ast.walk(node):
        if isinstance(part, ast.Assign) and isinstance(part.value, ast.Call):
            for target in part.targets:
                if isinstance(target, ast.Attribute):
                    yield target.attr, part.value
                    yield from _hanging(target.attr, part.value)
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            ion = part.func.value
            if part.func.attr == "add_elem" and isinstance(ion, ast.Attribute):
                yield from _hanging(ion.attr, part)


def _hanging(ion: str, call: ast.Call) -> Iterator[tuple[str, ast.Call]]:
    for keyword in call.keywords:
        if keyword.arg is not None and isinstance(keyword.value, ast.Call):
            yield f"{ion}.{keyword.arg}", keyword.value


def _numbers(call: ast.Call) -> Iterator[tuple[str, float]]:
    for keyword in call.keywords:
        sign, value = 1.0, keyword.value
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
            sign, value = -1.0, value.operand
        number = value.value if isinstance(value, ast.Constant) else None
        if keyword.arg is not None and isinstance(number, (int, float)):
            with contextlib.suppress(OverflowError):  # an integer of a thousand digits
                yield keyword.arg, sign * float(number)
