"""Rename channels under names of the student's own to the blanks that they stand for.

A model is right whatever its attributes are called. So a channel that is asked for and isn't at
its name is looked for among those that nobody asked for: by its class, else by its gates.
From then on it goes by the name that was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grader.assignment.schema import Channel, Exercise
from grader.core.types import ChannelProbe, ExerciseEvidence, ModelProbe


def rename_channels(exercise: Exercise, evidence: ExerciseEvidence) -> ExerciseEvidence:
    """Return ``evidence`` with such channels and their states under the requested names."""
    if not (own_names := _own_names(exercise.channels, evidence.probe)):
        return evidence
    called = {own: name for name, own in own_names.items()}
    return replace(
        evidence,
        renamed_from=own_names,
        probe=evidence.probe.rename(called),
        answers=evidence.answers.rename(called),
    )


def _own_names(channels: Sequence[Channel], probe: ModelProbe) -> dict[str, str]:
    """Return, for each channel missing at its name, its own name, if it is unambiguous."""
    wanted = [c for c in channels if "." not in c.name and not _is_present(probe.channel(c.name))]
    asked = {channel.name for channel in channels}
    others = [c for c in probe.channels if c.integrated and c.name not in asked]
    own_names: dict[str, str] = {}
    for fits in (_fits_by_class, _fits_by_gates):
        left = [c for c in wanted if c.name not in own_names]
        free = [c for c in others if c.name not in own_names.values()]
        for channel in left:
            own = [c for c in free if fits(channel, c)]
            if len(own) == 1 and [c for c in left if fits(c, own[0])] == [channel]:
                own_names[channel.name] = own[0].name
    return own_names


def _is_present(found: ChannelProbe | None) -> bool:
    return found is not None and found.kind != "blank"


def _fits_by_class(asked: Channel, found: ChannelProbe) -> bool:
    """Return True if the class is the requested one, or the notebook's class of that name."""
    kinds = {kind.rpartition(".")[2] for kind in (found.type_name, *found.lineage)}
    return (asked.type or asked.name) in kinds


def _fits_by_gates(asked: Channel, found: ChannelProbe) -> bool:
    """Return True if it is of the notebook and has the requested gates, of which there are some."""
    return (
        not asked.type
        and found.from_notebook
        and bool(asked.gates)
        and sorted(found.states) == sorted(asked.gates)
    )
