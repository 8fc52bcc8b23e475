"""JUnit's XML, as Jenkins and GitLab read it.

A ``failure`` is a check that the work fails. An ``error`` is a run that was cut, a file
that can't be read, or a fault of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from grader.report.formats.feedback import Feedback
from grader.report.page.model import CheckRow
from grader.report.text.sanitize import clean

_CUT = ("timeout", "memory", "kernel_died", "unreadable")


def junit(feedbacks: Sequence[Feedback]) -> str:
    """Write one suite for each submission, one case for each check that its student may see."""
    title = feedbacks[0].page.title if feedbacks else ""
    root = ElementTree.Element("testsuites", name=title)
    for feedback in feedbacks:
        root.append(_suite(feedback))
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ElementTree.indent(root)
    for element in root.iter():  # the last gate: XML has no control characters at all
        element.text = None if element.text is None else clean(element.text)
        for name, value in element.items():
            element.set(name, clean(value))
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(feedback: Feedback) -> ElementTree.Element:
    page, phrases = feedback.page, feedback.phrases
    suite = ElementTree.Element("testsuite", name=page.submission, time=f"{page.seconds:.3f}")
    if page.marks is not None:
        properties = ElementTree.SubElement(suite, "properties")
        for name, value in zip(("score", "max_score"), page.marks, strict=True):
            ElementTree.SubElement(properties, "property", name=name, value=f"{value:.15g}")
    if not page.graded:
        _case(feedback, suite, page.headline, "", error=phrases.render("outcome.not_graded_why"))
    elif page.run in _CUT:
        _case(feedback, suite, page.run_status, "", error=page.run_message)
    for group in page.groups:
        for row in group.rows:
            _check(feedback, suite, row)
    if page.hidden_group is not None:
        further = page.hidden_group
        case = _case(feedback, suite, further.title, further.title)
        if further.points_lost:
            _end(case, "failure", "further", page.hidden_line)
        ElementTree.SubElement(case, "system-out").text = page.hidden_line
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
    return suite


def _check(feedback: Feedback, suite: ElementTree.Element, row: CheckRow) -> None:
    case = _case(feedback, suite, row.title, row.family)
    about = "\n".join(filter(None, (feedback.describe(row), row.points_text)))
    if row.status == "skipped":
        _end(case, "skipped", row.status, row.message)
    elif row.status != "pass":
        _end(case, "failure", row.status, row.message, about)
    ElementTree.SubElement(case, "system-out").text = about


def _case(
    feedback: Feedback, suite: ElementTree.Element, name: str, family: str, error: str = ""
) -> ElementTree.Element:
    """Add a case; its class has no points but those between its parts."""
    page = feedback.page
    parts = [part.replace(".", "_") for part in (page.assignment, page.submission, family) if part]
    case = ElementTree.SubElement(suite, "testcase", name=name, classname=".".join(parts))
    if error:
        _end(case, "error", page.run if page.graded else "not_graded", error)
    return case


def _end(case: ElementTree.Element, tag: str, kind: str, message: str, text: str = "") -> None:
    ElementTree.SubElement(case, tag, type=kind, message=message).text = text or message
