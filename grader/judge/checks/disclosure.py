"""What a student's own check may tell of what is asked: no value that the handout doesn't give.

After grading, reports tell it all.
"""

from __future__ import annotations

from grader.judge.checks.context import Item
from grader.judge.checks.handout_values import Place, handout_of


def tells(item: Item) -> bool:
    """Whether what the reference does may be told as a number."""
    return item.assignment.rubric is not None


def place_of(item: Item, channel: str, parameter: str) -> Place | None:
    """Where the handout gives the value that is asked for; None where it doesn't."""
    asked = item.exercise.parameters_of(channel)[parameter]
    return handout_of(item.assignment, item.exercise).place_of(channel, parameter, asked.value)


def tells_parameter(item: Item, channel: str, parameter: str) -> bool:
    """Whether the value of a parameter may be told, or what would give it away."""
    return tells(item) or place_of(item, channel, parameter) is not None


def tells_start(item: Item, state: str) -> bool:
    """Whether it may be told where a state starts."""
    handout = handout_of(item.assignment, item.exercise)
    return tells(item) or handout.starts(state, item.exercise.start[state])


def tells_master_type(item: Item) -> bool:
    """Whether the master type asked for may be named."""
    handout = handout_of(item.assignment, item.exercise)
    return tells(item) or handout.hangs_on(item.check.channel, item.asked.master_types[0])


def tells_class(item: Item, name: str) -> bool:
    """Whether the class asked for, of a channel or as the model's base, may be named."""
    return tells(item) or handout_of(item.assignment, item.exercise).names(name)
