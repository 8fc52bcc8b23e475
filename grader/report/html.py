"""The HTML reports: one self-contained file each, without a script.

The content security policy allows nothing but this page's own style, by its hash,
and pictures that lie in the page.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.report.clean import clean
from grader.report.page import student_page, teacher_page
from grader.report.phrases import phrases, points
from grader.stages import GradeReport

_TEMPLATES = Path(__file__).parent / "templates"


def student_html(report: GradeReport) -> str:
    """``result.html``: what the student reads. Hidden checks are one sum in it."""
    said = phrases(report.language)
    return render("student.html.j2", page=student_page(report), say=said.say, points=points)


def teacher_html(report: GradeReport) -> str:
    """``teacher.html``: all of it, hidden checks, details and seed included."""
    said = phrases(report.language, teacher=True)
    return render("teacher.html.j2", page=teacher_page(report), say=said.say, points=points)


def render(template: str, **values: Any) -> str:
    """A template filled in; every text in it is escaped and rid of control characters."""
    style, policy = _style()
    return _environment().get_template(template).render(style=style, policy=policy, **values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_printable,
    )


def _printable(value: object) -> object:
    """The last gate: whatever is printed is ``Markup`` of ours, or cleaned and then escaped."""
    return value if isinstance(value, Markup) else clean(str(value))


@cache
def _style() -> tuple[Markup, str]:
    """The page's style, and the policy that allows it and nothing else."""
    css = (_TEMPLATES / "report.css").read_text("utf-8").replace("\r\n", "\n").strip()
    assert "</" not in css
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return Markup(css), policy
