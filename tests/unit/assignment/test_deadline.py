"""Rules of handing in: what lateness costs, which attempt counts, and faults in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grader.assignment.deadline import LatePenalty, SubmissionRules
from grader.assignment.load import AssignmentError, load_assignment
from tests.support.project import ROOT

DUE = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "days"),
    [
        (timedelta(days=-3), 0),
        (timedelta(0), 0),
        (timedelta(minutes=10), 0),  # within the grace
        (timedelta(minutes=10, seconds=1), 1),  # beyond it days count from the due date
        (timedelta(days=1), 1),
        (timedelta(days=1, seconds=1), 2),
        (timedelta(days=1.3), 2),
    ],
)
def test_every_day_that_was_begun_counts(after: timedelta, days: int) -> None:
    """As Canvas counts: rounded up, from the due date; the grace only decides whether at all."""
    rules = SubmissionRules(due=DUE, grace_minutes=10)
    assert rules.days_late(DUE + after) == days
    assert rules.days_late((DUE + after).astimezone()) == days


@pytest.mark.parametrize(
    ("earned", "days", "left"),
    [
        (100, 0, 100),
        (100, 1, 90),
        (87.5, 2, 67.5),  # of full marks, not of what was earned
        (100, 6, 50),  # no further than the floor
        (30, 2, 30),  # a mark below the floor is neither lowered nor raised
        (55, 1, 50),
        (100, 7, 50),
        (100, 8, 0),  # beyond the cutoff
        (0, 3, 0),
    ],
)
def test_lateness_costs_a_share_of_full_marks(earned: float, days: int, left: float) -> None:
    """Percent a day of full marks, down to a floor, and nothing after the cutoff."""
    late = LatePenalty(percent_a_day=10, floor_percent=50, cutoff_days=7)
    assert late.mark(earned, 100, days) == left


def test_the_same_rule_fits_other_points() -> None:
    """Shares are of the assignment's own full marks."""
    assert LatePenalty(percent_a_day=10).mark(9, 10, 2) == 7


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The first assignment, without tolerances."""
    text = (ROOT / "assignments" / "hh" / "assignment.toml").read_text("utf-8")
    (tmp_path / "assignment.toml").write_text(text, "utf-8")
    return tmp_path


def test_rules_are_data_of_an_assignment(folder: Path) -> None:
    """They are read with it; without any, nothing is late and the last attempt counts."""
    assert load_assignment(folder, derived=False).handing_in == SubmissionRules()
    with (folder / "assignment.toml").open("a") as file:
        file.write(
            "[handing_in]\ndue = 2026-11-30T23:59:00+08:00\ncounts = 'best'\n"
            "late.percent_a_day = 10\n"
        )
    rules = load_assignment(folder, derived=False).handing_in
    assert rules.due is not None
    assert rules.due.astimezone(UTC) == datetime(2026, 11, 30, 15, 59, tzinfo=UTC)
    assert (rules.counts, rules.late.percent_a_day) == ("best", 10)
    assert SubmissionRules.model_validate_json(rules.model_dump_json()) == rules


def test_all_faults_are_named_at_once(folder: Path) -> None:
    """A due date without a zone, a misspelt key, a percentage beyond 100."""
    with (folder / "assignment.toml").open("a") as file:
        file.write(
            "[handing_in]\ndue = 2026-11-30T23:59:00\ncount = 'best'\n"
            "[handing_in.late]\npercent_a_day = 110\nflor_percent = 2\n"
        )
    with pytest.raises(AssignmentError) as caught:
        load_assignment(folder, derived=False)
    said = str(caught.value)
    assert "handing_in.due: input should have timezone info" in said
    assert "handing_in.count: there is no such key; did you mean 'counts'?" in said
    assert "handing_in.late.percent_a_day: input should be less than or equal to 100" in said
    assert "handing_in.late.flor_percent: there is no such key; did you mean 'floor_" in said
