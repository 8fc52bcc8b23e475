"""The platforms that there are bundles for, and what each of them is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class BundleTarget:
    """What a bundle is made of.

    ``files`` maps its own files to their templates, ``values`` fills these besides what
    every one of them gets. The grader lies below the path ``grader``, the assignment below
    ``course``. ``packed`` says that the bundle is one zip, else files in a repository.
    ``most`` is the longest that the platform lets an autograder run, in seconds; None where
    the teacher sets that.
    """

    name: str
    files: Mapping[str, str]
    grader_folder: str
    course_folder: str
    is_zipped: bool
    max_seconds: float | None = None
    values: Mapping[str, str] = field(default_factory=dict)


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
