"""Sentences about the sandboxes of this machine: which work, and why the others do not."""

from __future__ import annotations

from collections.abc import Sequence

from grader.core.messages import catalogue
from grader.sandbox.detect import Found


def about_box(found: Sequence[Found], language: str) -> list[str]:
    """A line or two for each sandbox: whether it works here, and why not."""
    messages = catalogue(language)
    lines = []
    for one in found:
        if one.why_not is None:
            lines.append(messages.render("doctor.works", name=one.name))
            lines += [
                "  " + messages.render(f"doctor.{id}", **values) for id, values in one.remarks
            ]
            continue
        why = messages.render(one.why_not.message_id, **one.why_not.values)
        lines.append(messages.render("doctor.does_not", name=one.name, why=why))
        if one.detail:
            lines.append(messages.render("doctor.detail", text=one.detail.splitlines()[-1]))
    return lines


def no_box(found: Sequence[Found], language: str) -> str:
    """Why nothing is graded when no sandbox works here, and what to do."""
    messages = catalogue(language)
    why = [
        messages.render("doctor.none"),
        *about_box(found, language),
        messages.render("doctor.remedies"),
    ]
    return "\n".join(why)
