"""The platforms that there are bundles for, and what each of them is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class BundleTarget:
    """A platform, and the parts of its bundle."""

    name: str
    files: Mapping[str, str]
    """Its own files, each with its template."""
    grader_folder: str
    """The path in the bundle that the grader lies below."""
    course_folder: str
    """The path in the bundle that the assignment lies below."""
    is_zipped: bool
    """True if the bundle is one zip, else it is files in a repository."""
    max_seconds: float | None = None
    """The longest that the platform lets an autograder run; None where the teacher sets that."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Values that fill its templates, besides those that every platform's get."""


_IN_A_REPOSITORY: Final = {".grader/README.md": "repository.md"}

BUNDLE_TARGETS: Final = {
    platform.name: platform
    for platform in (
        BundleTarget(
            name="gradescope",
            files={
                "setup.sh": "setup.sh",
                "run_autograder": "run_autograder",
                "README.md": "gradescope.md",
            },
            grader_folder="",
            course_folder="",
            is_zipped=True,
            values={
                "format": "gradescope",
                "root": "/autograder",
                "source": "source",
                "submission": "submission",
                "show_log": "yes",
            },
        ),
        BundleTarget(
            name="prairielearn",
            files={
                "README.md": "prairielearn.md",
                "image/Dockerfile": "Dockerfile",
                "image/setup.sh": "setup.sh",
                "question/info.json": "info.json",
                "question/question.html": "question.html",
                "question/tests/run_autograder": "run_autograder",
            },
            grader_folder="image/",
            course_folder="question/tests/",
            is_zipped=True,
            max_seconds=600.0,
            values={
                "format": "prairielearn",
                "root": "/grade",
                "source": "tests",
                "submission": "student",
                "show_log": "",
            },
        ),
        BundleTarget(
            name="github",
            files={".github/workflows/grade.yml": "github.yml", **_IN_A_REPOSITORY},
            grader_folder=".grader/",
            course_folder=".grader/",
            is_zipped=False,
            values={"workflow": ".github/workflows/grade.yml"},
        ),
        BundleTarget(
            name="gitlab",
            files={".gitlab-ci.yml": "gitlab.yml", **_IN_A_REPOSITORY},
            grader_folder=".grader/",
            course_folder=".grader/",
            is_zipped=False,
            values={"workflow": ".gitlab-ci.yml"},
        ),
    )
}
