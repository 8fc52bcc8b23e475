"""The platforms that there are bundles for, and what each of them is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Platform:
    """What a bundle is made of.

    ``files`` maps its own files to their templates, ``values`` fills these besides what
    every one of them gets. The grader lies below the path ``grader``, the assignment below
    ``course``. ``packed`` says that the bundle is one zip, else files in a repository.
    ``most`` is the longest that the platform lets an autograder run, in seconds; None where
    the teacher sets that.
    """

    name: str
    files: Mapping[str, str]
    grader: str
    course: str
    packed: bool
    most: float | None = None
    values: Mapping[str, str] = field(default_factory=dict)


_IN_A_REPOSITORY: Final = {".grader/README.md": "repository.md"}

PLATFORMS: Final = {
    platform.name: platform
    for platform in (
        Platform(
            name="gradescope",
            files={
                "setup.sh": "setup.sh",
                "run_autograder": "run_autograder",
                "README.md": "gradescope.md",
            },
            grader="",
            course="",
            packed=True,
            values={
                "format": "gradescope",
                "root": "/autograder",
                "source": "source",
                "submission": "submission",
                "show_log": "yes",
            },
        ),
        Platform(
            name="prairielearn",
            files={
                "README.md": "prairielearn.md",
                "image/Dockerfile": "Dockerfile",
                "image/setup.sh": "setup.sh",
                "question/info.json": "info.json",
                "question/question.html": "question.html",
                "question/tests/run_autograder": "run_autograder",
            },
            grader="image/",
            course="question/tests/",
            packed=True,
            most=600.0,
            values={
                "format": "prairielearn",
                "root": "/grade",
                "source": "tests",
                "submission": "student",
                "show_log": "",
            },
        ),
        Platform(
            name="github",
            files={".github/workflows/grade.yml": "github.yml", **_IN_A_REPOSITORY},
            grader=".grader/",
            course=".grader/",
            packed=False,
            values={"workflow": ".github/workflows/grade.yml"},
        ),
        Platform(
            name="gitlab",
            files={".gitlab-ci.yml": "gitlab.yml", **_IN_A_REPOSITORY},
            grader=".grader/",
            course=".grader/",
            packed=False,
            values={"workflow": ".gitlab-ci.yml"},
        ),
    )
}
