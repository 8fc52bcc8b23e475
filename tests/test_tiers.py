"""The tiers of the tests: each holds the one before, and what is left out is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import PurePath

import pytest

from tests.support.project import ROOT
from tests.support.tiers import LONGEST_FIRST, TIER_OF, TIERS, place_in_order, tier_of

KILLED = "tests/sandbox/test_killed.py"
SAME_RESULT = "tests/batch/long/test_same_result.py"
SECRET = "tests/unit/grading/test_seed_secret.py"
FILES = (KILLED, SAME_RESULT, SECRET)
"""Some tests of each tier."""


@pytest.mark.parametrize(
    ("file", "markers", "tier"),
    [
        ("test_tiers.py", (), "default"),
        ("unit/core/test_messages.py", ("parametrize",), "default"),
        ("batch/test_resume.py", (), "default"),
        ("batch/long/test_resume.py", (), "full"),
        ("batch/long/test_resume.py", ("exhaustive",), "exhaustive"),
        ("platforms/browser/test_report.py", ("default", "skipif"), "default"),
        ("sandbox/test_killed.py", ("exhaustive", "full"), "exhaustive"),
    ],
)
def test_the_tier_is_the_folders_or_the_markers(
    file: str, markers: tuple[str, ...], tier: str
) -> None:
    """A marker of a test's own counts before its folder, and the innermost folder that is named."""
    assert tier_of(PurePath(file), markers) == tier


def test_every_folder_of_tests_is_a_package() -> None:
    """Else its modules would have names of their own, which others may have, too."""
    folders = {file.parent for file in (ROOT / "tests").rglob("test_*.py")}
    above = {folder for one in folders for folder in (one, *one.parents)}
    within = [folder for folder in above if folder.is_relative_to(ROOT / "tests")]
    assert [folder for folder in within if not (folder / "__init__.py").exists()] == []


def test_what_the_tables_name_is_there() -> None:
    """Each folder exists and has a tier that there is; what starts first exists, and does."""
    assert {*TIER_OF.values()} <= {*TIERS}
    for path in (*TIER_OF, *LONGEST_FIRST):
        assert (ROOT / "tests" / path).exists()
    places = [place_in_order(PurePath(file)) for file in (*LONGEST_FIRST, "test_tiers.py")]
    assert places == sorted(set(places))


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)


def _collected(*arguments: str) -> set[str]:
    """The names of the tests that a command would run."""
    done = _run("--collect-only", "-n", "0", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return {line for line in done.stdout.splitlines() if "::" in line}


@pytest.fixture(scope="module")
def default() -> set[str]:
    """What runs without options."""
    return _collected(*FILES)


@pytest.fixture(scope="module")
def full() -> set[str]:
    """What runs with ``--full``."""
    return _collected("--full", *FILES)


def test_the_rest_is_what_the_command_before_left_out(default: set[str], full: set[str]) -> None:
    """CI runs every test of ``--full`` exactly once, by two commands."""
    rest = _collected("--full", "--rest", *FILES)
    assert default
    assert rest
    assert default & rest == set()
    assert default | rest == full


def test_every_tier_holds_the_one_before(default: set[str], full: set[str]) -> None:
    """``--exhaustive`` runs whatever CI relies on, and more."""
    exhaustive = _collected("--exhaustive", *FILES)
    assert default < full < exhaustive
    assert _collected("--exhaustive", "--rest", *FILES) == exhaustive - full


def test_a_test_that_is_named_runs_whatever_its_tier(full: set[str], default: set[str]) -> None:
    """By its own name; the name of its file selects by tier."""
    one = min(full - default)
    assert _collected(one) == {one}
    assert _collected(f"{one.partition('[')[0]}") >= {one}


def test_the_last_lines_say_what_was_left_out() -> None:
    """With the command that runs it, also where several processes have run the tests."""
    for processes in ("0", "2"):
        done = _run("-n", processes, SECRET, SAME_RESULT)
        assert done.returncode == 0, done.stdout
        full, exhaustive, total = done.stdout.splitlines()[-3:]
        assert full.startswith("Left out: 3 tests. python -m pytest --full runs ")
        assert exhaustive.startswith("Left out: 8 tests. python -m pytest --exhaustive runs ")
        assert " passed" in total


def test_the_rest_of_nothing_is_refused() -> None:
    """``--rest`` alone would run no test, and CI would be green."""
    done = _run("--rest", *FILES)
    assert done.returncode == 4
    assert "--rest says of --full or --exhaustive what to leave out" in done.stderr
