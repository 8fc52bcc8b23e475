"""Asking a model again, with the teacher's parts in the place of wrong ones of the student's.

An exercise may be made of earlier ones. Where one of those is wrong, it shall not cost this one
its points: so after the run that is graded has ended, a fresh box runs the notebook's
definitions, the teacher's part after the student's, and only this exercise is asked. The
teacher's source is in that box. So nothing comes out of it but numbers, under names that are
the student's own or the assignment's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from grader.assignment.schema import Assignment, Exercise
from grader.core.types import (
    Answers,
    Cell,
    ChannelProbe,
    Evidence,
    ExerciseEvidence,
    GradedCell,
    ModelProbe,
)
from grader.run.job import Job
from grader.run.passes import question_alone
from grader.submission.cells.definitions import definitions
from grader.submission.cells.find_cell import find_cell
from grader.submission.notebook.read import read_notebook

UNKNOWN = "?"
"""In the place of a name that is neither the student's own nor the assignment's."""

_Given = TypeVar("_Given")


def with_right_parts(job: Job, evidence: Evidence, wrong: Mapping[str, Sequence[str]]) -> Evidence:
    """``evidence`` with exercises asked again, each with the teacher's parts for ``wrong`` ones.

    An exercise that gives no answers with them either keeps those that it had. Raises
    ``BoxFailed`` and ``KernelBroken`` as a run does.
    """
    attempts = dict(evidence.exercises)
    for id, parts in wrong.items():
        exercise, cell = job.assignment.exercise(id), attempts[id].cell
        attempts[id] = replace(attempts[id], reprobed_with=tuple(parts))
        if cell.index is None:
            continue
        graded = {part: attempts[part].cell for part in parts}
        cells = tuple(_cells(evidence.submission.cells, exercise, cell, graded, job.assignment))
        own = replace(evidence.submission, cells=cells)
        found = question_alone(job, own, cell, evidence.seed)
        if found.answers.traces or found.answers.records:
            known = _words(evidence.submission.cells, exercise)
            attempts[id] = replace(
                _numbers_of(found, known), reprobed_with=tuple(parts), judged_with=tuple(parts)
            )
    return replace(evidence, exercises=attempts)


# ---------------------------------------------------------------------------- going in


def _cells(
    cells: Sequence[Cell],
    exercise: Exercise,
    cell: GradedCell,
    parts: Mapping[str, GradedCell],
    assignment: Assignment,
) -> Iterator[Cell]:
    """What the notebook defines up to the graded cell, with the teacher's parts behind its own.

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


def _words(cells: Sequence[Cell], exercise: Exercise) -> frozenset[str]:
    """The words of the student's notebook and of what is asked for."""
    texts = [cell.source for cell in cells if cell.kind == "code"]
    return frozenset(re.findall(r"\w+", "\n".join([*texts, exercise.model_dump_json(), "V I"])))


def _numbers_of(attempt: ExerciseEvidence, known: Collection[str]) -> ExerciseEvidence:
    """What an attempt says in numbers, and of its names those that are ``known`` words."""
    probe, answers = attempt.probe, attempt.answers
    return replace(
        attempt,
        probe=ModelProbe(
            found=probe.found,
            class_name=_name(probe.class_name, known),
            lineage=_names(probe.lineage, known),
            channels=tuple(_channel(channel, known) for channel in probe.channels),
            integrator=_name(probe.integrator, known, ""),
            states=_names(probe.states, known),
            parameters=_named(probe.parameters, known),
            population=probe.population,
        ),
        answers=Answers(
            traces=_named(answers.traces, known),
            start=_named(answers.start, known),
            resets=answers.resets,
            map_states=_named(answers.map_states, known),
            map_steps=answers.map_steps,
            maps=_named(answers.maps, known),
            finer_traces=_named(answers.finer_traces, known),
            finer_from_step=answers.finer_from_step,
            records=_named(answers.records, known),
            field_states=_named(answers.field_states, known),
            field=_named(answers.field, known),
            precision=answers.precision,
            single_neuron=answers.single_neuron,
        ),
    )


def _channel(channel: ChannelProbe, known: Collection[str]) -> ChannelProbe:
    return ChannelProbe(
        name=_name(channel.name, known),
        kind=channel.kind,
        type_name=_name(channel.type_name, known),
        from_notebook=channel.from_notebook,
        lineage=_names(channel.lineage, known),
        master_types=_names(channel.master_types, known),
        parameters=_named(channel.parameters, known),
        measured=_named(channel.measured, known),
        states=_names(channel.states, known),
        integrated=channel.integrated,
        integrators=tuple(_name(one, known, "") for one in channel.integrators),
    )


def _name(text: str, known: Collection[str], otherwise: str = UNKNOWN) -> str:
    """A name whose words are known; an integrator that isn't is said to be none."""
    return text if all(word in known for word in re.findall(r"\w+", text)) else otherwise


def _names(texts: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    return tuple(_name(text, known) for text in texts)


def _named(values: Mapping[str, _Given], known: Collection[str]) -> dict[str, _Given]:
    return {name: value for name, value in values.items() if _name(name, known) == name}
