"""What is made of the probe's replies: malformed ones are refused, names stand once."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from grader.core.types import ProbeRequest, StimulusSet
from grader.run.probe import replies
from grader.untrusted.probe.arrays import encode

DRAWN = ProbeRequest(
    stimuli=StimulusSet(names=("a",), dt=0.1, current=np.zeros((3, 1)), V0=np.zeros(1), public=1),
    field_states={"V": np.zeros(2)},
    map_states={"V": np.zeros(2)},
    map_steps=(1,),
    finer_steps=1,
)


THREE = base64.b64encode(np.arange(3.0).tobytes()).decode()


@pytest.mark.parametrize(
    ("reply", "complaint"),
    [
        ("{", "fault at"),
        ("[" * 100_000, "fault at"),
        ("__import__('os').system('true')", "fault at"),
        ('{"traces": 5}', "fault at"),
        ('{"traces": {"V": {"shape": [4, 1], "line": 1}}}\nAAAA', "shape"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 1}}}\nAAAA', "another length"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 1}}}\n***', "no base64"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 1}}}\n\u00e9', "no base64"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 1}}}\n' + THREE + "\r", "no base64"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 1}}}', "without its values"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 2}}}\n' + THREE, "without its values"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 0}}}\n' + THREE, "fault at"),
        (
            '{"traces": {"V": {"shape": [3, 1], "line": 1}, "n": {"shape": [3, 1], "line": 1}}}\n'
            + THREE,
            "another length",
        ),
        (json.dumps({"maps": {str(n): {"shape": [1], "line": 1} for n in range(1001)}}), "fault"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 1}}}' + "\n" * 10**6, "another length"),
        ('{"traces": {"V": {"shape": [3, 99999999999], "line": 1}}}\n', "fault at"),
        ('{"faults": [{"error_text": "%s"}]}' % ("x" * 9000), "fault at"),
        ('{"traces": {"IK.n": {"shape": [3, 1], "line": 1}}}\n' + THREE, "none of V"),
    ],
    ids=range(18),
)
def test_a_malformed_answer_is_refused(reply: str, complaint: str) -> None:
    """A reply that is not what was asked for raises one known exception, nothing else."""
    with pytest.raises(replies.BadReply, match=complaint):
        replies.read_simulation(reply, DRAWN)


def test_values_stand_in_lines_of_their_own() -> None:
    """What the kernel tells of an array is what is read of it, to the last bit."""
    V = np.array([[0.1], [-np.inf], [np.nan]])
    read = replies.read_simulation(encode({"traces": {"V": V}, "resets": 2}).text, DRAWN)
    np.testing.assert_array_equal(read.traces["V"], V)
    assert read.resets == 2
    with pytest.raises(TypeError, match="bool"):
        encode({"resets": np.bool_(True)})


def test_a_channel_can_be_named_only_once() -> None:
    """A reply that names a channel twice is refused: what it earns must not be doubled."""
    channel = {"name": "IK", "kind": "channel"}
    replies.read_description(json.dumps({"found": True, "channels": [channel]}))
    with pytest.raises(replies.BadReply, match="twice"):
        replies.read_description(json.dumps({"found": True, "channels": [channel, channel]}))


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"user_expressions": None},
        {"user_expressions": {"reply": {"status": "error", "ename": "E", "evalue": "e"}}},
        {"user_expressions": {"reply": {"data": {"text/plain": ""}}}},
        {"user_expressions": {"reply": {"data": {"text/plain": ["{}"]}}}},
        {"user_expressions": {"reply": {"data": {"text/plain": "x" * (replies.MAX_REPLY + 1)}}}},
    ],
    ids=range(6),
)
def test_a_reply_is_text(content: dict[str, Any]) -> None:
    """Nothing else is taken out of a reply, and not more of it than is read at once."""
    with pytest.raises(replies.BadReply):
        replies.reply_text({"content": content})
