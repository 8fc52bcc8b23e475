"""Wrong parameters of channels, each with the sentence that names how it is wrong."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from grader.assignment import Exercise
from grader.verify.edits import Specimen, swapped
from grader.verify.teacher import Teacher

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


def parameters(teacher: Teacher) -> Iterator[Specimen]:
    """Every parameter of every channel, wrong in each way."""
    tree = teacher.trees[teacher.graded]
    for channel in teacher.exercise.channels:
        if (call := teacher.made.get(channel.name)) is None:
            continue
        for parameter, asked in channel.parameters.items():
            for wrong in _wrong(teacher.exercise, channel.name, parameter):
                new = with_argument(call, parameter, wrong.value)
                place = f"{channel.name}.{parameter}{wrong.of}"
                yield Specimen(
                    operator=wrong.operator,
                    place=f"{place}: {asked.value:.6g} -> {wrong.value:.6g}",
                    cells={teacher.graded: swapped(tree, call, new)},
                    cause=wrong.cause,
                )


def _wrong(exercise: Exercise, channel: str, parameter: str) -> Iterator[_Wrong]:
    asked, ion = exercise.channel(channel).parameters[parameter], exercise.channel(channel).ion
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
    new = copy.deepcopy(call)
    new.keywords = [k for k in new.keywords if k.arg != name]
    new.keywords.append(ast.keyword(name, ast.parse(repr(value), mode="eval").body))
    return new
