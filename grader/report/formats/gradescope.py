"""Gradescope's ``results.json``.

No test is hidden: that would hide the total from the student as well. Hidden checks are
one visible sum.
"""

from __future__ import annotations

import json
from typing import Any

from grader.report.formats.feedback import Feedback
from grader.report.text.phrases import total


def gradescope(feedback: Feedback) -> str:
    """Write the results of one submission.

    What was not graded has neither a score nor tests: Gradescope then says that the
    autograder failed, shows the text, and gives no 0.
    """
    page = feedback.page
    results: dict[str, Any] = {
        "output": feedback.text,
        "output_format": "md",
        "stdout_visibility": "hidden",
    }
    if page.marks is not None:
        results["score"] = total([page.marks[0]])
        results["visibility"] = "visible"
        results["tests"] = _tests(feedback)
    return json.dumps(results, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _tests(feedback: Feedback) -> list[dict[str, Any]]:
    page, phrases = feedback.page, feedback.phrases
    tests = []
    for place, group in enumerate(page.groups, 1):
        for number, row in enumerate(group.rows, 1):
            about = feedback.describe(row)
            if row.status == "skipped":
                about = f"{phrases.render('status.skipped')}\n{about}".rstrip()
            tests.append(
                _test(
                    row.title, row.points, row.max_points, about, f"{place}.{number}", group.title
                )
            )
    if page.hidden_group is not None:
        further, last = page.hidden_group, str(len(page.groups) + 1)
        about, title = page.hidden_line, further.title
        tests.append(_test(title, further.points, further.max_points, about, last, title))
    return tests


def _test(
    name: str, has: float, most: float, about: str, number: str, family: str
) -> dict[str, Any]:
    return {
        "name": name,
        "number": number,
        "score": total([has]),
        "max_score": total([most]),
        "status": "passed" if has >= most - 1e-9 else "failed",
        "output": about,
        "output_format": "text",
        "tags": [family],
        "visibility": "visible",
    }
