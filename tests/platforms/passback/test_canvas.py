"""Grades to Canvas by its own API: each once, its own limits respected, nothing overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gradebooks import report
from tests.support.lms import canvas
from tests.support.lms.canvas import TOKEN, Course
from tests.support.passbacks import Term, name, number, scores

CLASS = 5
PUT = "PUT /api/v1/courses/7/assignments/42/submissions/"
BY_TOKEN = {"GRADER_CANVAS_TOKEN": TOKEN}


@pytest.fixture
def term(tmp_path: Path) -> Term:
    """A class, graded."""
    term = Term(tmp_path)
    term.grade(scores(CLASS))
    return term


@pytest.fixture
def course(term: Term) -> Iterator[Course]:
    """More students than have handed in, and than fit on a page."""
    with canvas.course({number(n): name(n) for n in range(130)}) as course:
        term.canvas(course.url)
        yield course


def once_each(course: Course) -> None:
    expected = {number(n): [pytest.approx(50 + n / 10)] for n in range(CLASS)}
    assert course.grades == expected


def test_grades_are_shown_sent_and_sent_no_more(term: Term, course: Course) -> None:
    """Dry first; then each once, told by Canvas's own numbers; then nothing."""
    shown = term.export("canvas-api", **BY_TOKEN)
    assert (shown.exit_code, course.grades) == (0, {})
    assert "5 marks to send" in shown.stdout
    assert term.export("canvas-api", "--send", **BY_TOKEN).exit_code == 0
    once_each(course)
    again = term.export("canvas-api", "--send", **BY_TOKEN)
    assert "5 sent before and the same" in again.stdout
    assert course.seen.count(PUT) == CLASS


@pytest.mark.parametrize("fault", ["429", "403 limit", "502", "drop", "late"])
def test_faults_and_limits_are_waited_out(term: Term, course: Course, fault: str) -> None:
    """Canvas says 403 where it means 429; a grade that was taken unseen is the same grade again."""
    course.faults.coming += [(PUT, fault), ("GET /", fault), (PUT, fault)]
    sent = term.export("canvas-api", "--send", **BY_TOKEN)
    assert sent.exit_code == 0, sent.output
    assert course.faults.coming == []
    assert {user: set(given) for user, given in course.grades.items()} == {
        number(n): {50 + n / 10} for n in range(CLASS)
    }
    if fault != "late":
        once_each(course)


def test_a_long_wait_is_not_waited(term: Term, course: Course) -> None:
    """Where Canvas asks for more than the settings allow, the next run goes on."""
    course.faults.coming += [(PUT, "429 3600")] * 3
    first = term.export("canvas-api", "--send", **BY_TOKEN)
    assert first.exit_code == 1
    assert "asks to wait for 3600 s" in first.stdout
    assert course.grades == {}
    assert term.export("canvas-api", "--send", **BY_TOKEN).exit_code == 0
    once_each(course)


def test_excused_and_given_marks_stay(term: Term, course: Course) -> None:
    """Who is excused there, or has a mark that somebody gave, is named and left."""
    course.excused.add(number(0))
    course.grades[number(1)] = [12.0]
    sent = term.export("canvas-api", "--send", **BY_TOKEN)
    assert sent.exit_code == 1
    assert "Excused on the platform, and left so (1): s100" in sent.stdout
    assert "s101 (12 → 50.1)" in sent.stdout
    assert course.grades[number(1)] == [12.0]
    assert number(0) not in course.grades
    assert len(course.grades) == CLASS - 1


def test_a_grade_that_was_cleared_there_is_named(term: Term, course: Course) -> None:
    """It arrived once, and Canvas says at once what it has: somebody took it away."""
    assert term.export("canvas-api", "--send", **BY_TOKEN).exit_code == 0
    del course.grades[number(2)]
    left = term.export("canvas-api", "--send", **BY_TOKEN)
    assert left.exit_code == 1
    assert "s102 (— → 50.2)" in left.stdout
    assert number(2) not in course.grades
    term.override(2, "60")
    assert "s102 (— → 60)" in term.export("canvas-api", "--send", **BY_TOKEN).stdout
    assert term.export("canvas-api", "--send", "--overwrite", **BY_TOKEN).exit_code == 0
    assert course.grades[number(2)] == [60]


