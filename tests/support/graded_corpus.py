"""The labelled samples of each assignment, graded once for all tests that read the results.

Once within one invocation, whichever of its processes comes first; never between two
invocations, for then a test could read what other code has graded.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from grader.authoring.verify.sample_labels import Sample, load_samples
from grader.report.formats import FORMATS
from tests.support.project import ROOT, results, run_grader

IDS = sorted(file.parent.name for file in ROOT.glob("submissions/*/expected.toml"))
OPTIONS = ("--cell-seconds", "15", "--format", ",".join(FORMATS))
"""What the samples are graded with, beside the language."""

SMALL: Mapping[str, tuple[str, ...]] = {
    "hh": (
        *("right-plain", "right-gates-p-q", "right-float32-state", "right-own-exponential-euler"),
        *("n-cubed", "E_K-sign", "g_Na-20-percent-off", "two-of-three", "channels-of-the-library"),
        *("NameError-in-init", "hh-advanced-handout-unfilled", "os-exit-at-the-end", "login-page"),
        "right-printed-formula",
    ),
    "hh-from-scratch": ("right-plain", "V-starts-at-minus-65"),
    "hh-lesson": ("IK-n-cubed",),
    "thalamic": ("ICaT-on-potassium",),
}
"""The samples that the command without options grades: one of each kind of verdict."""


def is_small(id: str, file: str) -> bool:
    """Whether the command without options grades this sample."""
    return file.removesuffix(".ipynb") in SMALL[id]


def labelled(ids: Iterable[str] = IDS) -> list[Any]:
    """Each assignment's id with each of its samples, as parameters of a test with their tiers."""
    return [
        pytest.param(
            id,
            sample,
            id=f"{id}-{sample.file.removesuffix('.ipynb')}",
            marks=() if is_small(id, sample.file) else pytest.mark.full,
        )
        for id in ids
        for sample in load_samples(ROOT / "submissions" / id)
    ]


def handed_out(id: str) -> tuple[Path, Path]:
    """The teacher's solution and the notebook that students get."""
    return (
        ROOT / "reference" / id / f"{id}-solution.ipynb",
        ROOT / "assignments" / id / f"{id}.ipynb",
    )


@dataclass(frozen=True)
class Corpus:
    """Graded samples below ``place``; all of them if ``whole``, else the small ones."""

    place: Path
    whole: bool

    def samples(self, id: str) -> list[Sample]:
        """The labels of the samples that are graded."""
        every = load_samples(ROOT / "submissions" / id)
        return [sample for sample in every if self.whole or is_small(id, sample.file)]

    def notebooks(self, id: str) -> list[Path]:
        """What ``grader grade`` is given: samples, the solution and the released notebook."""
        folder = ROOT / "submissions" / id
        samples = [folder] if self.whole else [folder / s.file for s in self.samples(id)]
        return [*samples, *handed_out(id)]

    def graded(self, id: str) -> Path:
        """The output folder of one ``grader grade``, which runs if no process ran it yet."""
        out = self.place / f"corpus-{id}"
        with FileLock(f"{out}.lock"):
            if not (done := out.with_suffix(".done")).exists():
                self._grade(id, out, "en")
                done.touch()
        return out

    def judged_in(self, language: str, id: str, folder: Path) -> Path:
        """A copy of the graded samples, judged again in another language: no notebook runs."""
        shutil.copytree(self.graded(id), copy := folder / f"{id}-{language}")
        self._grade(id, copy, language)
        assert {result["language"] for result in results(copy).values()} == {language}
        return copy

    def _grade(self, id: str, out: Path, language: str) -> None:
        done = run_grader("grade", *self.notebooks(id), "-o", out, "--lang", language, *OPTIONS)
        assert done.returncode == 0, done.stdout + done.stderr

    def by_file(self, id: str) -> dict[str, dict[str, Any]]:
        """Results by the name of the file that was handed in."""
        return {Path(r["submission"]["file"]).name: r for r in results(self.graded(id)).values()}
