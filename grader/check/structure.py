"""What the model is made of: channels, their parameters and types, the base class."""

from __future__ import annotations

from typing import Any

from grader.check.comparable import field_is_right
from grader.check.item import Item, no_model
from grader.stages import ChannelProbe, Finding, Value


def channel(item: Item) -> Finding:
    """The channel is there, an ion channel of the notebook, with the gates asked for.

    Whatever its class is called. A channel of the library, or one whose gates obey
    other equations, earns a part.
    """
    if finding := no_model(item):
        return finding
    found, name = item.found, item.check.channel
    values: dict[str, Value] = {"name": name}
    where: dict[str, Any] = {"cell": item.cell, "line": item.line_of(name)}
    if found is None or found.kind == "blank":
        loose = [c for c in item.attempt.probe.channels if c.kind == "channel" and not c.integrated]
        message = "checks.channel.loose" if loose else "checks.channel.missing"
        values["where"] = ", ".join(c.name for c in loose)
        return Finding(credit=0.0, message_id=message, values=values, **where)
    values["type"] = found.type_name
    if found.kind == "other":
        return Finding(
            credit=0.0,
            message_id="checks.channel.other",
            values=values,
            found=found.type_name,
            **where,
        )
    if not found.integrated:
        return Finding(
            credit=0.0, message_id="checks.channel.loose", values=values | {"where": name}, **where
        )
    asked_gates, states = sorted(item.asked.gates), ", ".join(found.states)
    values |= {"gates": ", ".join(asked_gates), "states": states}
    if len(found.states) != len(asked_gates):
        return Finding(
            credit=0.0,
            message_id="checks.channel.gates" if asked_gates else "checks.channel.no_gates",
            values=values,
            expected=", ".join(asked_gates),
            found=states,
            **where,
        )
    partial = item.check.partial_credit or 0.0
    if not found.from_notebook:
        return Finding(
            credit=partial,
            message_id="checks.channel.library",
            values=values,
            found=found.type_name,
            **where,
        )
    for gate in asked_gates:
        if field_is_right(item, f"{name}.{gate}") is False:
            return Finding(
                credit=partial,
                message_id="checks.channel.equations",
                values=values | {"gate": gate},
                cell=_class_cell(item, found),
            )
    return Finding(credit=1.0, message_id="checks.channel.ok", values=values, found=found.type_name)


def no_extra_channels(item: Item) -> Finding:
    """Nothing carries current but the channels asked for."""
    if finding := no_model(item):
        return finding
    asked = {c.name for c in item.exercise.channels}
    extra = [c for c in item.attempt.probe.channels if c.integrated and c.name not in asked]
    present = [c for c in item.attempt.probe.channels if c.integrated and c.name in asked]
    if extra:
        doubled = {c.type_name for c in present} & {c.type_name for c in extra}
        return Finding(
            credit=0.0,
            message_id="checks.extra.doubled" if doubled else "checks.extra.other",
            values={
                "names": ", ".join(f"{c.name} ({c.type_name})" for c in extra),
                "type": ", ".join(sorted(doubled)),
            },
            cell=item.cell,
            found=", ".join(c.name for c in extra),
        )
    if not present:
        return Finding(credit=0.0, message_id="checks.extra.none", cell=item.cell)
    return Finding(credit=len(present) / len(asked), message_id="checks.extra.ok")


def base_class(item: Item) -> Finding:
    """The class is built on the base asked for."""
    if finding := no_model(item):
        return finding
    lineage, asked = item.attempt.probe.lineage, item.exercise.base
    values = {"asked": asked, "found": lineage[0] if lineage else "object"}
    if asked in lineage:
        return Finding(credit=1.0, message_id="checks.base.ok", values=values, found=asked)
    related = any(base in lineage for base in item.exercise.related_bases)
    return Finding(
        credit=(item.check.partial_credit or 0.0) if related else 0.0,
        message_id="checks.base.wrong",
        values=values,
        expected=asked,
        found=values["found"],
        cell=item.cell,
    )


