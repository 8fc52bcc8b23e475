"""Annotations of GitHub Actions: a command on each line, which a step of the workflow prints.

GitHub shows a notebook's raw file, so that is what lines are counted in. It shows ten
errors and ten warnings of a step; what should be looked at first comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from grader.report.formats.feedback import Feedback
from grader.report.text.sanitize import clean

_ESCAPES: Final = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_OF_PROPERTIES: Final = {**_ESCAPES, ":": "%3A", ",": "%2C"}


def github(feedbacks: Sequence[Feedback]) -> str:
    """List what cost points as errors and warnings, then the score of each as a notice."""
    by_turns = [[*_missing(feedback)] for feedback in feedbacks]
    longest = max(map(len, by_turns), default=0)
    lines = [each[turn] for turn in range(longest) for each in by_turns if turn < len(each)]
    return "".join(f"{line}\n" for line in (*lines, *map(_score, feedbacks)))


def _missing(feedback: Feedback) -> Iterator[str]:
    page = feedback.page
    if not page.graded:
        return
    if page.unreadable:
        yield _command("error", feedback, None, page.headline, page.run_message)
    for row in page.costly_rows:
        level = "warning" if row.status == "partial" else "error"
        about = f"{feedback.describe(row)}\n{row.points_text}"
        yield _command(level, feedback, feedback.file_line(row), row.title, about)


def _score(feedback: Feedback) -> str:
    page, phrases = feedback.page, feedback.phrases
    if not page.graded:
        why = phrases.render("outcome.not_graded_why")
        return _command("warning", feedback, None, f"{page.submission}: {page.headline}", why)
    mark = phrases.render("score.spoken", score=page.score, max_score=page.max_score)
    text = "\n".join(part for part in (page.headline, page.hidden_line) if part)
    return _command("notice", feedback, None, f"{page.submission}: {mark}", text)


def _command(level: str, feedback: Feedback, line: int | None, title: str, text: str) -> str:
    properties = {"file": feedback.path, "line": "" if line is None else str(line), "title": title}
    if not feedback.path:
        properties.pop("line")
    shown = ",".join(f"{key}={_escaped(v, _OF_PROPERTIES)}" for key, v in properties.items() if v)
    return f"::{level} {shown}::{_escaped(text, _ESCAPES)}"


def _escaped(text: str, escapes: dict[str, str]) -> str:
    return re.sub("[%\r\n:,]", lambda match: escapes.get(match[0], match[0]), clean(text))
