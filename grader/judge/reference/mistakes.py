"""Likely mistakes in a student's equations: one that explains a derivative, or silence.

The reference brings the likely mistakes, each a model of its own. A derivative that is
wrong has the mistake named that gives what was answered, where exactly one does. What the
parameters explain that the model itself says it uses needs no mistake, and has none named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grader.assignment.schema import Assignment, Exercise, Variant
from grader.core.types import Answers, Array, ExerciseEvidence, ModelProbe, NamedMistake
from grader.judge.reference.input_scale import scaled_input
from grader.judge.reference.match_states import reference_states
from grader.judge.residuals import fits

if TYPE_CHECKING:  # a student checks without the reference, and so without JAX
    from grader.judge.reference.model import ReferenceModel

Field = Mapping[str, Array]
Unit = Callable[[str], float]

EXPLAINS = 1e-4
"""The residual (see `relative_error`) within which a mistake explains a derivative.

More than a right one may be off: where a mistake makes a gate move in microseconds, a
derivative extrapolated from its steps is good to 1e-5. Likely mistakes should be much further
apart than this.
"""


def named_mistakes(
    model: ReferenceModel,
    assignment: Assignment,
    exercise: Exercise,
    evidence: ExerciseEvidence,
    variant: Variant,
    gates: Mapping[str, str],
) -> tuple[NamedMistake, ...]:
    """Name the mistake of each state whose derivative is wrong, in the order of the reference.

    ``variant`` is the one that was chosen; any of the assignment's may have been made a
    mistake in. A state is absent where no mistake explains its derivative, or several do.
    """
    answers = evidence.answers
    if not {"V", "I"} <= set(answers.field_states):
        return ()
    tolerance = assignment.tolerance(exercise.id, None, answers.precision)
    states = reference_states(model, answers.field_states, gates)
    rates = student_field(answers, gates)
    wrong = wrong_states(rates, model.field(states, variant.constants), tolerance, exercise.scale)
    if not wrong:
        return ()
    variants = (variant, *(other for other in assignment.variants if other.id != variant.id))
    accepted = (
        AcceptedFields(
            expected=model.field(states, each.constants),
            own=model.field(states, constants),
            mistaken=model.mistaken_fields(states, constants),
        )
        for each in variants
        for constants in _constants(exercise, evidence.probe, each)
    )
    explained, right = explanations(rates, wrong, accepted, tolerance, exercise.scale)
    if "V" in wrong and not explained["V"] and "V" not in right:
        by_input = scaled_input(
            model, exercise, evidence.probe, variant, states, rates["V"], tolerance
        )
        explained["V"] = {} if by_input is None else {by_input.name: by_input}
    return unique_mistakes(explained, right)


def student_field(answers: Answers, gates: Mapping[str, str]) -> dict[str, Array]:
    """Return the student's derivatives, ``(K,)`` each, under the reference's names."""
    plays = {"V": "V", **gates}
    return {name: answers.field[own] for name, own in plays.items() if own in answers.field}


@dataclass(frozen=True, slots=True)
class AcceptedFields:
    """An accepted model's derivatives at the drawn states, ``(K,)`` each, and those of mistakes.

    ``own`` are the derivatives with the parameters that the student's model says it has.
    """

    expected: Field
    own: Field
    mistaken: Mapping[str, Field]


Explanations = dict[str, dict[str, NamedMistake]]
"""For each wrong state the mistakes that explain it, by name."""


def wrong_states(actual: Field, expected: Field, tolerance: float, unit: Unit) -> list[str]:
    """Return the states whose derivative is not the expected one, in the order of ``expected``."""
    return [
        name
        for name, rate in expected.items()
        if name in actual
        and np.isfinite(rate).all()
        and np.isfinite(actual[name]).all()
        and not fits(actual[name], rate, tolerance, unit(name))
    ]


def explanations(
    actual: Field,
    wrong: Iterable[str],
    models: Iterable[AcceptedFields],
    tolerance: float,
    unit: Unit,
) -> tuple[Explanations, set[str]]:
    """Find what explains each wrong state, and those that are right with their own parameters."""
    near = max(tolerance, EXPLAINS)
    explained: Explanations = {name: {} for name in wrong}
    right: set[str] = set()
    for each in models:
        right |= {n for n in explained if fits(actual[n], each.own[n], near, unit(n))}
        for mistake, field in each.mistaken.items():
            for name in _explained(field, each.own, actual, near, unit):
                if name in explained:
                    named = NamedMistake(
                        name=mistake, state=name, right=each.expected[name], mistaken=field[name]
                    )
                    explained[name].setdefault(mistake, named)
    return explained, right


def unique_mistakes(explained: Explanations, right: set[str]) -> tuple[NamedMistake, ...]:
    """Return the mistake of each state that exactly one explains."""
    return tuple(
        next(iter(mistakes.values()))
        for name, mistakes in explained.items()
        if name not in right and len(mistakes) == 1
    )


def own_parameters(exercise: Exercise, probe: ModelProbe) -> dict[str, float]:
    """Return the parameters of a model, by full name, where they are not as asked."""
    own = {}
    for channel in exercise.channels:
        channel_probe = probe.channel(channel.name)
        for name, parameter in channel.parameters.items():
            value = channel_probe.parameters.get(name) if channel_probe else None
            if value is not None and math.isfinite(value) and value != parameter.value:
                own[f"{channel.name}.{name}"] = value
    return own


def _explained(field: Field, right: Field, actual: Field, near: float, unit: Unit) -> list[str]:
    """Return the states whose derivative a mistake changes, if it gives all of them as answered."""
    changed = [
        name
        for name, rate in field.items()
        if not np.array_equal(rate, right[name], equal_nan=True)
        and not fits(rate, right[name], near, unit(name))
    ]
    fit = all(n in actual and fits(actual[n], field[n], near, unit(n)) for n in changed)
    return changed if fit else []


def _constants(
    exercise: Exercise, probe: ModelProbe, variant: Variant
) -> Iterator[Mapping[str, float]]:
    """Yield a variant's constants, and those with the model's own parameters where they differ."""
    yield variant.constants
    if own := own_parameters(exercise, probe):
        yield {**variant.constants, **own}
