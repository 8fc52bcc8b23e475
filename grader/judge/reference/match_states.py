"""Match a student's states to the gates, and the model to one of the accepted variants.

Names first, the vector field where they don't tell. Everywhere ``field_states`` and
``field`` are the student's (see `grader.core.types.Answers`), and ``gates`` maps a gate
of the exercise to the student's state that plays it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from grader.assignment.schema import Exercise, Variant
from grader.core.types import Array
from grader.judge.metrics import relative_error, rmse

if TYPE_CHECKING:  # a student checks without the reference, and so without JAX
    from grader.judge.reference.model import ReferenceModel

FITS = 0.2
"""The residual (see `relative_error`) within which a field may belong to another.

Accepted variants differ by about 0.1, a gate and one that it isn't by more than 0.3.
"""


EARLY = 20.0
"""ms over which traces tell variants apart, before a phase that slips hides it."""

FAR_NEARER = 4.0
"""The factor by which a later variant must be nearer than the first."""


def match_gates(exercise: Exercise, states: Sequence[str]) -> dict[str, str]:
    """Match the gates found in ``states`` by their own name, then by an alias.

    No state plays two gates. Gates that no name fits are absent.
    """
    matched = {gate: gate for gate in exercise.gates if gate in states}
    for channel in exercise.channels:
        for name, gate in channel.gates.items():
            for alias in (f"{channel.name}.{alias}" for alias in gate.aliases):
                full = f"{channel.name}.{name}"
                if full not in matched and alias in states and alias not in matched.values():
                    matched[full] = alias
    return matched


def match_by_residual(
    exercise: Exercise,
    model: ReferenceModel,
    variants: Sequence[Variant],
    field_states: Mapping[str, Array],
    field: Mapping[str, Array],
    gates: Mapping[str, str],
) -> dict[str, str]:
    """``gates`` and those that the vector field tells, of each channel among its own states.

    Each unmatched gate is tried on each unmatched state of its channel; pairs are
    taken by least residual over the variants, as long as it is within `FITS`. A gate
    whose rate depends on another unmatched one stays unmatched.
    """
    matched = dict(gates)
    for channel in exercise.channels:
        free = [s for s in field if s.startswith(f"{channel.name}.") and s in field_states]
        pairs: list[tuple[float, str, str]] = []
        for gate in (f"{channel.name}.{name}" for name in channel.gates):
            for state in free:
                if gate in matched or state in matched.values():
                    continue
                at = reference_states(model, field_states, {**matched, gate: state})
                for variant in variants:
                    expected = model.field(at, variant.constants)[gate]
                    pairs.append((_residual(field[state], expected), gate, state))
        for residual, gate, state in sorted(pairs):
            if residual <= FITS and gate not in matched and state not in matched.values():
                matched[gate] = state
    return matched


def choose_variant(
    model: ReferenceModel,
    variants: Sequence[Variant],
    field_states: Mapping[str, Array],
    field: Mapping[str, Array],
    gates: Mapping[str, str],
) -> tuple[Variant, dict[str, Array]]:
    """Choose the accepted variant nearest to the student's field, with its field, ``(K,)`` each.

    Only derivatives in which the variants differ are compared, so that a fault
    elsewhere decides nothing. The first variant wins ties, and where none fits within
    `FITS`. The field has the reference's names; a derivative that depends on a gate that
    nothing plays is absent, and all of them are when no states were drawn.

    Raises ``ValueError`` for no variants.
    """
    if not variants:
        raise ValueError("no variants to choose from")
    if "V" not in field_states or "I" not in field_states:
        return variants[0], {}
    at = reference_states(model, field_states, gates)
    fields = [model.field(at, variant.constants) for variant in variants]
    plays = {"V": "V", **gates}
    telling = [
        name
        for name in fields[0]
        if any(not np.array_equal(f[name], fields[0][name], equal_nan=True) for f in fields[1:])
    ]
    best, least = 0, FITS
    for position, expected in enumerate(fields):
        residuals = [
            _residual(field[plays[name]], expected[name])
            for name in telling
            if plays.get(name) in field
        ]
        if residuals and max(residuals) < least:
            best, least = position, max(residuals)
    finite = {name: rates for name, rates in fields[best].items() if np.isfinite(rates).all()}
    return variants[best], finite


def choose_traces(variants: Mapping[str, Mapping[str, Array]], V: Array, time: Array) -> str:
    """Choose the variant whose trace of V is nearest, where there is no field to tell by.

    ``variants`` maps a variant to its traces, ``V`` is the student's, ``(T, N)`` in mV,
    ``time`` ``(T,)`` in ms. Another than the first is chosen only when it is nearer by
    `FAR_NEARER` over the first `EARLY` ms: a wrong model is far from all of them. The
    first one where V isn't finite or has another shape.

    Raises ``ValueError`` for no variants.
    """
    if not variants:
        raise ValueError("no variants to choose from")
    first, *others = variants

    def distance(name: str) -> float:
        expected = variants[name]["V"]
        apart = rmse(V, expected, time, EARLY) if V.shape == expected.shape else float("nan")
        return apart if np.isfinite(apart) else float("inf")

    best = min(others, key=distance, default=first)
    return best if distance(best) * FAR_NEARER < distance(first) < float("inf") else first


def reference_states(
    model: ReferenceModel, field_states: Mapping[str, Array], gates: Mapping[str, str]
) -> dict[str, Array]:
    """``field_states`` under the reference's names; NaN for a gate that nothing plays."""
    absent = np.full_like(field_states["V"], np.nan)
    states = {"V": field_states["V"], "I": field_states["I"]}
    for name in model.model.STATES:
        if name != "V":
            states[name] = field_states.get(gates.get(name, ""), absent)
    return states | {
        name: field_states[name] for name in model.further_inputs if name in field_states
    }


def _residual(actual: Array, expected: Array) -> float:
    """`relative_error`, infinite where it can't be told."""
    if actual.shape != expected.shape:
        return float("inf")
    error = relative_error(actual, expected)
    return error if np.isfinite(error) else float("inf")