def parameter(item: Item) -> Finding:
    """A parameter has the value asked for; a near miss earns a part.

    The attribute counts, unless the current shows that another value is at work; where
    there is no attribute, the value read off the current does.
    """
    if finding := no_model(item):
        return finding
    found, name, which = item.found, item.check.channel, item.check.parameter
    where: dict[str, Any] = {"cell": item.cell, "line": item.line_of(name)}
    asked = item.asked.parameters[which]
    values: dict[str, Value] = {"name": name, "parameter": which, "unit": asked.unit}
    if found is None or found.kind != "channel":
        return Finding(credit=0.0, message_id="checks.parameter.no_channel", values=values, **where)
    value, measured = found.parameters.get(which), _measured(item, found, which)
    detail = ""
    if value is None:
        value, detail = measured, "no attribute: read off the current"
    if value is None:
        return Finding(
            credit=0.0,
            message_id="checks.parameter.unknown",
            values=values,
            expected=asked.value,
            **where,
        )
    values |= {"found": value, "measured": measured}
    common: dict[str, Any] = {
        "values": values,
        "expected": asked.value,
        "found": value,
        "detail": detail,
    }
    if measured is not None and _is_unused(item, found, value, measured):
        return Finding(credit=0.0, message_id="checks.parameter.unused", **common, **where)
    distance = abs(value - asked.value)
    if distance <= asked.tolerance * abs(asked.value):
        return Finding(credit=1.0, message_id="checks.parameter.ok", **common)
    credit = 0.0
    for tier in sorted(item.check.partial, key=lambda t: -t.within):
        if distance <= tier.within * abs(asked.value) * (1 + 1e-9):
            credit = tier.credit
    message = _mistake(item, value)
    return Finding(credit=credit, message_id=message, **common, **where)


def _is_unused(item: Item, found: ChannelProbe, value: float, measured: float) -> bool:
    """Whether another value is at work than the attribute's.

    A current with its sign turned is a fault of the equation, not of the parameter: a
    sign alone counts only where another parameter of the channel is not at work either.
    """
    if _apart(abs(value), abs(measured)):
        return True
    others = [
        (found.parameters.get(other), _measured(item, found, other))
        for other in item.asked.parameters
    ]
    elsewhere = any(a is not None and b is not None and _apart(abs(a), abs(b)) for a, b in others)
    return elsewhere and _apart(value, measured)


def _apart(value: float, measured: float) -> bool:
    return abs(measured - value) > 1e-3 * max(1e-3, abs(value))


def _measured(item: Item, found: ChannelProbe, parameter: str) -> float | None:
    """The value that the current shows: by the answers to drawn states, else by the kernel."""
    reference = item.attempt.reference
    fitted = {} if reference is None else reference.fitted
    name = f"{item.check.channel}.{parameter}"
    return fitted.get(name, found.measured.get(parameter))


def _mistake(item: Item, value: float) -> str:
    """The likeliest cause of a wrong value; silent ("wrong") rather than wrong itself."""

    def is_close(a: float, b: float) -> bool:
        return abs(a - b) <= 1e-6 * abs(b)

    asked = item.asked.parameters[item.check.parameter]
    for mistake in asked.mistakes:
        if is_close(value, mistake.value):
            return mistake.message
    if is_close(value, -asked.value):
        return "checks.parameter.sign"
    if any(is_close(value, asked.value * factor) for factor in (10, 100, 1000, 0.1, 0.01, 0.001)):
        return "checks.parameter.power_of_ten"
    for other in item.exercise.channels:
        for p in other.parameters.values():
            if p is not asked and is_close(value, p.value):
                return "checks.parameter.of_another"
    return "checks.parameter.wrong"


def master_type(item: Item) -> Finding:
    """The channel says to which kind of neuron it belongs; inherited counts."""
    if finding := no_model(item):
        return finding
    found, name = item.found, item.check.channel
    values: dict[str, Value] = {"name": name, "asked": item.asked.master_types[0]}
    if found is None or found.kind != "channel":
        return Finding(credit=0.0, message_id="checks.master_type.no_channel", values=values)
    shown = ", ".join(found.master_types)
    values["found"] = shown
    common: dict[str, Any] = {
        "values": values,
        "expected": item.asked.master_types[0],
        "found": shown,
    }
    if len(found.master_types) == 1 and found.master_types[0] in item.asked.master_types:
        return Finding(credit=1.0, message_id="checks.master_type.ok", **common)
    general = {"NeuDyn", "Dynamic", "DynamicalSystem", "BrainPyObject", "object"}
    if len(found.master_types) == 1 and found.master_types[0] in general:
        credit, message = item.check.partial_credit or 0.0, "checks.master_type.general"
    else:
        credit, message = 0.0, "checks.master_type.wrong"
    return Finding(credit=credit, message_id=message, cell=_class_cell(item, found), **common)


def _class_cell(item: Item, found: ChannelProbe) -> int | None:
    """The last cell that defines the channel's class."""
    needle = f"class {found.type_name}("
    cells = [c.index for c in item.evidence.submission.cells if needle in c.source]
    return cells[-1] if cells else item.cell
