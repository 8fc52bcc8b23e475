"""The HTML reports: one self-contained file each, a submission's without a script.

The content security policy allows nothing but this page's own style (and the batch
page's own script), by its hash, and pictures that lie in the page.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.core.types import GradeReport
from grader.report.page.build import student_page, teacher_page
from grader.report.text.phrases import format_points, load_phrases
from grader.report.text.sanitize import clean

_TEMPLATES = Path(__file__).parents[1] / "templates"


def student_html(report: GradeReport, *, pictures: bool = True) -> str:
    """Write ``result.html`` for the student. Hidden checks are one sum in it.

    Of a student's own check it tells counts in place of marks. Without ``pictures`` the
    figures that the notebook drew are left out.
    """
    if not pictures:
        report = replace(report, run=replace(report.run, figures=()))
    phrases = load_phrases(report.language, own=report.public_only)
    return render(
        "student.html.j2",
        page=student_page(report),
        message=phrases.render,
        format_points=format_points,
    )


def teacher_html(report: GradeReport) -> str:
    """Write ``teacher.html``: all of it, hidden checks, details and seed included."""
    phrases = load_phrases(report.language, teacher=True)
    return render(
        "teacher.html.j2",
        page=teacher_page(report),
        message=phrases.render,
        format_points=format_points,
    )


def render(
    template: str, *, styles: tuple[str, ...] = ("report.css",), script: str = "", **values: Any
) -> str:
    """Fill in a template; every text in it is escaped and rid of control characters.

    ``styles`` and ``script`` are files beside it, which it prints as ``style`` and ``script``.
    """
    style, program = _inline(*styles), _inline(script) if script else Markup()
    return (
        _environment()
        .get_template(template)
        .render(style=style, script=program, policy=_policy(style, program), **values)
    )


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
    """Clean what is printed, the last gate: all but ``Markup`` of ours, then it is escaped."""
    return value if isinstance(value, Markup) else clean(str(value))


@cache
def _inline(*names: str) -> Markup:
    """Join files of ours, as they are put between two tags."""
    texts = [(_TEMPLATES / name).read_text("utf-8").replace("\r\n", "\n") for name in names]
    text = "\n".join(texts).strip()
    assert "</" not in text
    assert "<!--" not in text
    return Markup(text)


@cache
def _policy(style: str, script: str) -> str:
    """Write the policy that allows this style, this script if there is one, and nothing else."""
    allowed = f"script-src '{_hash(script)}'; " if script else ""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; {allowed}img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
