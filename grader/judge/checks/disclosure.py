"""Values that a student's own check may reveal: none that the handout doesn't give.

After grading, reports tell it all.
"""

from __future__ import annotations

from grader.judge.checks.context import CheckContext
from grader.judge.checks.handout_values import Place, handout_of


def may_reveal_numbers(context: CheckContext) -> bool:
    """Return True if the reference's own numbers may be revealed."""
    return context.assignment.rubric is not None


def find_value(context: CheckContext, channel: str, parameter: str) -> Place | None:
    """Find where the handout gives the value that is asked for; None where it doesn't."""
    value = context.exercise.parameters_of(channel)[parameter]
    return handout_of(context.assignment, context.exercise).find_value(
        channel, parameter, value.value
    )


def may_reveal_parameter(context: CheckContext, channel: str, parameter: str) -> bool:
    """Return True if the value of a parameter may be revealed, or what would give it away."""
    return may_reveal_numbers(context) or find_value(context, channel, parameter) is not None


def may_reveal_start(context: CheckContext, state: str) -> bool:
    """Return True if the start of a state may be revealed."""
    handout = handout_of(context.assignment, context.exercise)
    return may_reveal_numbers(context) or handout.gives_start(state, context.exercise.start[state])


def may_reveal_master_type(context: CheckContext) -> bool:
    """Return True if the master type asked for may be named."""
    handout = handout_of(context.assignment, context.exercise)
    return may_reveal_numbers(context) or handout.gives_master_type(
        context.check.channel, context.channel.master_types[0]
    )


def may_reveal_class(context: CheckContext, name: str) -> bool:
    """Return True if the class asked for, of a channel or as the model's base, may be named."""
    return may_reveal_numbers(context) or handout_of(
        context.assignment, context.exercise
    ).gives_names(name)
