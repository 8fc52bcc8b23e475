"""Tests of `grader.authoring.package`: what a bundle holds. `test_autograders.py` runs them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from grader.authoring.package.bundle import UnusableId, make_bundle, zip_bundle
from grader.authoring.package.bundle_targets import BUNDLE_TARGETS
from grader.authoring.package.pins import constraints
from grader.authoring.package.time_limits import fit_time_limits
from grader.authoring.package.wheel import WHEEL_NAME, build_wheel
from tests.support.autograder_bundles import files_of
from tests.support.project import ROOT, run_grader


def test_the_wheel_is_one() -> None:
    """Every file of the package is in it, and in its RECORD with its digest."""
    with zipfile.ZipFile(io.BytesIO(build_wheel())) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    info = WHEEL_NAME.replace("-py3-none-any.whl", ".dist-info")
    recorded = dict(line.split(",", 1) for line in files[f"{info}/RECORD"].decode().splitlines())
    assert recorded.keys() == files.keys()
    for name, data in files.items():
        if not name.endswith("RECORD"):
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
            assert recorded[name] == f"sha256={digest},{len(data)}"
    package = {p.relative_to(ROOT).as_posix() for p in (ROOT / "grader").rglob("*") if p.is_file()}
    assert {name for name in package if "__pycache__" not in name} <= files.keys()
    assert b"Name: grader\n" in files[f"{info}/METADATA"]
    assert b"grader = grader.cli:main" in files[f"{info}/entry_points.txt"]


def test_what_is_needed_is_pinned() -> None:
    """Each package, and what these need in turn, has the version that is installed here."""
    pins = dict(line.split("==") for line in constraints().splitlines())
    for name in ("brainpy", "jax", "jaxlib", "numpy", "nbclient", "tornado"):
        assert pins[name] == version(name).partition("+")[0]
    assert not {"grader", "pytest", "ruff", "neuron"} & pins.keys()


@pytest.mark.parametrize("platform", BUNDLE_TARGETS)
def test_bundles_are_the_same_twice(platform: str, assignment: Assignment) -> None:
    """The same assignment gives the same bytes at any time, so that a bundle can be compared."""
    files = files_of(platform, assignment)
    assert zip_bundle(files) == zip_bundle(files_of(platform, assignment))
    for archive in (zip_bundle(files), *(files[path] for path in files if path.endswith(".whl"))):
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    own = BUNDLE_TARGETS[platform].files
    assert not [path for path in own if re.search(rb"@[a-z_]+@", files[path])]
    assert not [path for path in files if path.startswith("/") or ".." in path]


@pytest.mark.parametrize("platform", BUNDLE_TARGETS)
def test_the_assignment_keeps_its_digest(
    platform: str, assignment: Assignment, tmp_path: Path
) -> None:
    """What is packed is the whole assignment: marks say the same digest there."""
    for path, data in files_of(platform, assignment).items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    course = tmp_path / BUNDLE_TARGETS[platform].course_folder / "course"
    loaded = load_assignment(course / "assignments" / "hh", course / "reference" / "hh")
    assert loaded.digest == assignment.digest


def test_prairielearns_image_knows_nothing_of_the_assignment(assignment: Assignment) -> None:
    """It lies where everybody can fetch it; the reference comes with the question."""
    files = files_of("prairielearn", assignment)
    image = {path for path in files if path.startswith("image/")}
    assert image == {
        "image/Dockerfile", "image/constraints.txt", f"image/{WHEEL_NAME}", "image/setup.sh",
    }  # fmt: skip
    assert json.loads(files["question/info.json"])["externalGradingOptions"]["timeout"] == 600


def test_the_secret_is_the_bundles_own(assignment: Assignment) -> None:
    """Neither the teacher's own secret nor another bundle's can be had from it."""
    secrets = set()
    for name, platform in BUNDLE_TARGETS.items():
        secrets.add(files_of(name, assignment)[f"{platform.course_folder}secret"])
    assert len(secrets) == len(BUNDLE_TARGETS)
    assert not any(b"of the tests" in secret for secret in secrets)


@pytest.mark.parametrize("most", [None, 600.0])
def test_two_runs_fit_into_a_platforms_time(assignment: Assignment, most: float | None) -> None:
    """A run that was cut is repeated; where all of that is too long, limits are shorter."""
    found = fit_time_limits(assignment, most)
    assert found.all <= (most or 10**6)
    assert 2 * (found.notebook + found.probe) < found.all
    assert found.notebook >= 100
    if most is None:
        assert (found.cell, found.notebook, found.probe) == (60, 240, 90)


def test_a_name_that_a_script_would_run_is_refused(assignment: Assignment) -> None:
    """An id with signs of the shell in it gets no bundle."""
    bad = assignment.model_copy(update={"id": "hh; rm -rf ."})
    with pytest.raises(UnusableId):
        make_bundle(BUNDLE_TARGETS["github"], bad, language="en", sandbox="auto", secret=b"")


@pytest.mark.parametrize("platform", ["gradescope", "prairielearn"])
def test_scripts_can_be_read(platform: str, assignment: Assignment, tmp_path: Path) -> None:
    """Bash finds no fault in a script, and each can be started."""
    files = files_of(platform, assignment)
    for path, data in files.items():
        if data.startswith(b"#!"):
            file = tmp_path / Path(path).name
            file.write_bytes(data)
            subprocess.run(["bash", "-n", str(file)], check=True)
    with zipfile.ZipFile(io.BytesIO(zip_bundle(files))) as archive:
        modes = {Path(i.filename).name: i.external_attr >> 16 for i in archive.infolist()}
    assert (modes["setup.sh"], modes["run_autograder"], modes["README.md"]) == (
        0o755, 0o755, 0o644,
    )  # fmt: skip


def test_workflows_are_yaml(assignment: Assignment) -> None:
    """Both name the image of this Python, and keep the reports even when a job fails."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    github = yaml.safe_load(files_of("github", assignment)[".github/workflows/grade.yml"])
    job = github["jobs"]["grade"]
    assert job["container"] == f"python:{python}"
    assert [step["if"] for step in job["steps"] if "if" in step] == ["always()"] * 2
    gitlab = yaml.safe_load(files_of("gitlab", assignment)[".gitlab-ci.yml"])["grade"]
    assert gitlab["image"] == f"python:{python}"
    assert gitlab["artifacts"]["when"] == "always"
    assert gitlab["artifacts"]["reports"] == {"junit": "feedback/junit.xml"}


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    """The command says what is there, and writes over it when told to."""
    out = tmp_path / "repository"
    done = run_grader("package", "gitlab", "-a", "hh", "-o", out)
    assert done.returncode == 0, done.stderr
    assert "keep it from students" in done.stdout
    again = run_grader("package", "gitlab", "-a", "hh", "-o", out)
    assert again.returncode == 2
    assert "is there already" in again.stderr
    assert run_grader("package", "gitlab", "-a", "hh", "-o", out, "--overwrite").returncode == 0
