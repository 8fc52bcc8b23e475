"""The channels of a model: that each one asked for is there, and no further one."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.core.types import ChannelProbe, ExerciseEvidence, Finding, Value
from grader.judge.checks.comparable import field_is_right
from grader.judge.checks.context import Item, class_cell, no_model, tells_blanks, unfilled
from grader.judge.checks.disclosure import tells_class
from grader.judge.checks.distances import V_agrees
from grader.judge.checks.locate_line import hung_at
from grader.judge.metrics import absolute_error

CONSTANT = 1e-4
"""How far a gate may be from k times the reference's, relative to it, to move k times as fast."""


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
    if name.partition(".")[0] in unfilled(item) and tells_blanks(item):
        where["line"] = None
    loose = [c for c in item.attempt.probe.channels if c.kind == "channel" and not c.integrated]
    within = [c for c in loose if c.name.startswith(f"{name}[")]
    if item.asked.type and (found is None or found.kind == "blank") and not within:
        return _missing(item, values, where)
    if found is None or found.kind == "blank" or within:
        loose = within or loose
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
    by_V = False
    if not _has_its_gates(item, found) and not (by_V := _told_by_V(item)):
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
            message, said = _wrong_gate(item, gate)
            return Finding(
                credit=partial,
                message_id=f"checks.channel.{message}",
                values=values | said,
                cell=class_cell(item, found),
            )
    message = "checks.channel.gates_by_V" if by_V else "checks.channel.ok"
    return Finding(credit=1.0, message_id=message, values=values, found=found.type_name)


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
    message = "elsewhere" if elsewhere else "missing_type"
    message += "_hung" if "." in item.check.channel else ""
    if not tells_class(item, item.asked.type):
        message = "missing_untold"
    return Finding(credit=0.0, message_id=f"checks.channel.{message}", values=values, **where)


def _of_type(
    item: Item, found: ChannelProbe, values: dict[str, Value], where: dict[str, Any]
) -> Finding:
    """The class is the one of the library that is asked for, or built on it."""
    is_told = tells_class(item, item.asked.type)
    common: dict[str, Any] = {
        "expected": item.asked.type if is_told else None,
        "found": found.type_name,
    }
    if item.asked.type in _kinds(found):
        return Finding(credit=1.0, message_id="checks.channel.ok", values=values, **common)
    fields = ["V", *(f"{item.check.channel}.{gate}" for gate in item.asked.gates)]
    is_right = all(field_is_right(item, name) is True for name in fields)
    return Finding(
        credit=(item.check.partial_credit or 0.0) if is_right else 0.0,
        message_id=f"checks.channel.{'other_type' if is_told else 'type_untold'}",
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


def _told_by_V(item: Item) -> bool:
    """Whether the channel keeps its gates in a form of its own, as both in one, and V is right.

    None of its states plays one, and the gates are not at another channel's name.
    """
    asked, reference = item.asked, item.attempt.reference
    if reference is None or not asked.gates:
        return False
    if any(f"{asked.name}.{gate}" in reference.gates for gate in asked.gates):
        return False
    for other in item.exercise.channels:
        probed = item.attempt.probe.channel(other.name)
        if other is not asked and (probed is None or len(probed.states) != len(other.gates)):
            return False
    return V_agrees(item)


def _nothing_plays(item: Item, gate: str) -> bool:
    """Whether no state of the channel is this gate, by name or equation, and V misses it."""
    answers, reference = item.attempt.answers, item.attempt.reference
    if reference is None or f"{item.check.channel}.{gate}" in reference.gates:
        return False
    return "V" in answers.traces and not V_agrees(item)


def _wrong_gate(item: Item, gate: str) -> tuple[str, dict[str, Value]]:
    """How a gate's equation is wrong, and what the sentence says of it, by the student's name."""
    reference, name = item.attempt.reference, f"{item.check.channel}.{gate}"
    own = name if reference is None else reference.gates.get(name, name)
    said: dict[str, Value] = {"gate": own.split(".")[-1]}
    times = None if reference is None else times_as_fast(item.attempt, name, own)
    if times is None or times < -CONSTANT or abs(times - 1.0) <= CONSTANT:
        return "equations", {"gate": gate}
    if times <= CONSTANT:
        return "still", said
    return "times" if times > 1.0 else "slower", said | {"times": float(f"{times:.4g}")}


def times_as_fast(attempt: ExerciseEvidence, name: str, own: str) -> float | None:
    """How many times as fast a gate moves as the reference's, where that is one number.

    ``own`` is the student's state that plays ``name``. 0 where it never moves.
    """
    reference, field = attempt.reference, attempt.answers.field
    if reference is None or own not in field or name not in reference.field:
        return None
    found, asked = field[own], reference.field[name]
    if found.shape != asked.shape or not np.isfinite(found).all() or not asked.any():
        return None
    times = float(found @ asked / (asked @ asked))
    size = np.maximum(np.abs(asked), np.median(np.abs(asked)) / 10)
    apart = absolute_error(found, times * asked, unit=size * max(1.0, abs(times)))
    return times if apart <= CONSTANT else None


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
            line=hung_at(item.source, extra[0].name),
            found=", ".join(c.name for c in extra),
        )
    if not present:
        return Finding(credit=0.0, message_id="checks.extra.none", cell=item.cell)
    missing = [name for name in sorted(asked) if name not in {c.name for c in present}]
    return Finding(
        credit=len(present) / len(asked),
        message_id="checks.extra.missing" if missing else "checks.extra.ok",
        values={"names": ", ".join(missing)},
    )
