"""The roster: whose each submission is goes to a file and comes back, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.submission.intake.roster import (
    ROSTER_FILE,
    Origin,
    RosterEntry,
    RosterError,
    read_roster,
    write_roster,
)

ROWS = (
    RosterEntry(
        id="李雷_12", file="hh.ipynb", origin=Origin(layout="canvas", name="李雷", late=True)
    ),
    RosterEntry(id="b", file="", origin=Origin(layout="moodle", folder="b_1_x", attempt=2)),
    RosterEntry(id="c", file="c.ipynb"),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Rows come back as they were, in their order."""
    write_roster(ROWS, tmp_path)
    assert read_roster(tmp_path) == ROWS


def test_a_folder_without_one_has_none(tmp_path: Path) -> None:
    """Results of an earlier grader have no roster, which is no fault."""
    assert read_roster(tmp_path) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"late": "yes"}, r"submissions\[0\].late: input should be a valid boolean, got 'yes'"),
        ({"layout": "blackboard"}, r"submissions\[0\].layout: .* got 'blackboard'"),
        ({"attempt": True}, r"submissions\[0\].attempt: input should be a valid integer, got True"),
        ({"extra": 1}, r"submissions\[0\].extra: unexpected keyword argument"),
        ({"id": 3}, r"submissions\[0\].id: input should be a valid string, got 3"),
    ],
)
def test_a_fault_is_named_by_its_path(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    """A file that someone changed says where it is wrong."""
    write_roster(ROWS, tmp_path)
    table = json.loads((tmp_path / ROSTER_FILE).read_text("utf-8"))
    table["submissions"][0] |= change
    (tmp_path / ROSTER_FILE).write_text(json.dumps(table))
    with pytest.raises(RosterError, match=words):
        read_roster(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", '{"schema_version": 2}', '{"schema_version": 1}'])
def test_what_is_no_roster_is_refused(tmp_path: Path, text: str) -> None:
    """Anything else raises, rather than being taken for an empty class."""
    (tmp_path / ROSTER_FILE).write_text(text)
    with pytest.raises(RosterError):
        read_roster(tmp_path)
