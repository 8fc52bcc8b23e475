"""The channels of a model: that each one asked for is there, and no further one."""

from __future__ import annotations

from typing import Any

from grader.check.comparable import V_agrees, field_is_right
from grader.check.item import Item, class_cell, no_model
from grader.stages import ChannelProbe, Finding, Value


def channel(item: Item) -> Finding:
    """The channel is there, an ion channel of the notebook, with the gates asked for.

    Whatever its class is called. A channel of the library, or one whose gates obey
    other equations, earns a part. Where a class of the library is asked for, it is that one or
    built on it; another one earns a part where its equations are right.
    """
    if finding := no_model(item):
        return finding
    found, name = item.found, item.check.channel
    values: dict[str, Value] = {"name": name}
    where: dict[str, Any] = {"cell": item.cell, "line": item.line_of(name)}
    if item.asked.type and (found is None or found.kind == "blank"):
        return _missing(item, values, where)
    if found is None or found.kind == "blank":
        loose = [c for c in item.attempt.probe.channels if c.kind == "channel" and not c.integrated]
        message = "checks.channel.loose" if loose else "checks.channel.missing"
        values["where"] = ", ".join(c.name for c in loose)
        return Finding(credit=0.0, message_id=message, values=values, **where)
    values["type"] = found.type_name
    if found.kind == "other" or (not item.asked.type and _is_ion(found)):
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
    if item.asked.type:
        return _of_type(item, found, values, where)
    asked_gates, states = sorted(item.asked.gates), ", ".join(found.states)
    values |= {"gates": ", ".join(asked_gates), "states": states}
    if not _has_its_gates(item, found):
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
        if field_is_right(item, f"{name}.{gate}") is False or _nothing_plays(item, gate):
            return Finding(
                credit=partial,
                message_id="checks.channel.equations",
                values=values | {"gate": gate},
                cell=class_cell(item, found),
            )
    return Finding(credit=1.0, message_id="checks.channel.ok", values=values, found=found.type_name)


def _kinds(found: ChannelProbe) -> tuple[str, ...]:
    return (found.type_name, *found.lineage)


def _is_ion(found: ChannelProbe) -> bool:
    return not {"Ion", "MixIons"}.isdisjoint(_kinds(found))


def _missing(item: Item, values: dict[str, Value], where: dict[str, Any]) -> Finding:
    """No channel at the name; one of its class that hangs elsewhere is named."""
    asked = {channel.name for channel in item.exercise.channels}
    others = [c for c in item.attempt.probe.channels if c.name not in asked]
    elsewhere = [c.name for c in others if item.asked.type in _kinds(c)]
    values |= {"type": item.asked.type, "where": ", ".join(elsewhere)}
    message = "checks.channel.elsewhere" if elsewhere else "checks.channel.missing_type"
    return Finding(credit=0.0, message_id=message, values=values, **where)


def _of_type(
    item: Item, found: ChannelProbe, values: dict[str, Value], where: dict[str, Any]
) -> Finding:
    """The class is the one of the library that is asked for, or built on it."""
    common: dict[str, Any] = {"expected": item.asked.type, "found": found.type_name}
    if item.asked.type in _kinds(found):
        return Finding(credit=1.0, message_id="checks.channel.ok", values=values, **common)
    fields = ["V", *(f"{item.check.channel}.{gate}" for gate in item.asked.gates)]
    is_right = all(field_is_right(item, name) is True for name in fields)
    return Finding(
        credit=(item.check.partial_credit or 0.0) if is_right else 0.0,
        message_id="checks.channel.other_type",
        values=values | {"asked": item.asked.type},
        **common,
        **where,
    )


def _has_its_gates(item: Item, found: ChannelProbe) -> bool:
    """Whether the channel has a state for each gate asked for, and moves V by no other.

    Further states, as a record of the current, are nobody's loss where the answers show
    that V's equation knows nothing of them: it is the reference's, with other values of
    its constants or one known mistake at most. Where that isn't known the number decides.
    """
    asked, reference = item.asked.gates, item.attempt.reference
    if len(found.states) <= len(asked) or reference is None:
        return len(found.states) == len(asked)
    played = all(f"{item.check.channel}.{gate}" in reference.gates for gate in asked)
    explained = bool(reference.fitted) or any(m.state == "V" for m in reference.mistakes)
    return played and (explained or field_is_right(item, "V") is True)


def _nothing_plays(item: Item, gate: str) -> bool:
    """Whether no state of the channel is this gate, by name or equation, and V misses it."""
    answers, reference = item.attempt.answers, item.attempt.reference
    if reference is None or f"{item.check.channel}.{gate}" in reference.gates:
        return False
    return "V" in answers.traces and not V_agrees(item)


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
