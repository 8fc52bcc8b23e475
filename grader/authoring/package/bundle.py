"""The files of one platform's bundle, by their path: scripts, the grader, the assignment."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.assignment.schema import Assignment
from grader.authoring.package.bundle_targets import BundleTarget
from grader.authoring.package.pins import constraints
from grader.authoring.package.time_limits import TimeLimits, fit_time_limits
from grader.authoring.package.wheel import WHEEL_NAME, build_wheel
from grader.authoring.package.zip_files import zip_files
from grader.core.messages import catalogue
from grader.judge.verdict import broken_evidence, verdict
from grader.report.formats import FORMATS, Feedback
from grader.report.page.build import student_page

Files = Mapping[str, bytes]
"""The files of a bundle, by their path in it."""

_TEMPLATES = Path(__file__).with_name("templates")
_GOOD_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # of an assignment that stands in a script


class UnusableId(Exception):
    """An assignment's id can't stand in a script; the message is the id."""


def make_bundle(
    platform: BundleTarget, assignment: Assignment, *, language: str, sandbox: str, secret: bytes
) -> Files:
    """All files of the bundle.

    Stimuli are drawn from a secret of the bundle's own, made of ``secret``; the same
    arguments give the same files. Raises ``UnusableId``, and ``NotInstalled`` where nothing
    tells what the grader needs.
    """
    if not _GOOD_ID.fullmatch(assignment.id):
        raise UnusableId(assignment.id)
    limits = fit_time_limits(assignment, platform.max_seconds)
    values = _values(platform, assignment, limits, language, sandbox)
    own = hmac.new(secret, f"{platform.name} {assignment.id}".encode(), hashlib.sha256)
    files = {
        f"{platform.grader_folder}{WHEEL_NAME}": build_wheel(),
        f"{platform.grader_folder}constraints.txt": constraints().encode(),
        f"{platform.course_folder}secret": f"{own.hexdigest()}\n".encode(),
        **{f"{platform.course_folder}course/{path}": data for path, data in _course(assignment)},
    }
    if platform.is_zipped:
        fault = _fault(platform.name, assignment, language)
        files[f"{platform.course_folder}fault.json"] = fault.encode()
    for path, template in platform.files.items():
        files[path] = _filled(template, values).encode()
    return files


def zip_bundle(files: Files) -> bytes:
    """Return the files as one zip; scripts can be started."""
    return zip_files(dict(sorted(files.items())), scripts=True)


def _course(assignment: Assignment) -> Iterator[tuple[str, bytes]]:
    """Both folders of the assignment, all files that its digest is made of."""
    assert assignment.rubric is not None
    for kind, folder in (
        ("assignments", assignment.folder),
        ("reference", assignment.rubric.folder),
    ):
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder)
            if file.is_file() and not any(part.startswith((".", "__")) for part in name.parts):
                yield f"{kind}/{assignment.id}/{name.as_posix()}", file.read_bytes()


def _fault(format: str, assignment: Assignment, language: str) -> str:
    """Return what a student gets when nothing else could be written: our fault, and no score."""
    report = verdict(broken_evidence("", "?"), assignment, assignment.id, language)
    said = catalogue(language)
    text = f"# {said.render('report.outcome.not_graded')}\n\n{said.render('package.fault')}\n"
    return FORMATS[format].write([Feedback(page=student_page(report), text=text)])


def _values(
    platform: BundleTarget, assignment: Assignment, limits: TimeLimits, language: str, sandbox: str
) -> dict[str, str]:
    title = assignment.title.in_language(language)
    return {
        "id": assignment.id,
        "title": title,
        "title_json": json.dumps(title, ensure_ascii=False),
        "points": f"{sum(assignment.points(check) for check in assignment.checks):g}",
        "notebook_file": assignment.notebook.name,
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"grader {assignment.id}")),
        "language": language,
        "sandbox": sandbox,
        "cell": str(limits.cell),
        "notebook": str(limits.notebook),
        "probe": str(limits.probe),
        "all": str(limits.all),
        "minutes": str(-(-limits.all // 60)),
        **platform.values,
    }


def _filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template with each ``@name@`` replaced. Raises ``KeyError`` for an unknown one."""
    text = (_TEMPLATES / template).read_text("utf-8")
    return re.sub(r"@([a-z_]+)@", lambda found: values[found[1]], text)
