"""Autograders laid out and started as their platforms do, for the tests: in ``container.py``."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_cache_dir

from grader.assignment.schema import Assignment
from grader.authoring.package.bundle import make_bundle, zip_bundle
from grader.authoring.package.bundle_targets import BUNDLE_TARGETS
from tests.support.sandboxes import OWN, give, in_container

SECRET = "of the tests"
INSTALLED = ("env", "-u", "PYTHONPATH")  # what is started finds the installed grader only


def files_of(platform: str, assignment: Assignment) -> Mapping[str, bytes]:
    """The files of a bundle, in English."""
    return make_bundle(
        BUNDLE_TARGETS[platform], assignment, language="en", sandbox="auto", secret=SECRET.encode()
    )


def unpack(data: bytes, folder: Path) -> None:
    """As ``unzip`` does it: scripts can be started."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            path = Path(archive.extract(info, folder))
            path.chmod(info.external_attr >> 16)


def bare(**more: str) -> dict[str, str]:
    """What a container's environment holds, and what pip needs on this machine.

    What pip once downloaded it need not download again.
    """
    kept = (
        "PATH",
        "PYTHONPATH",
        "PIP_CACHE_DIR",
        "PIP_CONFIG_FILE",
        "PIP_INDEX_URL",
        "PIP_FIND_LINKS",
        "SSL_CERT_FILE",
    )
    cached = {"PIP_CACHE_DIR": user_cache_dir("pip")}
    return {**cached, **{key: os.environ[key] for key in kept if key in os.environ}, **more}


@dataclass(frozen=True)
class Autograder:
    """A tree with a bundle in it, which is ``user``'s: root or ordinary.

    ``home`` is where the grader was installed.
    """

    root: Path
    home: Path
    source: str
    submission: str
    user: str = OWN

    @property
    def results(self) -> Path:
        """The file that the platform reads."""
        return self.root / "results" / "results.json"

    def hand_in(self, *files: Path) -> None:
        """The submission: these files and no others."""
        folder = self.root / self.submission
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for file in files:
            shutil.copy(file, folder)

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """``run_autograder``, where the platform has it, in a session of its own.

        A result of an earlier run is gone.
        """
        inside = self.root / self.source / "run_autograder"
        run = shutil.copy(inside, self.root) if self.source == "source" else inside
        self.results.unlink(missing_ok=True)
        give(self.root, self.user)
        own = {"GRADER_ROOT": str(self.root), "GRADER_HOME": str(self.home), "HOME": "/nonexistent"}
        return subprocess.Popen(
            [*in_container(self.user), *INSTALLED, str(run)],
            cwd=self.root,
            env=bare(**{**own, **environment}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, **environment: str) -> tuple[dict[str, Any], str]:
        """What ``results.json`` says in the end, and what was printed."""
        process = self.start(**environment)
        printed, _ = process.communicate(timeout=600)
        assert process.returncode == 0, printed
        return json.loads(self.results.read_text("utf-8")), printed


def sh(
    command: str, cwd: Path, path: Sequence[Path], start: Sequence[str] = (), **more: str
) -> subprocess.CompletedProcess[str]:
    """A line of a workflow as its runner starts it: ``sh -e``, in the repository.

    ``start`` is that of its command line; without it that is no container.
    """
    environment = bare(HOME=str(cwd), **more)
    environment["PATH"] = os.pathsep.join([*map(str, path), environment["PATH"]])
    return subprocess.run(
        [*start, *INSTALLED, "sh", "-e", "-c", command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )


def lay_out(platform: str, assignment: Assignment, root: Path, home: Path) -> Autograder:
    """The bundle of ``platform`` below ``root``, as it lies when a submission comes.

    Its stimuli are those of ``SECRET``, as in every other tree of the tests.
    """
    files = {**files_of(platform, assignment)}
    files[f"{BUNDLE_TARGETS[platform].course_folder}secret"] = SECRET.encode()
    values = BUNDLE_TARGETS[platform].values
    if platform == "gradescope":
        unpack(zip_bundle(files), root / values["source"])
    else:
        unpack(zip_bundle(files), root / "bundle")
        shutil.copytree(root / "bundle" / "question" / "tests", root / values["source"])
    return Autograder(root, home, values["source"], values["submission"])
