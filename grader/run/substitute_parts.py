"""Probe a model again, with the teacher's solution in place of wrong parts.

An exercise may be made of earlier ones. Where one of those is wrong, it shall not cost this one
its points: so after the run that is graded has ended, a fresh box runs the notebook's
definitions, the teacher's part after the student's, and only this exercise is asked. The
teacher's source is in that box. So nothing comes out of it but numbers, under names that are
the student's own or the assignment's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from grader.assignment.schema import Assignment, Exercise
from grader.core.types import Cell, Evidence, GradedCell
from grader.run.run_request import RunRequest
from grader.run.run_submission import probe_exercise
from grader.submission.cells.definitions import definitions
from grader.submission.cells.find_cell import find_cell
from grader.submission.notebook.read import read_notebook


def reprobe_with_solution(
    request: RunRequest, evidence: Evidence, wrong: Mapping[str, Sequence[str]]
) -> Evidence:
    """``evidence`` with exercises asked again, each with the teacher's parts for ``wrong`` ones.

    An exercise that gives no answers with them either keeps those that it had. Raises
    ``SandboxError`` and ``HarnessError`` as a run does.
    """
    exercises = dict(evidence.exercises)
    for id, parts in wrong.items():
        exercise, cell = request.assignment.exercise(id), exercises[id].cell
        exercises[id] = replace(exercises[id], reprobed_with=tuple(parts))
        if cell.index is None:
            continue
        graded = {part: exercises[part].cell for part in parts}
        cells = tuple(_cells(evidence.submission.cells, exercise, cell, graded, request.assignment))
        own = replace(evidence.submission, cells=cells)
        found = probe_exercise(request, own, cell, evidence.seed)
        if found.answers.traces or found.answers.records:
            is_known = _name_filter(evidence.submission.cells, exercise)
            exercises[id] = replace(
                found,
                probe=found.probe.allow_names(is_known),
                answers=found.answers.allow_names(is_known),
                reprobed_with=tuple(parts),
                judged_with=tuple(parts),
            )
    return replace(evidence, exercises=exercises)


# ---------------------------------------------------------------------------- going in


def _cells(
    cells: Sequence[Cell],
    exercise: Exercise,
    cell: GradedCell,
    parts: Mapping[str, GradedCell],
    assignment: Assignment,
) -> Iterator[Cell]:
    """Yield the notebook's definitions up to the graded cell, the teacher's parts behind its own.

    A part whose cell is missing or stands below comes right before the graded cell. A graded
    run runs as it is.
    """
    assert cell.index is not None
    right = {part: _right_part(assignment, part, own.class_name) for part, own in parts.items()}
    above = [part for part, own in parts.items() if _is_above(own, cell.index)]
    for reduced, whole in zip(definitions(cells), cells, strict=True):
        if whole.index > cell.index:
            return
        graded = whole.index == cell.index
        source = whole.source if graded and exercise.kind == "run" else reduced.source
        before = [right[part] for part in parts if graded and part not in above]
        behind = [right[part] for part in above if parts[part].index == whole.index]
        yield (
            replace(whole, source="\n".join([*before, source, *behind]))
            if (whole.kind == "code")
            else whole
        )


def _is_above(cell: GradedCell, index: int) -> bool:
    return cell.index is not None and cell.index <= index


def _right_part(assignment: Assignment, id: str, called: str) -> str:
    """Code that makes the teacher's class of an exercise, also under the name ``called``.

    It runs among names of its own, so that it is what it is whatever the notebook imports.
    """
    assert assignment.rubric is not None
    solution = read_notebook(assignment.rubric.solution)
    cell = find_cell(solution, assignment.exercise(id), assignment)
    assert cell.index is not None
    defined = definitions(solution.cells[: cell.index + 1])
    source = "\n".join(own.source for own in defined if own.kind == "code")
    names = sorted({cell.class_name, called or cell.class_name})
    given = [f"{name} = _part[{cell.class_name!r}]" for name in names]
    lines = ["_part = {'__name__': '__main__'}", f"exec({source!r}, _part)", *given, "del _part"]
    return "\n".join(lines)


# -------------------------------------------------------------------------- coming out


def _name_filter(cells: Sequence[Cell], exercise: Exercise) -> Callable[[str], bool]:
    """Return a filter: names whose words are all in the student's notebook or the exercise."""
    texts = [cell.source for cell in cells if cell.kind == "code"]
    known = set(re.findall(r"\w+", "\n".join([*texts, exercise.model_dump_json(), "V I"])))
    return lambda name: known.issuperset(re.findall(r"\w+", name))
