"""Scores to a platform that speaks LTI 1.3, over HTTP: each once, whatever goes wrong."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grader.assignment.deadline import HandingIn, Late
from grader.gradebook.store import opened
from tests.support.gradebooks import report, results_in, take_in
from tests.support.graded_folders import canvas, moodle
from tests.support.lms import lti
from tests.support.lms.lti import PEM, SCORE, Platform
from tests.support.passbacks import Term, name, number, scores, users

CLASS = 6
LATE = "POST /course/7/lineitem/scores"


@pytest.fixture
def term(tmp_path: Path) -> Term:
    """A class, graded."""
    term = Term(tmp_path)
    term.grade(scores(CLASS))
    return term


@pytest.fixture
def platform(term: Term) -> Iterator[Platform]:
    with lti.course(users(CLASS)) as platform:
        term.lti(platform.url)
        yield platform


def states(term: Term) -> list[str]:
    with opened(term.book) as opening:
        found = opening.connection.execute("SELECT state FROM sending ORDER BY id")
        return [state for (state,) in found]


def once_each(platform: Platform, count: int = CLASS) -> dict[str, float]:
    """What arrived; every score came once."""
    assert {user: len(given) for user, given in platform.scores.items()} == {
        f"u{number(place)}": 1 for place in range(count)
    }
    return platform.marks()


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


@pytest.mark.parametrize("fault", ["429", "500", "503", "drop", "late", "slow"])
def test_a_fault_on_the_way_costs_no_score_and_doubles_none(
    term: Term, platform: Platform, fault: str
) -> None:
    """Too many requests, a fault of the server's, a connection that breaks before or after the
    score was taken, no answer in time: it is tried again, with the same timestamp."""
    platform.faults.coming += [("POST /token", fault), (LATE, fault), (LATE, fault)]
    term.lti(platform.url, patience=0.6 if fault == "slow" else 5)
    sent = term.export("lti", "--send")
    assert sent.exit_code == 0, sent.stdout + sent.stderr
    assert platform.faults.coming == []
    once_each(platform)
    assert states(term) == ["arrived"] * CLASS
    assert "try 2 in" in sent.stdout


def test_a_platform_that_says_how_long_is_waited_for(term: Term, platform: Platform) -> None:
    """As long as it says, and no shorter pause of our own."""
    platform.faults.coming += [(LATE, "429 1")]
    sent = term.export("lti", "--send")
    assert sent.exit_code == 0, sent.stdout + sent.stderr
    assert "No answer (HTTP 429); try 2 in 1 s." in sent.stdout
    once_each(platform)


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


def test_a_crash_between_sending_and_noting_it_sends_nothing_twice(
    term: Term, platform: Platform
) -> None:
    """Killed when its third score had arrived, the next run finds it there and sends the rest."""
    process = term.process("lti", "--send")
    platform.faults.asking = process.pid
    platform.faults.coming += [(LATE, ""), (LATE, ""), (LATE, "kill")]
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert states(term) == ["arrived", "arrived", "begun"]
    second = term.export("lti", "--send")
    assert second.exit_code == 0, second.output
    assert "3 marks to send, 1 that are there already, 2 sent before" in second.stdout
    once_each(platform)
    assert states(term) == ["arrived"] * CLASS


def test_a_platform_that_is_down_is_left_alone_soon(term: Term, platform: Platform) -> None:
    """After three students, five times each, the rest is not tried; the next run goes on."""
    platform.faults.coming += [(LATE, "late")] * 50  # taken each time, and nobody is told
    first = term.export("lti", "--send")
    assert first.exit_code == 1
    assert "gives no answer after 5 tries" in first.stdout.replace("\n", " ")
    assert "Without an answer, so not known to have arrived (3)" in first.stdout
    assert states(term) == ["begun"] * 3
    assert platform.seen.count(LATE) == 3 * 5
    platform.faults.coming.clear()
    second = term.export("lti", "--send")
    assert second.exit_code == 0, second.output
    assert "3 that are there already" in second.stdout
    once_each(platform)


def test_a_platform_that_tells_of_scores_later_is_asked_once_more(
    term: Term, platform: Platform
) -> None:
    """What arrived and is not in the list yet is refused as old, and found then."""
    platform.faults.coming += [(LATE, "late")] * 50
    term.export("lti", "--send")
    platform.faults.coming.clear()
    platform.lags = True
    second = term.export("lti", "--send")
    assert second.exit_code == 0, second.output
    assert "6 marks to send" in second.stdout
    once_each(platform)


def test_a_platform_that_tells_no_results_is_asked_with_the_same_timestamp(term: Term) -> None:
    """Where only scores are allowed, what was begun goes out again, and is not taken twice."""
    with lti.course(users(CLASS), allowed={SCORE}) as platform:
        term.lti(platform.url)
        (term.folder / "users.csv").write_text(
            "student,user\n" + "".join(f"s{number(n)},u{number(n)}\n" for n in range(CLASS))
        )
        text = (term.folder / "lms.toml").read_text()
        text = "".join(line for line in text.splitlines(True) if "memberships" not in line)
        (term.folder / "lms.toml").write_text(text)
        nobody = term.export("lti", "--send")
        assert "doesn't say who is in the course" in nobody.stderr
        platform.faults.coming += [(LATE, "drop")] * 15
        term.export("lti", "--send", "--people", str(term.folder / "users.csv"))
        assert platform.scores == {}
        platform.faults.coming.clear()
        sent = term.export("lti", "--send", "--people", str(term.folder / "users.csv"))
        assert sent.exit_code == 0, sent.stdout + sent.stderr
        once_each(platform)


def test_without_results_a_score_whose_answer_was_lost_is_not_sent_anew(term: Term) -> None:
    """The platform refuses its timestamp as one that it has: so it arrived, and is named once."""
    with lti.course(users(CLASS), allowed={SCORE}) as platform:
        term.lti(platform.url)
        (people := term.folder / "users.csv").write_text(
            "student,user\n" + "".join(f"s{number(n)},u{number(n)}\n" for n in range(CLASS))
        )
        text = (term.folder / "lms.toml").read_text().splitlines(True)
        (term.folder / "lms.toml").write_text("".join(t for t in text if "memberships" not in t))
        platform.faults.coming += [(LATE, "late")]
        sent = term.export("lti", "--send", "--people", str(people))
        assert sent.exit_code == 1, sent.stdout + sent.stderr
        assert "Taken to have arrived" in sent.stdout
        assert "(1): s100" in sent.stdout
        assert states(term) == ["arrived"] * CLASS
        again = term.export("lti", "--send", "--people", str(people))
        assert "6 sent before and the same" in again.stdout
        once_each(platform)


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


def test_a_token_that_is_taken_back_is_fetched_anew(term: Term, platform: Platform) -> None:
    """In the middle of a class, without losing or doubling a score."""
    platform.scores_a_token = 2
    sent = term.export("lti", "--send")
    assert sent.exit_code == 0, sent.stdout + sent.stderr
    once_each(platform)
    assert len(platform.tokens) == CLASS / 2


@pytest.mark.parametrize("what", ["scope", "key", "client"])
def test_a_tool_that_is_not_allowed_is_told_why(term: Term, platform: Platform, what: str) -> None:
    """Without the right to send scores, with another key or name, nothing is sent."""
    if what == "scope":
        platform.allowed.clear()
    elif what == "key":
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = other.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (term.folder / "key.pem").write_bytes(pem)
    else:
        text = (term.folder / "lms.toml").read_text()
        (term.folder / "lms.toml").write_text(text.replace("a-client", "another"))
    done = term.export("lti", "--send")
    assert done.exit_code == 2
    expected = "invalid_scope" if what == "scope" else "invalid_client"
    assert f'gives no token: HTTP 400 {{"error": "{expected}"}}' in done.stderr
    assert platform.scores == {}
    platform.wrong.clear()


def test_a_student_whom_the_platform_refuses_keeps_nobody_else(
    term: Term, platform: Platform
) -> None:
    """One who left the course is named; the others' scores arrive."""
    del platform.users["u102"]  # type: ignore[attr-defined]
    (term.folder / "users.csv").write_text("student,user\ns102,u102\ns103,u103\n")
    sent = term.export("lti", "--send", "--people", str(term.folder / "users.csv"))
    assert sent.exit_code == 1
    assert "Refused by the platform (1): s102 (HTTP 404" in sent.stdout
    assert set(platform.scores) == {"u103"}


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
    rules = HandingIn(due=due, late=Late(percent_a_day=10))
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
