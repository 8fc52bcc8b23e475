"""The mutations that the tests must see: they fit the code and the tests, and are told apart."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.mutations import ROOT, TIERS, Mutation, Unusable, all_of_them, apply, private_copy, read

PLACES = (
    *("tolerance", "box_limit", "digest", "page_escape", "point_sum"),
    *("sort_order", "retry", "seed", "redaction", "lock"),
)
MUTATIONS = all_of_them()
GREEN = "tests/unit/assignment/test_deadline.py"
HEADER = f"""\
About: A comment says something else, which harms nobody.
Tier: default
Red: {GREEN}

"""


def harmless(file: Path, before: str) -> str:
    """Write a patch of a module's first comment into ``file``; return the module after it."""
    name, (first, *rest) = "grader/assignment/deadline.py", before.splitlines(keepends=True)
    after = [first.replace('"""', '"""Otherwise: ', 1), *rest]
    lines = difflib.unified_diff([first, *rest], after, f"a/{name}", f"b/{name}")
    file.write_text(f"{HEADER}diff --git a/{name} b/{name}\n{''.join(lines)}", "utf-8")
    return "".join(after)


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """``python -m tests.mutations`` as a developer starts it."""
    command = [sys.executable, "-m", "tests.mutations", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)


def test_there_are_three_in_each_of_ten_places() -> None:
    """Thirty mistakes, each another one, twenty or more of them seen by the default tier."""
    assert Counter(one.place for one in MUTATIONS) == dict.fromkeys(PLACES, 3)
    assert {one.name for one in MUTATIONS} == {f"{p}-{n}" for p in PLACES for n in (1, 2, 3)}
    assert sum(one.tier == "default" for one in MUTATIONS) >= 20
    assert len({one.about for one in MUTATIONS}) == 30
    changes = [one.file.read_text("utf-8").partition("\n+++ ")[2] for one in MUTATIONS]
    assert len(set(changes)) == 30


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[one.name for one in MUTATIONS])
def test_a_mutation_fits_the_code(mutation: Mutation) -> None:
    """It applies to the tree as it is, and changes a few lines of what is no test."""
    assert apply(mutation.file, ROOT, "--check") == ""
    diff = mutation.file.read_text("utf-8").partition("\ndiff --git ")[2]
    [file] = re.findall(r"^\+\+\+ b/(.+)$", diff, re.MULTILINE)
    assert file.partition("/")[0] in ("grader", "assignments", "reference")
    changed = re.findall(r"^[-+](?![-+]{2} ).*$", diff, re.MULTILINE)
    assert 1 <= len(changed) <= 6


@pytest.mark.parametrize("tier", TIERS)
def test_the_tests_that_see_it_are_there(tier: str) -> None:
    """Each test that a mutation names can be found, and is in no higher tier than it says."""
    named = {test for one in MUTATIONS if one.tier == tier for test in one.red}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", *TIERS[tier], *named],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    listed = done.stdout.split("\n")
    for test in named:
        assert any(line == test or line.startswith((f"{test}[", f"{test}::")) for line in listed)


def test_a_patch_applies_outside_of_a_repository(tmp_path: Path) -> None:
    """In an unpacked archive, too; in the middle of another repository; and only where it fits."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    patch, before = tmp_path / "harmless.patch", '"""One."""\n\nimport math\n'
    after = harmless(patch, before)
    (file := tmp_path / "archive" / "grader" / "assignment" / "deadline.py").parent.mkdir(
        parents=True
    )
    file.write_text(before, "utf-8")
    assert apply(patch, tmp_path / "archive") == ""
    assert file.read_text("utf-8") == after != before
    assert "does not apply" in apply(patch, tmp_path / "archive")


@pytest.mark.parametrize("missing", ["About", "Tier", "Red"])
def test_a_patch_without_its_first_lines_is_none(tmp_path: Path, missing: str) -> None:
    """What it breaks, in which tier and which tests tell must be said."""
    (file := tmp_path / "x.patch").write_text(HEADER.replace(f"{missing}: ", "", 1), "utf-8")
    with pytest.raises(Unusable, match=missing):
        read(file)


def test_a_copy_holds_what_git_does_not_ignore(tmp_path: Path) -> None:
    """Tracked files as they are now and new ones; none that was removed or is ignored."""
    tree = tmp_path / "tree"
    subprocess.run(["git", "init", "-q", tree], check=True)
    (tree / ".gitignore").write_text("*.log\n")
    for name in ("changed", "removed", "new", "x.log"):
        (tree / name).write_text("before")
        if name not in ("new", "x.log"):
            subprocess.run(["git", "add", name], cwd=tree, check=True)
    (tree / "changed").write_text("after")
    (tree / "removed").unlink()
    with private_copy(tree) as copy:
        found = {file.name: file.read_text() for file in copy.iterdir()}
    assert found == {".gitignore": "*.log\n", "changed": "after", "new": "before"}
    assert not copy.exists()


def test_wrong_use_is_a_sentence(tmp_path: Path) -> None:
    """An unknown name, and --whole alone, end with 2; without a name all are listed."""
    assert "there is no such mutation" in (done := run("nothing-1")).stderr
    assert done.returncode == 2
    assert run("--whole").returncode == 2
    listed = run()
    assert listed.returncode == 0
    assert all(one.name in listed.stdout for one in MUTATIONS)


@pytest.mark.full
def test_a_mistake_is_red_and_a_harmless_patch_alive(tmp_path: Path) -> None:
    """The command tells them apart, by code that tests import and by what they start."""
    patch = tmp_path / "harmless-1.patch"
    harmless(patch, (ROOT / "grader" / "assignment" / "deadline.py").read_text("utf-8"))
    before = {file: file.read_bytes() for file in (ROOT / "grader").rglob("*.py")}
    done = run("point_sum-3", patch)
    assert re.search(r"^point_sum-3: red ", done.stdout, re.MULTILINE), done.stdout + done.stderr
    assert re.search(r"^harmless-1: ALIVE ", done.stdout, re.MULTILINE), done.stdout
    assert done.returncode == 1
    assert "1 of 2 red." in done.stdout
    assert {file: file.read_bytes() for file in before} == before


@pytest.mark.full
def test_tests_that_are_red_anyway_prove_nothing(tmp_path: Path) -> None:
    """Where a named test is not there, or its tier is another, nothing is tried."""
    patch = tmp_path / "harmless-1.patch"
    harmless(patch, (ROOT / "grader" / "assignment" / "deadline.py").read_text("utf-8"))
    text = patch.read_text("utf-8")
    for red in (f"{GREEN}::test_nothing", "tests/mutations/test_mutations.py::" + OWN):
        patch.write_text(text.replace(GREEN, red, 1), "utf-8")
        done = run(patch)
        assert done.returncode == 2
        assert "red without any mutation" in done.stderr
        assert "ALIVE" not in done.stdout


OWN = test_tests_that_are_red_anyway_prove_nothing.__name__
"""A test of the tier full."""
