"""Reading an assignment from its folders, strictly.

An unknown key is an error with the nearest known one named, and all faults of a file
are reported at once, each with its path.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from grader.assignment import digests
from grader.assignment.deadline import ANY_TIME, LatePenalty, SubmissionRules
from grader.assignment.schema import (
    Assignment,
    Channel,
    Check,
    Exercise,
    FieldDraw,
    FrozenModel,
    Gate,
    HandoutAnswer,
    Limits,
    Mistake,
    NonNegative,
    Parameter,
    Positive,
    Rubric,
    Simulation,
    Stimulus,
    Text,
    Tier,
    Tolerance,
    Variant,
)
from grader.core.validation_faults import describe_fault, suggest_name

TOLERANCES = "tolerances.toml"
"""The file of derived tolerances, beside assignment.toml and beside rubric.toml."""


class AssignmentError(Exception):
    """An assignment's files are wrong; the message names file and key, one fault a line."""


class _AssignmentFile(FrozenModel):
    schema_version: Literal[1]
    id: str
    title: Text
    notebook: str
    limits: Limits = Limits()
    answer: HandoutAnswer = HandoutAnswer()
    simulation: Simulation = Simulation()
    exercises: tuple[Exercise, ...]
    variants: tuple[Variant, ...] = (Variant(id="given"),)
    stimuli: tuple[Stimulus, ...] = ()
    checks: tuple[Check, ...]
    handing_in: SubmissionRules = ANY_TIME


class _RubricFile(FrozenModel):
    schema_version: Literal[1]
    reference: str  # the module with the reference model, beside rubric.toml
    solution: str  # the teacher's notebook
    families: dict[str, Positive]
    points: dict[str, NonNegative]
    field: FieldDraw = FieldDraw()
    stimuli: tuple[Stimulus, ...] = ()
    checks: tuple[Check, ...] = ()


class _TolerancesFile(FrozenModel):
    schema_version: Literal[1]
    tolerances: tuple[Tolerance, ...] = ()


def load_assignment(
    folder: Path, teachers: Path | None = None, *, derived: bool = True
) -> Assignment:
    """Read an assignment from its folder and, where given, its teachers' folder.

    Without ``derived`` tolerances may be missing, as before they are derived.
    Raises ``AssignmentError`` with every fault found.
    """
    public = read_strictly(folder / "assignment.toml", _AssignmentFile)
    rubric: Rubric | None = None
    if teachers is not None:
        hidden = read_strictly(teachers / "rubric.toml", _RubricFile)
        rubric = Rubric(
            folder=teachers,
            reference=teachers / hidden.reference,
            solution=teachers / hidden.solution,
            families=hidden.families,
            points=hidden.points,
            field=hidden.field,
            stimuli=hidden.stimuli,
            checks=hidden.checks,
        )
    files = digests.files(folder, teachers)
    assignment = Assignment(
        id=public.id,
        title=public.title,
        folder=folder,
        notebook=folder / public.notebook,
        digest=digests.combined_digest(files),
        files=files,
        limits=public.limits,
        answer=public.answer,
        simulation=public.simulation,
        exercises=public.exercises,
        variants=public.variants,
        stimuli=public.stimuli,
        public_checks=public.checks,
        tolerances=tuple(_tolerances(folder, teachers)) if derived else (),
        handing_in=public.handing_in,
        rubric=rubric,
    )
    _verify(assignment, derived)
    return assignment


def _tolerances(*folders: Path | None) -> Iterator[Tolerance]:
    for folder in folders:
        if folder is not None and (file := folder / TOLERANCES).is_file():
            yield from read_strictly(file, _TolerancesFile).tolerances


_TABLES: dict[str, type[BaseModel]] = {
    "limits": Limits,
    "answer": HandoutAnswer,
    "simulation": Simulation,
    "exercises": Exercise,
    "channels": Channel,
    "parameters": Parameter,
    "gates": Gate,
    "states": Gate,
    "mistakes": Mistake,
    "stimuli": Stimulus,
    "checks": Check,
    "field": FieldDraw,
    "variants": Variant,
    "partial": Tier,
    "title": Text,
    "tolerances": Tolerance,
    "handing_in": SubmissionRules,
    "late": LatePenalty,
}


_Model = TypeVar("_Model", bound=BaseModel)


def read_strictly(
    file: Path, model: type[_Model], tables: Mapping[str, type[BaseModel]] = _TABLES
) -> _Model:
    """Read a TOML file as a ``model``; ``tables`` are those within it, by their names.

    Raises ``AssignmentError`` with every fault found.
    """
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise AssignmentError(f"{file}: there is no such file") from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AssignmentError(f"{file}: not readable as TOML: {error}") from None
    try:
        return model.model_validate(table)
    except ValidationError as error:
        known = {name: list(table.model_fields) for name, table in tables.items()}
        known[""] = list(model.model_fields)
        lines = [_fault(file, fault, known) for fault in error.errors()]
        raise AssignmentError("\n".join(lines)) from None


