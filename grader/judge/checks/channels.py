"""The channels of a model: that each one asked for is there, and no further one."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.core.types import ChannelProbe, ExerciseEvidence, Finding, Value
from grader.judge.checks.comparable import field_is_right
from grader.judge.checks.context import (
    CheckContext,
    class_cell,
    has_blanks_check,
    no_model,
    unfilled_blanks,
    unless,
)
from grader.judge.checks.disclosure import may_reveal_class
from grader.judge.checks.distances import V_agrees
from grader.judge.checks.locate_line import attachment_line
from grader.judge.metrics import absolute_error

SPEED_TOLERANCE = 1e-4
"""The relative distance from k times the reference's within which a gate moves k times as fast."""


@unless(no_model)
def check_channel(context: CheckContext) -> Finding:
    """Check that the channel is there, an ion channel of the notebook, with the gates asked for.

    Whatever its class is called. A channel of the library, or one whose gates obey
    other equations, earns a part. Where a class of the library is asked for, it is that one or
    built on it; another one earns a part where its equations are right.
    """
    probe, name = context.channel_probe, context.check.channel
    values: dict[str, Value] = {"name": name}
    where: dict[str, Any] = {"cell": context.cell, "line": context.line_of(name)}
    if name.partition(".")[0] in unfilled_blanks(context) and has_blanks_check(context):
        where["line"] = None
    loose = [c for c in context.evidence.probe.channels if c.kind == "channel" and not c.integrated]
    within = [c for c in loose if c.name.startswith(f"{name}[")]
    if context.channel.type and (probe is None or probe.kind == "blank") and not within:
        return _missing(context, values, where)
    if probe is None or probe.kind == "blank" or within:
        loose = within or loose
        message = "checks.channel.loose" if loose else "checks.channel.missing"
        values["where"] = ", ".join(c.name for c in loose)
        return Finding(credit=0.0, message_id=message, values=values, **where)
    values["type"] = probe.type_name
    if probe.kind == "other" or (not context.channel.type and _is_ion(probe)):
        return Finding(
            credit=0.0,
            message_id="checks.channel.other",
            values=values,
            found=probe.type_name,
            **where,
        )
    if not probe.integrated:
        return Finding(
            credit=0.0, message_id="checks.channel.loose", values=values | {"where": name}, **where
        )
    if context.channel.type:
        return _of_type(context, probe, values, where)
    asked_gates, states = sorted(context.channel.gates), ", ".join(probe.states)
    values |= {"gates": ", ".join(asked_gates), "states": states}
    by_V = False
    if not _has_its_gates(context, probe) and not (by_V := gates_within_V(context)):
        return Finding(
            credit=0.0,
            message_id="checks.channel.gates" if asked_gates else "checks.channel.no_gates",
            values=values,
            expected=", ".join(asked_gates),
            found=states,
            **where,
        )
    partial = context.check.partial_credit or 0.0
    if not probe.from_notebook:
        return Finding(
            credit=partial,
            message_id="checks.channel.library",
            values=values,
            found=probe.type_name,
            **where,
        )
    for gate in asked_gates:
        if field_is_right(context, f"{name}.{gate}") is False or _nothing_plays(context, gate):
            message, more = _wrong_gate(context, gate)
            return Finding(
                credit=partial,
                message_id=f"checks.channel.{message}",
                values=values | more,
                cell=class_cell(context, probe),
            )
    message = "checks.channel.gates_by_V" if by_V else "checks.channel.ok"
    return Finding(credit=1.0, message_id=message, values=values, found=probe.type_name)


def _kinds(probe: ChannelProbe) -> tuple[str, ...]:
    return (probe.type_name, *probe.lineage)


def _is_ion(probe: ChannelProbe) -> bool:
    return not {"Ion", "MixIons"}.isdisjoint(_kinds(probe))


def _missing(context: CheckContext, values: dict[str, Value], where: dict[str, Any]) -> Finding:
    """No channel at the name; one of its class that hangs elsewhere is named."""
    names = {channel.name for channel in context.exercise.channels}
    others = [c for c in context.evidence.probe.channels if c.name not in names]
    elsewhere = [c.name for c in others if context.channel.type in _kinds(c)]
    values |= {"type": context.channel.type, "where": ", ".join(elsewhere)}
    message = "elsewhere" if elsewhere else "missing_type"
    message += "_hung" if "." in context.check.channel else ""
    if not may_reveal_class(context, context.channel.type):
        message = "missing_untold"
    return Finding(credit=0.0, message_id=f"checks.channel.{message}", values=values, **where)


