"""Scores to a platform that speaks LTI 1.3, over HTTP: each once, whatever goes wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grader.assignment.deadline import LatePenalty, SubmissionRules
from tests.support.gradebooks import report, results_in, take_in
from tests.support.graded_folders import canvas, moodle
from tests.support.lms import lti
from tests.support.lms.lti import PEM, Platform
from tests.support.lti_terms import CLASS, LATE, once_each, states
from tests.support.passbacks import Term, name, number, scores, users


def test_it_is_shown_first_and_sent_when_asked(term: Term, platform: Platform) -> None:
    """Without --send nothing goes out; with it all does, once, and a second run sends nothing."""
    shown = term.export("lti")
    assert shown.exit_code == 0, shown.stderr
    assert "Nothing was sent" in shown.stdout
    assert "6 marks to send" in shown.stdout
    assert "s103" in shown.stdout
    assert "u103" in shown.stdout
    assert platform.scores == {}
    assert states(term) == []
    sent = term.export("lti", "--send")
    assert sent.exit_code == 0, sent.stdout + sent.stderr
    assert "6 of 6 marks arrived" in sent.stdout
    assert once_each(platform) == {f"u{number(n)}": pytest.approx(50 + n / 10) for n in range(6)}
    again = term.export("lti", "--send")
    assert "0 marks to send, 0 that are there already, 6 sent before and the same" in again.stdout
    assert platform.seen.count(LATE) == 6


def test_a_score_has_the_form_that_is_asked_for(term: Term, platform: Platform) -> None:
    """Points and full marks are ours: the platform scales them to its column."""
    term.export("lti", "--send")
    score = platform.scores["u104"][0]
    assert score["scoreGiven"] == 50.4
    assert score["scoreMaximum"] == 100
    assert (score["activityProgress"], score["gradingProgress"]) == ("Completed", "FullyGraded")
    assert datetime.fromisoformat(score["timestamp"]).tzinfo is not None
    assert "comment" not in score


def test_what_was_not_graded_is_never_sent(term: Term, platform: Platform) -> None:
    """Nor is an excused student's; both are named, and the exit status tells."""
    term.grade({**scores(CLASS), 1: report(None, content="broken")}, again=True)
    term.override(2, "yes", "excused")
    sent = term.export("lti", "--send")
    assert sent.exit_code == 1
    assert "s101" in sent.stdout.split("Not graded for a fault")[1].splitlines()[0]
    assert set(platform.scores) == {"u100", "u103", "u104", "u105"}


def test_only_what_changed_is_sent_again(term: Term, platform: Platform) -> None:
    """After an override and a regrade two scores go out, each later than the one before."""
    term.export("lti", "--send")
    term.override(0, "90")
    term.grade({**scores(CLASS), 3: report(20, content="3", why="a tolerance")}, again=True)
    shown = term.export("lti")
    assert "2 marks to send" in shown.stdout
    assert "changed" in shown.stdout
    assert term.export("lti", "--send").exit_code == 0
    assert platform.marks()["u100"] == 90
    assert platform.marks()["u103"] == 20
    assert sum(map(len, platform.scores.values())) == CLASS + 2
    for given in platform.scores.values():
        stamps = [datetime.fromisoformat(score["timestamp"]) for score in given]
        assert stamps == sorted(set(stamps))


def test_a_number_of_moodle_is_nobodys_login_elsewhere(tmp_path: Path) -> None:
    """Ann's participant number is Bo's student number: each gets their own mark, by name."""
    term, out = Term(tmp_path), tmp_path / "class"
    origins = {"ann": moodle("Ann Lee", "20231"), "bo": moodle("Bo Ek", "20232")}
    take_in(term.book, results_in(out, {"ann": report(90), "bo": report(40)}, origins))
    course = {"uA": ("Ann Lee", "77@example.org"), "uB": ("Bo Ek", "20231@example.org")}
    with lti.course(course) as platform:
        term.lti(platform.url)
        sent = term.export("lti", "--send")
        assert platform.marks() == {"uA": 90, "uB": 40}
        assert "Told by name alone (2)" in sent.stdout


def test_a_mark_that_somebody_gave_there_stays(term: Term, platform: Platform) -> None:
    """Before the first passback, or after it: without --overwrite it is named and left."""
    term.export("lti", "--send")
    stamp = datetime.fromisoformat(platform.scores["u101"][0]["timestamp"]).isoformat()
    platform.scores["u101"].append(
        {"userId": "u101", "scoreGiven": 99, "scoreMaximum": 100, "timestamp": stamp}
    )
    term.override(1, "60")
    left = term.export("lti", "--send")
    assert left.exit_code == 1
    assert "s101 (99 → 60)" in left.stdout
    assert platform.marks()["u101"] == 99
    assert term.export("lti", "--send", "--overwrite").exit_code == 0
    assert platform.marks()["u101"] == 60