def test_canvas_may_take_off_points_by_itself(term: Term, course: Course) -> None:
    """The grade as it was entered counts: a late policy of Canvas's is nobody's other mark."""
    course.deducted = 10
    assert term.export("canvas-api", "--send", **BY_TOKEN).exit_code == 0
    again = term.export("canvas-api", "--send", **BY_TOKEN)
    assert (again.exit_code, course.seen.count(PUT)) == (0, CLASS)


def test_other_points_are_asked_about_and_scaled(term: Term, course: Course) -> None:
    """Marks up to 100 go into an assignment of 10 points only when that is meant."""
    course.points = 10
    asked = term.export("canvas-api", "--send", **BY_TOKEN)
    assert asked.exit_code == 2
    assert "--points 10 scales the marks" in asked.stderr
    assert term.export("canvas-api", "--send", "--points", "10", **BY_TOKEN).exit_code == 0
    assert course.grades[number(4)] == [5.04]


def test_an_assignment_without_points_is_refused(term: Term, course: Course) -> None:
    """A number in the place of "complete" would be another thing there."""
    course.grading = "pass_fail"
    done = term.export("canvas-api", "--send", **BY_TOKEN)
    assert done.exit_code == 2
    assert "graded as pass_fail" in done.stderr


def test_what_was_not_graded_is_never_sent(term: Term, course: Course) -> None:
    """Not as 0 either."""
    term.grade({**scores(CLASS), 2: report(None, content="x")}, again=True)
    assert term.export("canvas-api", "--send", **BY_TOKEN).exit_code == 1
    assert number(2) not in course.grades
    assert len(course.grades) == CLASS - 1


def test_a_wrong_token_is_said_and_not_shown(term: Term, course: Course) -> None:
    """Canvas says the token back here; it is struck out. A token has no place in the settings."""
    wrong = "7~anotherToken0123456789abcdef"
    done = term.export("canvas-api", "--send", GRADER_CANVAS_TOKEN=wrong)
    assert done.exit_code == 2
    assert "HTTP 401" in done.stderr
    assert wrong not in done.output
    (token := term.folder / "token").write_text(TOKEN + "\n")
    token.chmod(0o600)
    assert term.export("canvas-api", GRADER_CANVAS_TOKEN_FILE=str(token)).exit_code == 0
    settings = term.folder / "lms.toml"
    settings.write_text(settings.read_text().replace("[retry]", f'token = "{wrong}"\n[retry]'))
    done = term.export("canvas-api", **BY_TOKEN)
    assert "canvas.token: there is no such key; did you mean 'token_file'?" in done.stderr
    assert wrong not in done.output


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://canvas.example.edu", "begins with https://"),
        ("https://user:word@canvas.example.edu", "without a user's name"),
        ("canvas.example.edu", "expected a URL"),
    ],
)
def test_a_secret_travels_only_where_it_is_safe(term: Term, url: str, said: str) -> None:
    """Over TLS or not at all, but for this very machine."""
    term.canvas(url)
    done = term.export("canvas-api", **BY_TOKEN)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_page_elsewhere_is_not_asked(term: Term, course: Course) -> None:
    """A platform that names another host for its next page doesn't get our token sent there."""
    with canvas.course({"1": "x"}) as other:
        course.url = other.url  # what it calls itself; requests still go to where it was
        done = term.export("canvas-api", "--send", **BY_TOKEN)
    assert done.exit_code == 2
    assert "names another host" in done.stderr
    assert other.seen.requests == []
    assert course.grades == {}


@pytest.mark.parametrize(("package", "format"), [("httpx", "canvas-api"), ("jwt", "lti")])
def test_without_the_extra_it_is_said(term: Term, package: str, format: str) -> None:
    """Where a package of the extra is missing, the sentence says what to install."""
    term.canvas("https://canvas.example.edu")
    (first := term.folder / "first").mkdir()
    (first / "sitecustomize.py").write_text(f"import sys; sys.modules[{package!r}] = None")
    process = term.process(format, first=str(first))
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "pip install 'grader[passback]'" in said


def test_two_cannot_send_at_once(term: Term, course: Course) -> None:
    """While one is at work the second is told so, and sends nothing."""
    from grader.gradebook.passback.send import lock_passback
    from grader.gradebook.store import open_gradebook

    with open_gradebook(term.book) as opening, lock_passback(opening):
        done = term.export("canvas-api", "--send", **BY_TOKEN)
    assert done.exit_code == 2
    assert "somebody else is sending" in done.stderr
    assert course.grades == {}