def _of_type(
    context: CheckContext, probe: ChannelProbe, values: dict[str, Value], where: dict[str, Any]
) -> Finding:
    """Check that the class is the one of the library that is asked for, or built on it."""
    is_told = may_reveal_class(context, context.channel.type)
    common: dict[str, Any] = {
        "expected": context.channel.type if is_told else None,
        "found": probe.type_name,
    }
    if context.channel.type in _kinds(probe):
        return Finding(credit=1.0, message_id="checks.channel.ok", values=values, **common)
    fields = ["V", *(f"{context.check.channel}.{gate}" for gate in context.channel.gates)]
    is_right = all(field_is_right(context, name) is True for name in fields)
    return Finding(
        credit=(context.check.partial_credit or 0.0) if is_right else 0.0,
        message_id=f"checks.channel.{'other_type' if is_told else 'type_untold'}",
        values=values | {"asked": context.channel.type},
        **common,
        **where,
    )


def _has_its_gates(context: CheckContext, probe: ChannelProbe) -> bool:
    """Return True if the channel has a state for each gate asked for, and moves V by no other.

    Further states, as a record of the current, are nobody's loss where the answers show
    that V's equation knows nothing of them: it is the reference's, with other values of
    its constants or one known mistake at most. Where that isn't known the number decides.
    """
    gates, reference = context.channel.gates, context.evidence.reference
    if len(probe.states) <= len(gates) or reference is None:
        return len(probe.states) == len(gates)
    played = all(f"{context.check.channel}.{gate}" in reference.gates for gate in gates)
    explained = bool(reference.fitted) or any(m.state == "V" for m in reference.mistakes)
    return played and (explained or field_is_right(context, "V") is True)


def gates_within_V(context: CheckContext) -> bool:
    """Return True if the channel keeps its gates in a form of its own, and V is right.

    None of its states plays one, and the gates are not at another channel's name.
    """
    channel, reference = context.channel, context.evidence.reference
    if reference is None or not channel.gates:
        return False
    if any(f"{channel.name}.{gate}" in reference.gates for gate in channel.gates):
        return False
    for other in context.exercise.channels:
        probed = context.evidence.probe.channel(other.name)
        if other is not channel and (probed is None or len(probed.states) != len(other.gates)):
            return False
    return V_agrees(context)


def _nothing_plays(context: CheckContext, gate: str) -> bool:
    """Return True if no state of the channel is this gate, by name or equation, and V misses it."""
    answers, reference = context.evidence.answers, context.evidence.reference
    if reference is None or f"{context.check.channel}.{gate}" in reference.gates:
        return False
    return "V" in answers.traces and not V_agrees(context)


def _wrong_gate(context: CheckContext, gate: str) -> tuple[str, dict[str, Value]]:
    """Name the fault of a gate's equation, with values of its sentence, by the student's name."""
    reference, name = context.evidence.reference, f"{context.check.channel}.{gate}"
    own = name if reference is None else reference.gates.get(name, name)
    values: dict[str, Value] = {"gate": own.split(".")[-1]}
    times = None if reference is None else speed_factor(context.evidence, name, own)
    if times is None or times < -SPEED_TOLERANCE or abs(times - 1.0) <= SPEED_TOLERANCE:
        return "equations", {"gate": gate}
    if times <= SPEED_TOLERANCE:
        return "still", values
    return "times" if times > 1.0 else "slower", values | {"times": float(f"{times:.4g}")}


def speed_factor(evidence: ExerciseEvidence, name: str, state: str) -> float | None:
    """Return the factor by which a gate moves faster than the reference's, where it is one number.

    ``own`` is the student's state that plays ``name``. 0 where it never moves.
    """
    reference, field = evidence.reference, evidence.answers.field
    if reference is None or state not in field or name not in reference.field:
        return None
    rates, expected = field[state], reference.field[name]
    if rates.shape != expected.shape or not np.isfinite(rates).all() or not expected.any():
        return None
    times = float(rates @ expected / (expected @ expected))
    size = np.maximum(np.abs(expected), np.median(np.abs(expected)) / 10)
    apart = absolute_error(rates, times * expected, unit=size * max(1.0, abs(times)))
    return times if apart <= SPEED_TOLERANCE else None


@unless(no_model)
def check_extra_channels(context: CheckContext) -> Finding:
    """Check that nothing carries current but the channels asked for."""
    names = {c.name for c in context.exercise.channels}
    extra = [c for c in context.evidence.probe.channels if c.integrated and c.name not in names]
    present = [c for c in context.evidence.probe.channels if c.integrated and c.name in names]
    if extra:
        doubled = {c.type_name for c in present} & {c.type_name for c in extra}
        return Finding(
            credit=0.0,
            message_id="checks.extra.doubled" if doubled else "checks.extra.other",
            values={
                "names": ", ".join(f"{c.name} ({c.type_name})" for c in extra),
                "type": ", ".join(sorted(doubled)),
            },
            cell=context.cell,
            line=attachment_line(context.source, extra[0].name),
            found=", ".join(c.name for c in extra),
        )
    if not present:
        return Finding(credit=0.0, message_id="checks.extra.none", cell=context.cell)
    missing = [name for name in sorted(names) if name not in {c.name for c in present}]
    return Finding(
        credit=len(present) / len(names),
        message_id="checks.extra.missing" if missing else "checks.extra.ok",
        values={"names": ", ".join(missing)},
    )
