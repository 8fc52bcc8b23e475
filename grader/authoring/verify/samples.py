"""The labelled sample submissions of an assignment, graded as a class is."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.assignment.schema import Assignment
from grader.authoring.verify.sample_labels import disagreements, load_samples
from grader.grading.batch import grade_batch
from grader.grading.machine import MachineOptions
from grader.grading.settings import GradingSettings
from grader.sandbox import compiled_programs
from grader.sandbox.warm_process import SandboxConfig
from grader.submission.intake import find_submissions

CELL_SECONDS = 10.0  # no honest cell takes longer, and some samples never end


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleAgreement:
    """The number of samples, and the ways in which each differs from its label."""

    number: int
    disagreements: dict[str, list[str]]


def find_samples(assignment: Assignment) -> Path | None:
    """Return the folder of an assignment's labelled submissions, or None."""
    folder = assignment.folder.parents[1] / "submissions" / assignment.id
    return folder if (folder / "expected.toml").is_file() else None


def grade_samples(
    folder: Path,
    assignment: Assignment,
    setup: SandboxConfig,
    jobs: int,
    on_step: Callable[[int, int], None],
) -> SampleAgreement:
    """Grade ``folder`` and hold every result against its label.

    Raises ``ExpectedError`` when the labels can't be read.
    """
    samples = load_samples(folder)
    entries, _ = find_submissions([folder])
    done = itertools.count(1)
    with tempfile.TemporaryDirectory(prefix="grader-labelled-") as out:
        options = MachineOptions(
            out=Path(out),
            jobs=jobs,
            settings=GradingSettings(
                limits=assignment.limits.with_changes(cell_seconds=CELL_SECONDS),
                secret=b"verify",
                device="cpu",
            ),
            private_files=tuple(entry.path for entry in entries),
            sandbox=setup,
            programs_file=compiled_programs.program_file(assignment),
        )
        grade_batch(entries, assignment, options, lambda _: on_step(next(done), len(entries)))
        every = [json.loads(file.read_text("utf-8")) for file in Path(out).glob("*/result.json")]
    results = {Path(result["submission"]["file"]).name: result for result in every}
    ways = {s.file: disagreements(s, results.get(s.file, {})) for s in samples}
    return SampleAgreement(
        number=len(samples), disagreements={file: own for file, own in ways.items() if own}
    )
