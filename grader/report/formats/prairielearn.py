"""PrairieLearn's ``results.json``: a score between 0 and 1, and 1 MB at most."""

from __future__ import annotations

import json
from typing import Any, Final

from grader.report.formats.feedback import Feedback
from grader.report.text.phrases import total
from grader.report.text.sanitize import cut

_LARGEST: Final = 1_000_000  # bytes of the file
_LONGEST: Final = 200_000  # characters of the report where all of it is too much


def prairielearn(feedback: Feedback) -> str:
    """Write the results of one submission. If it is not graded it costs no attempt."""
    page, phrases = feedback.page, feedback.phrases
    if page.marks is None:
        why = phrases.render("outcome.not_graded_why")
        results = {"gradable": False, "message": page.headline, "format_errors": [why]}
        return _text({**results, "output": cut(feedback.text, _LONGEST)})
    score, most = page.marks
    results = {
        "gradable": True,
        "score": min(1.0, max(0.0, score / most)) if most > 0 else 0.0,
        "message": page.run_message or page.headline,
        "output": feedback.text,
        "tests": _tests(feedback),
    }
    for longest in (_LONGEST, _LONGEST // 10, 0):
        text = _text(results)
        if len(text.encode("utf-8")) <= _LARGEST:
            break
        results["output"] = cut(feedback.text, longest)
    return text


def _tests(feedback: Feedback) -> list[dict[str, Any]]:
    page = feedback.page
    tests = [
        _test(
            row.title, group.title, row.points, row.max_points, row.message, feedback.describe(row)
        )
        for group in page.groups
        for row in group.rows
    ]
    if page.hidden_group is not None:
        further = page.hidden_group
        tests.append(
            _test(further.title, "", further.points, further.max_points, page.hidden_line, "")
        )
    return tests


def _test(
    name: str, family: str, has: float, most: float, message: str, about: str
) -> dict[str, Any]:
    return {
        "name": name,
        "description": family,
        "points": total([has]),
        "max_points": total([most]),
        "message": message,
        "output": about.removeprefix(message).strip(),
    }


def _text(results: dict[str, Any]) -> str:
    return json.dumps(results, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
