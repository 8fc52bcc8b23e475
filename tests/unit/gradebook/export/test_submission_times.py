"""When it was handed in: read from a plain table, or from Moodle's worksheet, never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from grader.core.messages import catalogue
from grader.gradebook.export.results import MarkSheet, read_mark_sheet
from grader.gradebook.export.submission_times import parse_time, read_times
from grader.gradebook.store import GradebookError
from tests.support.graded_folders import canvas, graded, moodle

CHINA = timezone(timedelta(hours=8))


@pytest.fixture
def from_canvas(tmp_path: Path) -> MarkSheet:
    origins = {"lee_12": canvas("leeann", "12"), "kim_13": canvas("kimjo", "13")}
    return read_mark_sheet(graded(tmp_path, {id: (origin, 50.0) for id, origin in origins.items()}))


@pytest.fixture
def from_moodle(tmp_path: Path) -> MarkSheet:
    origins = {f"{n}_1{i}": moodle(n, f"1{i}") for i, n in enumerate(("Ann", "李雷", "Jo", "Zoë"))}
    return read_mark_sheet(graded(tmp_path, {id: (origin, 50.0) for id, origin in origins.items()}))


def test_a_plain_table(from_canvas: MarkSheet) -> None:
    """Students are told by submission or number; a time without a zone is in the due date's."""
    table = b"student,submitted\nlee_12,2026-11-30T23:59\n13,2026-11-30T15:59:00Z\nx,2026-01-01\n"
    found = read_times(table, "t.csv", from_canvas, CHINA)
    assert found.by_submission == {
        "lee_12": datetime(2026, 11, 30, 15, 59, tzinfo=UTC),
        "kim_13": datetime(2026, 11, 30, 15, 59, tzinfo=UTC),
    }
    assert found.notes == ()


def test_moodles_worksheet(from_moodle: MarkSheet) -> None:
    """Its own identifiers and dates, in English and Chinese; what can't be read is named."""
    table = (
        "Identifier,Full name,Grade,Last modified (submission)\n"
        'Participant 10,Ann,,"Monday, 30 November 2026, 11:59 PM"\n'
        "Participant 11,李雷,,2026年12月1日 星期二 00:05\n"
        "Participant 12,Jo,,-\n"
        "Participant 13,Zoë,,gestern abend\n"
    )
    found = read_times(table.encode(), "sheet.csv", from_moodle, CHINA)
    assert found.by_submission == {
        "Ann_10": datetime(2026, 11, 30, 23, 59, tzinfo=CHINA),
        "李雷_11": datetime(2026, 12, 1, 0, 5, tzinfo=CHINA),
    }
    said = [catalogue("en").render(n.message_id, **n.values) for n in found.notes]
    assert said == [
        "In sheet.csv no time is found for 1: Jo_12",
        "In sheet.csv a time can't be read (1): Zoë_13 (gestern abend). "
        "Write it as 2026-11-30T23:59+08:00.",
    ]


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", ""])
def test_no_time_is_made_up(text: str) -> None:
    """What is none is refused."""
    with pytest.raises(GradebookError, match="time"):
        parse_time(text, UTC)


def test_a_zone_is_asked_for(from_canvas: MarkSheet) -> None:
    """Where nobody says which, no hour is guessed."""
    with pytest.raises(GradebookError, match="zone"):
        parse_time("2026-11-30T23:59", None)
    table = b"student,submitted\nlee_12,2026-11-30T23:59\n"
    with pytest.raises(GradebookError, match="zone"):
        read_times(table, "t.csv", from_canvas, None)
    with pytest.raises(GradebookError, match="a column with the student"):
        read_times(b"who,when\nlee_12,2026-11-30T23:59\n", "t.csv", from_canvas, UTC)


@pytest.mark.parametrize(
    ("text", "hour"),
    [("下午 11:59", 23), ("上午12:05", 0), ("中午 12:05", 12), ("下午12:05", 12), ("23:59", 23)],
)
def test_the_part_of_the_day_counts(from_canvas: MarkSheet, text: str, hour: int) -> None:
    """A Chinese clock of twelve hours is read with its half of the day."""
    table = f"student,submitted\nlee_12,2026年12月1日 星期二 {text}\nkim_13,2026年13月1日 {text}\n"
    found = read_times(table.encode(), "t.csv", from_canvas, CHINA)
    assert [time.hour for time in found.by_submission.values()] == [hour]
    [note] = found.notes
    assert str(note.values["names"]).startswith("kim_13")


def test_two_lines_for_one_are_none(from_canvas: MarkSheet) -> None:
    """It is said that several lines may be meant, not that there is none."""
    table = b"student,submitted\nlee_12,2026-11-30T23:59\n12,2026-11-29T23:59\n"
    found = read_times(table, "t.csv", from_canvas, CHINA)
    assert found.by_submission == {}
    assert {n.message_id: n.values["names"] for n in found.notes} == {
        "gradebook.without_times": "kim_13",
        "gradebook.doubtful_times": "lee_12",
    }
