"""Markdown for the summary of a CI job: GitHub appends it to a job's page, and takes 1 MiB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grader.report.formats.feedback import Feedback
from grader.report.page.markdown import inline

_LARGEST: Final = 1_000_000  # bytes


def markdown(feedbacks: Sequence[Feedback]) -> str:
    """Return one report as it is; of several a table of marks, then every report that fits."""
    if not feedbacks:
        return ""
    table = [_table(feedbacks)] if len(feedbacks) > 1 else []
    return _fitting([*table, *(each.text for each in feedbacks)], feedbacks[0])


def _table(feedbacks: Sequence[Feedback]) -> str:
    phrases = feedbacks[0].phrases
    names = (
        phrases.render("page.submission"),
        phrases.render("score.heading"),
        phrases.render("checks.status"),
    )
    rows = [" | ".join(names), "---|---:|---"]
    for feedback in feedbacks:
        page = feedback.page
        mark = (
            f"{page.score} / {page.max_score}"
            if page.graded
            else phrases.render("outcome.ungraded")
        )
        status = inline(page.run_message or page.headline)
        rows.append(f"{inline(page.submission)} | {mark} | {status}")
    return f"# {inline(feedbacks[0].page.title)}\n\n" + "".join(f"| {row} |\n" for row in rows)


def _fitting(texts: Sequence[str], feedback: Feedback) -> str:
    """Join the texts for as long as there is room, and say how many are left out."""
    fitting, room = [], _LARGEST - 1000
    for text in texts:
        room -= len(text.encode("utf-8")) + 1
        if room < 0:
            break
        fitting.append(text)
    if left := len(texts) - len(fitting):
        fitting.append(feedback.phrases.render("formats.left_out", count=left) + "\n")
    return "\n".join(fitting)