def _fault(file: Path, fault: ErrorDetails, known: Mapping[str, list[str]]) -> str:
    if fault["type"] != "extra_forbidden":
        return f"{file}: {describe_fault(fault)}"
    *parents, key = map(str, fault["loc"])
    tables = [step for step in parents if step in known]
    hint = suggest_name(key, known[tables[-1] if tables else ""])
    return f"{file}: {describe_fault(fault)}{hint}"


def _verify(assignment: Assignment, derived: bool) -> None:
    """Verify what no single key shows: names that must exist, points that must add up."""
    stimuli = assignment.stimuli + (assignment.rubric.stimuli if assignment.rubric else ())
    faults = [
        *_name_faults(assignment, stimuli),
        *_exercise_faults(assignment, stimuli),
        *_check_faults(assignment),
        *(_tolerance_faults(assignment) if derived else ()),
        *_point_faults(assignment),
    ]
    if faults:
        raise AssignmentError("\n".join(faults))


def _name_faults(assignment: Assignment, stimuli: Sequence[Stimulus]) -> Iterator[str]:
    """Names that two have, and stimuli that can't be."""
    checks = [check.id for check in assignment.checks]
    drawn = [stimulus.name for stimulus in stimuli]  # by these names
    for kind, names in (("checks", checks), ("stimuli", drawn)):
        for repeated in sorted({name for name in names if names.count(name) > 1}):
            yield f"{assignment.folder}: two {kind} are called {repeated!r}"
    for stimulus in stimuli:
        if stimulus.stop is not None and stimulus.stop <= stimulus.start:
            yield f"stimulus {stimulus.name!r} stops before it starts"


def _check_faults(assignment: Assignment) -> Iterator[str]:
    """Yield a fault for each name that checks use and no exercise has."""
    exercises = {exercise.id: exercise for exercise in assignment.exercises}
    for check in assignment.checks:
        if check.exercise not in exercises:
            yield f"check {check.id}: there is no exercise {check.exercise!r}"
            continue
        channels = {channel.name: channel for channel in exercises[check.exercise].channels}
        if check.channel and check.channel not in channels:
            yield f"check {check.id}: there is no channel {check.channel!r}"
        elif check.kind == "master_type" and not channels[check.channel].master_types:
            yield f"check {check.id}: {check.channel} has no master_types that are right"
        elif check.parameter and check.parameter not in (
            exercises[check.exercise].parameters_of(check.channel)
        ):
            yield f"check {check.id}: {check.channel or 'the exercise'} has no {check.parameter!r}"


def _point_faults(assignment: Assignment) -> Iterator[str]:
    """Yield checks without points, points without checks, families that don't add up."""
    if (rubric := assignment.rubric) is None:
        return
    ids, file = [check.id for check in assignment.checks], f"{rubric.folder}/rubric.toml"
    for missing in sorted(set(ids) - set(rubric.points)):
        yield f"{file}: points: none for check {missing!r}"
    for unknown in sorted(set(rubric.points) - set(ids)):
        yield f"{file}: points: no check {unknown!r}{suggest_name(unknown, ids)}"
    for family, total in rubric.families.items():
        members = [check.id for check in assignment.checks if check.family == family]
        has = sum(rubric.points.get(id, 0.0) for id in members)
        if abs(has - total) > 1e-9:
            yield (
                f"{file}: family {family}: its checks have {has:g} points, {total:g} were asked for"
            )
    for family in sorted({c.family for c in assignment.checks} - set(rubric.families)):
        yield f"{file}: families: {family!r} is missing"


def _tolerance_faults(assignment: Assignment) -> Iterator[str]:
    """One sentence about all measures without a tolerance, with the command that derives them."""
    known = {(one.of, one.until) for one in assignment.tolerances}
    missing = [
        f"{of} up to {until:g} ms" if until else of
        for of, until in assignment.measures
        if (of, until) not in known
    ]
    if missing:
        listed = ", ".join(missing[:3])
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        yield (
            f"{assignment.folder}: {TOLERANCES} has no tolerance of {listed}{more}; "
            f"`grader verify {assignment.id} --assignments {assignment.folder.parent} --derive` "
            "makes them"
        )


def _exercise_faults(assignment: Assignment, stimuli: Sequence[Stimulus]) -> Iterator[str]:
    """Yield what an exercise of its kind lacks, and exercises that are named but not there."""
    before: set[str] = set()
    for exercise in assignment.exercises:
        needed = ["variable", "monitors"] if exercise.kind == "run" else ["class_name", "base"]
        needed += ["host"] if exercise.kind == "channel" else []
        for key in needed:
            if not getattr(exercise, key):
                yield f"exercise {exercise.id}: {key}: is missing for a {exercise.kind!r}"
        if exercise.kind in ("channel", "type") and len(exercise.channels) != 1:
            yield f"exercise {exercise.id}: channels: a {exercise.kind!r} is one of them"
        for other in exercise.needs:
            if other not in before:
                yield f"exercise {exercise.id}: needs: there is no exercise {other!r} before it"
        if exercise.answers and not assignment.for_exercise(exercise).stimuli:
            yield f"exercise {exercise.id}: stimuli: none of them is for it"
        before.add(exercise.id)
    for stimulus in stimuli:
        for other in stimulus.exercises:
            if other not in before:
                yield f"stimulus {stimulus.name!r}: there is no exercise {other!r}"
