"""Names that an assignment's data, words and reference share: reading it shows no wrong one.

Each is asked for before anything runs: a sentence that is missing would be missed by the
first student who makes that mistake, and a state by the first check.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping

from grader.assignment.schema import Assignment, Check, Exercise
from grader.core.messages import LANGUAGES, catalogue
from grader.core.types import Note
from grader.judge.checks import CHECKS
from grader.judge.reference.load_model import Model, exercise_model

_OF_ONE_STATE = ("trace_rmse", "field", "map")
_OF_A_STATE = (*_OF_ONE_STATE, "start")


def find_unknown_names(assignment: Assignment, whole: Model) -> Iterator[Note]:
    """Every name in ``assignment`` that nothing answers to; ``whole`` is its reference."""
    for check in assignment.checks:
        yield from _of_check(check, assignment.exercise(check.exercise))
    for exercise in assignment.exercises:
        if exercise.answers:
            yield from _of_reference(exercise, exercise_model(whole, exercise.id))
    known = [exercise.id for exercise in assignment.exercises]
    for part in getattr(whole, "PARTS", {}):
        if part not in known:
            yield _note("part", part=part, known=known)
    yield from _of_words(assignment, whole)


def _of_check(check: Check, exercise: Exercise) -> Iterator[Note]:
    if check.kind not in CHECKS:
        yield _note("kind", check=check.id, kind=check.kind, known=sorted(CHECKS))
        return
    asked = check.kind in _OF_ONE_STATE if not check.variable else check.kind in _OF_A_STATE
    known = ["V", *exercise.ranges, *exercise.records]
    if asked and check.variable not in known:
        kind = "variable" if check.variable else "no_variable"
        yield _note(kind, check=check.id, variable=check.variable, known=known)


def _of_reference(exercise: Exercise, model: Model) -> Iterator[Note]:
    for state in ("V", *exercise.gates):
        if state not in model.STATES:
            yield _note("state", exercise=exercise.id, state=state, known=model.STATES)


def _of_words(assignment: Assignment, whole: Model) -> Iterator[Note]:
    for language in LANGUAGES:
        file = f"{assignment.folder.name}/words/{language}.toml"
        try:
            messages = catalogue(language, assignment.folder)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            yield _note("words", file=file, why=str(error))
            continue
        for sentence, of in _sentences(assignment, whole).items():
            if not messages.has(sentence):
                yield _note("sentence", file=file, sentence=sentence, of=of)


def _sentences(assignment: Assignment, whole: Model) -> Mapping[str, str]:
    """Each sentence that is named, with what names it."""
    found = {variant.note: variant.id for variant in assignment.variants if variant.note}
    for exercise in assignment.exercises:
        owners = {"": exercise.parameters, **{c.name: c.parameters for c in exercise.channels}}
        for owner, parameters in owners.items():
            for name, parameter in parameters.items():
                of = f"{owner}.{name}" if owner else name
                found |= {mistake.message: of for mistake in parameter.mistakes}
        mistakes = getattr(exercise_model(whole, exercise.id), "MISTAKES", {})
        found |= {f"assignment.mistake.{m.partition(':')[0]}": "MISTAKES" for m in mistakes}
    return found


def _note(kind: str, /, **values: object) -> Note:
    said = {k: ", ".join(v) if isinstance(v, list | tuple) else str(v) for k, v in values.items()}
    return Note(message_id=f"author.unsound.{kind}", values=said)
