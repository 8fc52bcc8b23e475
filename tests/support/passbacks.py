"""Gradebooks and settings for tests that send marks to a platform."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from grader.cli import main
from grader.core.types import GradeReport
from grader.gradebook import tables
from grader.gradebook.overrides import set_override
from grader.gradebook.store import open_gradebook
from tests.support.gradebooks import report, results_in, take_in
from tests.support.graded_folders import canvas
from tests.support.lms.lti import CLIENT, KEY_ID, PEM
from tests.support.project import ROOT

FIRST = ("Ann", "Bo", "Cem", "Dai", "Eva", "Finn", "Gia", "Hal", "Ida", "Jo")
RETRY = "[retry]\nfirst_seconds = 0.01\nlongest_seconds = 2\ntimeout_seconds = {patience}\n"


def number(place: int) -> str:
    """A student's number on every platform of these tests."""
    return str(100 + place)


def name(place: int) -> str:
    return f"{FIRST[place % 10]} Number{place}"


def users(count: int) -> dict[str, tuple[str, str]]:
    """What LTI says of students."""
    return {f"u{number(n)}": (name(n), f"{number(n)}@example.org") for n in range(count)}


@dataclass(frozen=True)
class Term:
    """A folder with a gradebook, settings and a key."""

    folder: Path

    @property
    def book(self) -> Path:
        return self.folder / "term.sqlite"

    def grade(self, reports: Mapping[int, GradeReport], *, again: bool = False) -> None:
        """Put results of students, by their place, into the gradebook."""
        out = self.folder / "class"
        ids = {place: f"s{number(place)}" for place in reports}
        origins = {ids[place]: canvas(name(place), number(place)) for place in reports}
        results_in(out, {ids[place]: one for place, one in reports.items()}, origins)
        take_in(self.book, out, again=again)

    def override(self, place: int, value: str, kind: str = "mark") -> None:
        with open_gradebook(self.book, write=True) as opening, opening.writing() as connection:
            [listed] = tables.assignments(connection).values()
            who = f"s{number(place)}"
            set_override(connection, listed, who, kind, value, "ta", "said so")  # type: ignore[arg-type]

    def lti(self, url: str, patience: float = 1.0, more: str = "") -> None:
        """Settings for a platform that speaks LTI, and the tool's key."""
        (key := self.folder / "key.pem").write_text(PEM)
        key.chmod(0o600)
        (self.folder / "lms.toml").write_text(
            f'[lti]\nclient_id = "{CLIENT}"\nkey_id = "{KEY_ID}"\ntoken_url = "{url}/token"\n'
            f'memberships = "{url}/course/7/members"\nkey_file = "key.pem"\n{more}'
            f'lineitems.hh = "{url}/course/7/lineitem?type_id=3"\n{RETRY.format(patience=patience)}'
        )

    def canvas(self, url: str, patience: float = 1.0) -> None:
        """Settings for Canvas; the token comes by the environment."""
        (self.folder / "lms.toml").write_text(
            f'[canvas]\nurl = "{url}"\ncourse = "7"\nassignments.hh = "42"\n'
            f"{RETRY.format(patience=patience)}"
        )

    def export(self, format: str, *more: str, lang: str = "en", **environment: str) -> Result:
        """``grader export`` of this gradebook."""
        given = ["--settings", str(self.folder / "lms.toml"), *self.arguments(lang), *more]
        return CliRunner().invoke(
            main, ["export", format, *given], env={"COLUMNS": "140", **environment}
        )

    def process(self, format: str, *more: str, **environment: str) -> subprocess.Popen[str]:
        """The same as a process of its own."""
        path = os.pathsep.join(map(str, (environment.pop("first", ""), ROOT, *sys.path)))
        return subprocess.Popen(
            [sys.executable, "-m", "grader", "export", format, *self.arguments("en"), *more],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": path, "COLUMNS": "140", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def arguments(self, lang: str) -> list[str]:
        return ["-g", str(self.book), "--lang", lang]


def scores(count: int) -> dict[int, GradeReport]:
    """A class with many marks, each another one."""
    return {place: report(50 + place / 10, content=str(place)) for place in range(count)}
