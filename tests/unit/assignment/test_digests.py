"""Which digest covers what: a run's covers all that a run depends on, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from grader.assignment import digests
from grader.assignment.schema import Assignment, Stimulus
from grader.core.checksum import verify_checksum, with_checksum
from grader.core.imported_modules import imported_by
from tests.support.judged_otherwise import judged_otherwise
from tests.support.project import SOLUTION

PACKAGE = Path(digests.__file__).parents[1]
_WITHOUT_CACHES = shutil.ignore_patterns("__pycache__")


def test_what_is_judged_is_no_part_of_a_run(assignment: Assignment) -> None:
    """Points, tolerances and what is right don't change the digest of a run."""
    assert digests.run_inputs(judged_otherwise(assignment)) == digests.run_inputs(assignment)


def test_what_is_asked_is_part_of_a_run(assignment: Assignment) -> None:
    """A stimulus, a range of states, a step, a class's name or the handout changes it."""
    rubric, exercise = assignment.rubric, assignment.exercises[0]
    assert rubric is not None
    more = Stimulus(name="more", kind="step", amplitude=1.0)
    field = rubric.field.model_copy(update={"count": 8})
    other: list[dict[str, Any]] = [
        {"stimuli": (*assignment.stimuli, more)},
        {"rubric": rubric.model_copy(update={"stimuli": (*rubric.stimuli, more)})},
        {"rubric": rubric.model_copy(update={"field": field})},
        {"simulation": assignment.simulation.model_copy(update={"dt": 0.05})},
        {"exercises": (exercise.model_copy(update={"class_name": "Other"}),)},
        {"exercises": (exercise.model_copy(update={"channels": exercise.channels[:2]}),)},
        {"notebook": SOLUTION},
        {"public_checks": tuple(c for c in assignment.public_checks if c.kind != "map"),
         "rubric": rubric.model_copy(update={"checks": ()})},
    ]  # fmt: skip
    found = [digests.run_inputs(assignment.model_copy(update=update)) for update in other]
    assert len({digests.run_inputs(assignment), *found}) == len(other) + 1


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of this package's sources and data."""
    return Path(shutil.copytree(PACKAGE, tmp_path / "grader", ignore=_WITHOUT_CACHES))


@pytest.mark.parametrize(
    "file",
    [
        *(
            "run/client_server.py",
            "run/collect_evidence.py",
            "run/substitute_parts.py",
            "submission/cells/find_cell.py",
            "submission/__init__.py",
        ),
        *(
            "run/kernel/prestarted_main.py",
            "run/kernel/session.py",
            "sandbox/warm_process.py",
            "untrusted/box/fork.py",
        ),
        *(
            "untrusted/box/seccomp.py",
            "run/probe/requests.py",
            "untrusted/probe/describe.py",
            "core/types/answers.py",
        ),
    ],
)
def test_what_a_run_imports_changes_its_digest(package: Path, file: str) -> None:
    """Code that a client, a kernel or a sandbox runs decides what its evidence is."""
    before = digests.code_of(package, of_runs=True)
    _edit(package / file)
    assert digests.code_of(package, of_runs=True) != before


@pytest.mark.parametrize(
    "file",
    [
        *(
            "authoring/package/templates/gradescope.md",
            "authoring/package/bundle.py",
            "cli/magic.py",
            "cli/console/plan.py",
        ),
        *(
            "cli/grade.py",
            "judge/reference/compare.py",
            "judge/checks/spikes.py",
            "report/templates/report.css",
        ),
        *(
            "core/messages/en/checks.toml",
            "authoring/release/new_assignment.py",
            "authoring/verify/run.py",
            "run/client_pool.py",
            "assignment/find.py",
        ),
    ],
)
def test_what_no_run_imports_leaves_its_digest(package: Path, file: str) -> None:
    """A template, a sentence or a command runs no stored submission again; it is judged again."""
    before = digests.code_of(package, of_runs=True), digests.code_of(package, of_runs=False)
    _edit(package / file)
    assert digests.code_of(package, of_runs=True) == before[0]
    assert digests.code_of(package, of_runs=False) != before[1]


def test_a_module_that_a_run_begins_to_import_is_covered(package: Path) -> None:
    """Nobody keeps a list: an import within a function is enough, one for type checkers is not."""
    (package / "run/extra.py").write_text("import grader.deeper\n")
    (package / "deeper.py").write_text("")
    module = package / "run/run_request.py"
    source = module.read_text("utf-8")
    for_types = "\nif TYPE_CHECKING:\n    import grader.run.extra\n"
    within = "\ndef late():\n    from . import extra\n"
    covered = []
    for addition in (for_types, within):
        module.write_text(source + addition, "utf-8")
        names = {file.name for file in imported_by(digests.ENTRIES, package)}
        covered.append({"extra.py", "deeper.py"} & names)
    assert covered == [set(), {"extra.py", "deeper.py"}]


def test_an_entry_that_is_not_there_is_an_error(package: Path) -> None:
    """A module that was renamed must not silently fall out of the digest."""
    with pytest.raises(KeyError, match="elsewhere"):
        imported_by(["grader.elsewhere"], package)


def _edit(file: Path) -> None:
    """Add an empty line."""
    file.write_bytes(file.read_bytes() + b"\n")


def test_a_seal_tells_every_change() -> None:
    """What was sealed is whole until a value, a key or an order in it changes."""
    table = with_checksum({"score": 87.5, "checks": [{"id": "a", "points": 1}], "text": "\ud800 é"})
    assert verify_checksum(table)
    assert not verify_checksum({**table, "score": 100})
    assert not verify_checksum({**table, "more": 1})
    assert not verify_checksum({key: value for key, value in table.items() if key != "seal"})
    assert not verify_checksum({**table, "checks": [{"points": 1, "id": "a"}]})
