"""Which likely mistake a student's equations hold: one that explains a derivative, or silence.

The reference brings the likely mistakes, each a model of its own. A derivative that is
wrong has the mistake named that gives what was answered, where exactly one does. What the
parameters explain that the model itself says it uses needs no mistake, and has none named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from grader.assignment import Assignment, Exercise, Variant
from grader.judge.injected import scaled_input
from grader.judge.match import reference_states
from grader.judge.reference import ReferenceModel
from grader.judge.residuals import fits
from grader.stages import Array, Attempt, ModelProbe, NamedMistake

Field = Mapping[str, Array]

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
    attempt: Attempt,
    variant: Variant,
    gates: Mapping[str, str],
) -> tuple[NamedMistake, ...]:
    """The mistake of each state whose derivative is wrong, in the order of the reference.

    ``variant`` is the one that was chosen; any of the assignment's may have been made a
    mistake in. A state is absent where no mistake explains its derivative, or several do.
    """
    answers, unit = attempt.answers, exercise.scale
    if not {"V", "I"} <= set(answers.field_states):
        return ()
    tolerance = assignment.tolerance(exercise.id, None, answers.precision)
    states = reference_states(model, answers.field_states, gates)
    plays = {"V": "V", **gates}
    found = {name: answers.field[own] for name, own in plays.items() if own in answers.field}
    asked = model.field(states, variant.constants)
    wrong = [
        name
        for name in model.model.STATES
        if name in found
        and np.isfinite(asked[name]).all()
        and np.isfinite(found[name]).all()
        and not fits(found[name], asked[name], tolerance, unit(name))
    ]
    if not wrong:
        return ()
    near = max(tolerance, EXPLAINS)
    explained: dict[str, dict[str, NamedMistake]] = {name: {} for name in wrong}
    right: set[str] = set()  # with the model's own parameters
    for each in (variant, *(other for other in assignment.variants if other.id != variant.id)):
        base = model.field(states, each.constants)
        for constants in _constants(exercise, attempt.probe, each):
            own = model.field(states, constants)
            right |= {name for name in wrong if fits(found[name], own[name], near, unit(name))}
            for mistake, field in model.mistakes(states, constants).items():
                for name in _explained(field, own, found, near, unit):
                    if name in explained:
                        explained[name].setdefault(
                            mistake,
                            NamedMistake(
                                name=mistake, state=name, asked=base[name], given=field[name]
                            ),
                        )
    if "V" in wrong and not explained["V"] and "V" not in right:
        by_input = scaled_input(
            model, exercise, attempt.probe, variant, states, found["V"], tolerance
        )
        explained["V"] = {} if by_input is None else {by_input.name: by_input}
    return tuple(
        next(iter(explained[name].values()))
        for name in wrong
        if name not in right and len(explained[name]) == 1
    )


def _explained(
    field: Field, right: Field, found: Field, near: float, unit: Callable[[str], float]
) -> list[str]:
    """The states whose derivative a mistake changes, if it gives all of them as found."""
    changed = [
        name
        for name, rate in field.items()
        if not np.array_equal(rate, right[name], equal_nan=True)
        and not fits(rate, right[name], near, unit(name))
    ]
    fit = all(n in found and fits(found[n], field[n], near, unit(n)) for n in changed)
    return changed if fit else []


def _constants(
    exercise: Exercise, probe: ModelProbe, variant: Variant
) -> Iterator[Mapping[str, float]]:
    """A variant's constants, and where they differ those with the model's own parameters."""
    yield variant.constants
    own = {}
    for channel in exercise.channels:
        said = probe.channel(channel.name)
        for parameter, asked in channel.parameters.items():
            value = said.parameters.get(parameter) if said else None
            if value is not None and math.isfinite(value) and value != asked.value:
                own[f"{channel.name}.{parameter}"] = value
    if own:
        yield {**variant.constants, **own}
