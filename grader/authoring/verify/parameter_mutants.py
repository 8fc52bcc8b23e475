"""Wrong parameters of channels and of the neuron itself, each with the sentence that names how."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from dataclasses import dataclass

from grader.assignment.schema import Exercise
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.equivalents.integrators import super_call
from grader.authoring.verify.parsed_solution import ParsedSolution

FACTORS = {"0.2 %": 1.002, "1 %": 1.01, "5 %": 1.05, "20 %": 1.2}
KNOWN = "parameter by a known mistake"
SLIGHT = ("parameter off by 0.2 %", "parameter off by 1 %", KNOWN)
"""Changes of a parameter that single precision must still tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wrong:
    """A wrong value; ``cause`` is the message that says how it came about, "" for none."""

    operator: str
    value: float
    cause: str = ""
    of: str = ""


def parameter_mutants(solution: ParsedSolution) -> Iterator[Mutant]:
    """Every parameter of the neuron itself and of every channel, wrong in each way."""
    exercise = solution.exercise
    made = {"": super_call(solution.graded_tree), **solution.channel_calls}
    for owner in ("", *(channel.name for channel in exercise.channels)):
        if (call := made.get(owner)) is None:
            continue
        for parameter, asked in exercise.parameters_of(owner).items():
            for wrong in _wrong(exercise, owner, parameter):
                new = with_argument(call, parameter, wrong.value)
                place = f"{owner}.{parameter}{wrong.of}".removeprefix(".")
                own = [m.message for m in asked.mistakes if math.isclose(m.value, wrong.value)]
                yield solution.mutant(
                    wrong.operator,
                    f"{place}: {asked.value:.6g} -> {wrong.value:.6g}",
                    {call: new},
                    cause=(own or [wrong.cause])[0],  # the assignment's own sentence goes first
                )


def _wrong(exercise: Exercise, owner: str, parameter: str) -> Iterator[_Wrong]:
    asked = exercise.parameters_of(owner)[parameter]
    for how, factor in FACTORS.items():
        yield _Wrong(operator=f"parameter off by {how}", value=asked.value * factor)
    yield _Wrong(
        operator="parameter tenfold",
        value=asked.value * 10.0,
        cause="checks.parameter.power_of_ten",
    )
    yield _Wrong(
        operator="parameter with the wrong sign",
        value=-asked.value,
        cause="checks.parameter.sign",
    )
    ion = exercise.channel(owner).ion if owner else None
    for other in exercise.channels:
        beside = other.parameters[parameter].value if parameter in other.parameters else asked.value
        if other.ion == ion and beside != asked.value:
            yield _Wrong(
                operator="parameter of another channel",
                value=beside,
                cause="checks.parameter.of_another",
                of=f" of {other.name}",
            )
    for mistake in asked.mistakes:
        yield _Wrong(operator=KNOWN, value=mistake.value, cause=mistake.message)


def with_argument(call: ast.Call, name: str, value: float) -> ast.Call:
    """``call`` with the keyword ``name`` set to ``value``."""
    others = [keyword for keyword in call.keywords if keyword.arg != name]
    given = ast.keyword(name, ast.parse(repr(value), mode="eval").body)
    return ast.Call(call.func, call.args, [*others, given])
