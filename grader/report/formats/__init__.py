"""Results as other programs read them: a table of writers, each a pure function.

Every one of them writes for students, so all that it gets of a submission is what
``student_page`` lets a student see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from grader.report.formats.feedback import Feedback
from grader.report.formats.github import github
from grader.report.formats.gradescope import gradescope
from grader.report.formats.junit import junit
from grader.report.formats.markdown import markdown
from grader.report.formats.prairielearn import prairielearn


@dataclass(frozen=True, slots=True)
class Format:
    """A writer, and the name of its file."""

    file: str
    write: Callable[[Sequence[Feedback]], str]
    per_submission: bool = False
    """True if a file is about one submission and lies in its folder, else about a batch."""


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "junit": Format("junit.xml", junit),
        "gradescope": Format("gradescope.json", lambda one: gradescope(*one), per_submission=True),
        "prairielearn": Format(
            "prairielearn.json", lambda one: prairielearn(*one), per_submission=True
        ),
        "github": Format("github.txt", github),
        "markdown": Format("markdown.md", markdown),
    }
)

__all__ = ["FORMATS", "Feedback", "Format"]
