"""Faults of a platform that speaks LTI 1.3: each is waited out or named, no score is doubled."""

from __future__ import annotations

import signal

import pytest

from tests.support.lms import lti
from tests.support.lms.lti import SCORE, Platform
from tests.support.lti_terms import CLASS, LATE, once_each, states
from tests.support.passbacks import Term, number, users


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
