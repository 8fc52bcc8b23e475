"""Sentences about the sandboxes of this machine: which work, and why the others do not."""

from __future__ import annotations

from collections.abc import Sequence

from grader.core.messages import catalogue
from grader.sandbox.detect import Detection


def describe_sandboxes(found: Sequence[Detection], language: str) -> list[str]:
    """Return a line or two for each sandbox: if it works here, and why not."""
    messages = catalogue(language)
    lines = []
    for one in found:
        if one.problem is None:
            lines.append(messages.render("doctor.works", name=one.name))
            lines += [
                "  " + messages.render(f"doctor.{id}", **values) for id, values in one.remarks
            ]
            continue
        why = messages.render_note(one.problem)
        lines.append(messages.render("doctor.does_not", name=one.name, why=why))
        if one.detail:
            lines.append(messages.render("doctor.detail", text=one.detail.splitlines()[-1]))
    return lines


def explain_no_sandbox(found: Sequence[Detection], language: str) -> str:
    """Explain why nothing is graded when no sandbox works here, and what to do."""
    messages = catalogue(language)
    why = [
        messages.render("doctor.none"),
        *describe_sandboxes(found, language),
        messages.render("doctor.remedies"),
    ]
    return "\n".join(why)