def test_a_later_mark_of_somebody_else_is_never_taken_for_ours(
    term: Term, platform: Platform
) -> None:
    """A platform whose mark is from later refuses ours, after a try that failed too."""
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    by_hand = {"userId": "u101", "scoreGiven": 99, "scoreMaximum": 100, "timestamp": later}
    platform.scores["u101"] = [by_hand]
    platform.faults.coming += [(LATE, "500")] * 2
    (people := term.folder / "users.csv").write_text("student,user\ns101,u101\n")
    sent = term.export("lti", "--send", "--overwrite", "--people", str(people))
    assert sent.exit_code == 1
    assert "Refused by the platform (1): s101 (HTTP 409" in sent.stdout
    assert platform.scores["u101"] == [by_hand]
    assert states(term) == ["refused"]


def test_no_secret_gets_anywhere(term: Term, platform: Platform, tmp_path: Path) -> None:
    """Neither key, token nor assertion stands in a message, a log at its loudest, a traceback,
    or any file; not even where a platform says a token back."""
    log = tmp_path / "log.txt"
    (loud := tmp_path / "loud").mkdir()
    (loud / "sitecustomize.py").write_text(
        f"import logging; logging.basicConfig(level=1, filename={str(log)!r})"
    )
    settings = term.folder / "lms.toml"
    settings.write_text(settings.read_text().replace('key_file = "key.pem"', ""))
    (term.folder / "key.pem").unlink()
    outputs = []
    for more, key in (
        (["--send"], {"GRADER_LTI_KEY": PEM}),
        (["--send", "--debug"], {"GRADER_LTI_KEY": "not a key at all " + PEM[30:]}),
        ([], {}),
    ):
        platform.lifetime = -1 if not outputs else 3600  # each token is refused, and said back
        process = term.process("lti", *more, first=str(loud), **key)
        outputs.append(process.communicate(timeout=60)[0])
    assert "[secret]" in outputs[0]
    assert "no RSA key in PEM form" in outputs[1]
    assert "put it in the variable GRADER_LTI_KEY" in outputs[2]
    assert platform.tokens
    assert platform.assertions
    assert "POST" in log.read_text()
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    texts = [*outputs, *(file.read_bytes().decode("latin-1") for file in written)]
    for secret in platform.secrets:
        assert not [text[:200] for text in texts if secret in text]


def test_canvas_takes_its_own_numbers_and_no_new_submission(term: Term) -> None:
    """With ``canvas = true`` students are told by the numbers of its download alone."""
    own = {number(place): who for place, who in enumerate(users(CLASS).values())}
    with lti.course(own, moodle=False) as platform:
        term.lti(platform.url, more="canvas = true\n")
        settings = term.folder / "lms.toml"
        lines = settings.read_text().splitlines(keepends=True)
        settings.write_text("".join(line for line in lines if "memberships" not in line))
        assert term.export("lti", "--send").exit_code == 0
        assert set(platform.scores) == set(own)
        said = platform.scores[number(0)][0]["https://canvas.instructure.com/lti/submission"]
        assert said == {"new_submission": False}


@pytest.mark.parametrize(("points", "lost"), [(100, 20), (10, 2)])
def test_what_lateness_cost_is_said_beside_the_mark(
    term: Term, platform: Platform, points: int, lost: int
) -> None:
    """The report says what was earned; the mark is less, and the student reads why: in points
    of the mark."""
    due = datetime(2026, 11, 30, 12, tzinfo=UTC)
    rules = SubmissionRules(due=due, late=LatePenalty(percent_a_day=10))
    times = {f"s{number(1)}": due + timedelta(days=1.5), f"s{number(2)}": due}
    take_in(term.book, term.folder / "class", rules=rules, times=times, again=True)
    assert term.export("lti", "--send", "--points", str(points)).exit_code == 0
    assert platform.scores["u101"][0]["scoreGiven"] == pytest.approx(0.301 * points)
    assert platform.scores["u101"][0]["comment"] == f"2 days late: {lost} points less."
    assert "comment" not in platform.scores["u102"][0]


def test_two_assignments_with_one_column_are_told_apart(term: Term, platform: Platform) -> None:
    """What was sent of one is not taken for a mark of the other."""
    other = {f"s{number(0)}": report(50, content="x", assignment="ih")}
    origins = {f"s{number(0)}": canvas(name(0), number(0))}
    take_in(term.book, results_in(term.folder / "second", other, origins))
    column = f'lineitems.ih = "{platform.url}/course/7/lineitem?type_id=4"\n'
    term.lti(platform.url, more=column)
    assert term.export("lti", "--send", "-a", "hh").exit_code == 0
    shown = term.export("lti", "-a", "ih")
    assert "0 sent before and the same" in shown.stdout


def test_a_key_that_others_may_read_is_said(term: Term, platform: Platform) -> None:
    """It works, and the teacher is told how to keep it."""
    (term.folder / "key.pem").chmod(0o644)
    done = term.export("lti")
    assert done.exit_code == 0
    assert "key.pem may be read by others" in done.stdout
    assert "可以被别人读取" in term.export("lti", lang="zh").stdout
