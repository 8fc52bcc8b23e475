"""The parts of a model: its base class, the parameters and types of its channels."""

from __future__ import annotations

from typing import Any

from grader.core.types import ChannelProbe, Finding, Value
from grader.judge.checks.context import CheckContext, class_cell, no_model, tier_credit, unless
from grader.judge.checks.disclosure import (
    find_value,
    may_reveal_class,
    may_reveal_master_type,
    may_reveal_parameter,
)


@unless(no_model)
def check_base_class(context: CheckContext) -> Finding:
    """Check that the class is built on the base asked for."""
    lineage, base = context.evidence.probe.lineage, context.exercise.base
    values = {"asked": base, "found": lineage[0] if lineage else "object"}
    if base in lineage:
        return Finding(credit=1.0, message_id="checks.base.ok", values=values, found=base)
    related = any(name in lineage for name in context.exercise.related_bases)
    is_told = may_reveal_class(context, base)
    return Finding(
        credit=(context.check.partial_credit or 0.0) if related and is_told else 0.0,
        message_id="checks.base.wrong" if is_told else "checks.base.not_given",
        values=values,
        expected=base if is_told else None,
        found=values["found"],
        cell=context.cell,
    )


@unless(no_model)
def check_parameter(context: CheckContext) -> Finding:
    """Check that a parameter has the value asked for; a near miss earns a part.

    The attribute counts, unless the current shows that another value is at work; where
    there is no attribute, the value read off the current does.
    """
    name, which, asked = (
        context.check.channel,
        context.check.parameter,
        context.parameter,
    )
    probe = context.channel_probe if name else _itself(context)
    where: dict[str, Any] = {"cell": context.cell, "line": context.line_of(name)}
    values: dict[str, Value] = {
        "parameter": which,
        "unit": f" {asked.unit}" if asked.unit else "",
    }
    values |= {"name": name or context.evidence.cell.class_name}
    if probe is None or probe.kind != "channel":
        message = "checks.parameter.no_channel"  # what there is to mend, another check says
        return Finding(credit=0.0, message_id=message, values=values, cell=context.cell)
    value, measured = probe.parameters.get(which), _measured(context, probe, which)
    detail, is_told = "", may_reveal_parameter(context, name, which)
    expected = asked.value if is_told else None
    if value is None:
        value, detail = measured, "no attribute: read off the current"
    if value is None:
        return Finding(
            credit=0.0,
            message_id="checks.parameter.unknown",
            values=values,
            expected=expected,
            **where,
        )
    values |= {"found": value, "measured": measured}
    common: dict[str, Any] = {
        "values": values,
        "expected": expected,
        "found": value,
        "detail": detail,
    }
    if measured is not None and _is_unused(context, probe, value, measured):
        common["found"] = measured  # which is what tells it from the one asked for
        return Finding(credit=0.0, message_id="checks.parameter.unused", **common, **where)
    distance = abs(value - asked.value)
    if distance <= asked.tolerance * abs(asked.value):
        return Finding(credit=1.0, message_id="checks.parameter.ok", **common)
    credit = tier_credit(
        context.check.partial if is_told else (),
        lambda within: distance <= within * abs(asked.value) * (1 + 1e-9),
    )
    message = _mistake(context, value)
    return Finding(credit=credit, message_id=message, **common, **where)


def _itself(context: CheckContext) -> ChannelProbe:
    """Return the model as a thing that has parameters."""
    probe = context.evidence.probe
    return ChannelProbe(name=probe.class_name, kind="channel", parameters=probe.parameters)


def _is_unused(context: CheckContext, probe: ChannelProbe, value: float, measured: float) -> bool:
    """Return True if another value is at work than the attribute's.

    A current with its sign turned is a fault of the equation, not of the parameter: a
    sign alone counts only where another parameter of the channel is not at work either.
    """
    if _apart(abs(value), abs(measured)):
        return True
    others = [
        (probe.parameters.get(other), _measured(context, probe, other))
        for other in context.exercise.parameters_of(context.check.channel)
    ]
    elsewhere = any(a is not None and b is not None and _apart(abs(a), abs(b)) for a, b in others)
    return elsewhere and _apart(value, measured)


def _apart(value: float, measured: float) -> bool:
    return abs(measured - value) > 1e-3 * max(1e-3, abs(value))


def _measured(context: CheckContext, probe: ChannelProbe, parameter: str) -> float | None:
    """Return the value that the current shows: by answers to drawn states, else by the kernel."""
    reference = context.evidence.reference
    fitted = {} if reference is None else reference.fitted
    name = f"{context.check.channel}.{parameter}" if context.check.channel else parameter
    return fitted.get(name, probe.measured.get(parameter))


def _mistake(context: CheckContext, value: float) -> str:
    """Name the likeliest cause of a wrong value; silent ("wrong") rather than wrong itself."""

    def is_close(a: float, b: float) -> bool:
        return abs(a - b) <= 1e-6 * abs(b)

    asked = context.parameter
    for mistake in asked.mistakes:
        if is_close(value, mistake.value):
            return mistake.message
    which, channel = context.check.parameter, context.check.channel
    if not may_reveal_parameter(context, channel, which):
        return "checks.parameter.not_given"
    if is_close(value, -asked.value):
        return "checks.parameter.sign"
    if any(is_close(value, asked.value * factor) for factor in (10, 100, 1000, 0.1, 0.01, 0.001)):
        return "checks.parameter.power_of_ten"
    elsewhere = [
        (channel, name) for name in context.exercise.parameters_of(channel) if name != which
    ]
    others = [c for c in context.exercise.channels if c.name != channel]
    elsewhere += [(c.name, which) for c in others if which in c.parameters]
    for other in elsewhere:
        same = is_close(value, context.exercise.parameters_of(other[0])[other[1]].value)
        if same and may_reveal_parameter(context, *other):
            return "checks.parameter.of_another"
    place = find_value(context, channel, which)
    return f"checks.parameter.wrong_{place}" if place else "checks.parameter.wrong"


@unless(no_model)
def check_master_type(context: CheckContext) -> Finding:
    """Check that the channel names the kind of neuron it belongs to; inherited counts."""
    probe, name = context.channel_probe, context.check.channel
    values: dict[str, Value] = {"name": name, "asked": context.channel.master_types[0]}
    if probe is None or probe.kind != "channel":
        return Finding(credit=0.0, message_id="checks.master_type.no_channel", values=values)
    shown = " + ".join(probe.master_types)
    is_given = may_reveal_master_type(context)
    values["found"] = shown
    common: dict[str, Any] = {
        "values": values,
        "expected": context.channel.master_types[0] if is_given else None,
        "found": shown,
    }
    if shown in context.channel.master_types:
        return Finding(credit=1.0, message_id="checks.master_type.ok", **common)
    general = {"NeuDyn", "Dynamic", "DynamicalSystem", "BrainPyObject", "object"}
    alike = [sorted(kinds.split(" + ")) for kinds in context.channel.master_types]
    credit, message = context.check.partial_credit or 0.0, "general"
    if sorted(probe.master_types) in alike:
        message = "order"
    elif shown not in general:
        credit, message = 0.0, "other" if context.exercise.kind == "type" else "wrong"
    if not is_given:
        credit, message = 0.0, "not_given"
    common["cell"] = class_cell(context, probe)
    if context.exercise.kind == "type":
        common |= {"cell": context.cell, "line": context.line_of("master_type")}
    return Finding(credit=credit, message_id=f"checks.master_type.{message}", **common)
