"""The hostile notebooks: what is committed is what is built, and its labels make sense."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from generated_notebooks import changes
from hostile import build
from hostile.expected import ExpectedError, load_hostile
from hostile.outside import spellings

FOLDER = Path(build.HERE)
HOSTILE = load_hostile(FOLDER)


def test_committed_notebooks_are_what_the_script_builds() -> None:
    """Nobody edits a hostile notebook by hand, and nobody forgets to build them."""
    assert changes(build.notebooks(), FOLDER) == []


def test_every_notebook_has_an_entry_and_every_entry_a_notebook() -> None:
    """expected.toml and the folder name the same notebooks, and there are enough."""
    assert sorted(h.file for h in HOSTILE) == sorted(f.name for f in FOLDER.glob("*.ipynb"))
    assert len(HOSTILE) >= 44


def test_the_folder_stays_small() -> None:
    """Notebooks, attacks and labels together take less than 700 kB."""
    files = [f for f in FOLDER.rglob("*") if f.is_file() and "__pycache__" not in f.parts]
    assert sum(file.stat().st_size for file in files) < 7e5


def test_attacks_touch_only_what_is_named_for_them() -> None:
    """Each notebook gets the harness's canaries, and none has an address beyond loopback."""
    names = {"CANARIES": "/somewhere/else", "PORT": 12345, "BYSTANDER": 77}
    for name, content in build.notebooks().items():
        told = build.with_canaries(content, names)
        assert json.loads(told)
        if b"prelude" in content:
            assert b'CANARIES = \\"/somewhere/else\\"' in told, name
            assert b"PORT = 12345 " in told, name
            assert b"BYSTANDER = 77 " in told, name
        addresses = set(re.findall(rb"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", content))
        assert addresses <= {b"127.0.0.1"}, name


def test_an_attack_without_its_first_line_is_an_error() -> None:
    """The script says what the first line of an attack must be."""
    with pytest.raises(ValueError, match="must be like '# right, last'"):
        build.hostile("import os\n")


def test_all_faults_of_the_labels_come_at_once(tmp_path: Path) -> None:
    """A wrong promise, fact, ending and key are all named, each with its place."""
    (tmp_path / "expected.toml").write_text(
        '[[samples]]\nfile = "a.ipynb"\nabout = "x"\noutcome = "graded"\nrun = ["ok", "lost"]\n'
        'score = [0, 1]\npromise = "No Name"\nmust_not = ["fly"]\nsay = "x"\n'
    )
    with pytest.raises(ExpectedError) as caught:
        load_hostile(tmp_path)
    for words in ("samples[0].run", "samples[0].promise", "unknown fact 'fly'", "samples[0].say"):
        assert words in str(caught.value)


def test_a_canary_is_found_in_every_spelling() -> None:
    """A canary is recognised inside base64 at any offset, in hex and backwards."""
    import base64

    canary = "grader-hostile-key-0123456789"
    for before in (b"", b"x", b"xy", b"xyz"):
        text = base64.b64encode(before + canary.encode() + b" and more")
        assert any(spelling in text for spelling in spellings(canary)), before
