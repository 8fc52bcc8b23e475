"""`%grader check` in a notebook that runs: the saved file is checked, the session left alone."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.support.project import short_solution
from tests.support.run_notebooks import outputs_of, text

_LOOK = "seen = {k: id(v) for k, v in globals().items() if k[0] != '_'}"
_COMPARE = (
    "now = {k: id(v) for k, v in globals().items() if k[0] != '_' and k not in ('seen', 'In')}\n"
    "print(now == {k: v for k, v in seen.items() if k != 'In'}, "
    "'grader.cli.magic' in __import__('sys').modules, HH.__name__)"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student's folder with one notebook, which checks itself at its end."""
    folder = tmp_path_factory.mktemp("作业 1")
    file = short_solution(folder / "my homework.ipynb")
    notebook = nbformat.read(file, 4)
    for source in ("%load_ext grader", "%grader check"):
        notebook.cells.append(nbformat.v4.new_code_cell(source))
    file.write_text(nbformat.writes(notebook).replace("g_max=36.", "g_max=35."), "utf-8")
    return folder


@pytest.fixture(scope="module")
def outputs(folder: Path) -> list[Any]:
    """The outputs of further cells of that notebook, once it ran to its end."""
    notebook = nbformat.read(folder / "my homework.ipynb", 4)
    check = notebook.cells.pop()
    changed = next(c.source for c in notebook.cells if c.source.startswith("class HH("))
    (folder / "sub").mkdir()
    (folder / "sub" / "broken.ipynb").write_text('{"cells": [', "utf-8")
    return outputs_of(
        notebook, folder, _LOOK, check.source, _COMPARE,
        changed.replace("g_max=35.", "g_max=36."), "%grader check --assignment nix",
        "%grader check sub/broken.ipynb", "%grader check sub", "%grader check --nix",
        "%grader check --lang fr", '%grader check "my', "%grader check one.ipynb two.ipynb",
        "%grader grade", "%grader check --help", "%grader check gone.ipynb",
        "%grader check -o page.txt", "%grader check -o nowhere/page.html",
        "open('another.ipynb', 'w').close()\n%grader check --lang zh",
    )  # fmt: skip


def test_the_report_is_in_the_cell(outputs: list[Any]) -> None:
    """A table for a terminal, the page for a browser; both of the saved file, run afresh.

    Run there, the notebook's own ``%grader check`` says nothing, or this would never end.
    """
    first, report = outputs[1]
    assert "my homework.ipynb, as it was saved at " in first.text
    assert "is run from the top in a fresh kernel" in first.text
    table, frame = report.data["text/plain"], report.data["text/html"]
    assert "g_max of IK is 35 mS/cm², not the value asked for" in table
    assert "public checks pass; further stimuli are used when it is graded" in table
    assert frame.startswith("<iframe srcdoc=")
    assert "sandbox" in frame  # nothing in the page can reach the notebook
    page = html.unescape(frame)
    assert "g_max of IK is 35" in page
    assert "<script" not in page


def test_the_session_is_left_alone(outputs: list[Any]) -> None:
    """Every name of the student's session still stands for the very same object."""
    assert text(outputs[2]).split() == ["True", "True", "HH"]


def test_what_is_not_saved_is_told(outputs: list[Any]) -> None:
    """A class that was run otherwise than it stands in the file is named; before, none was."""
    assert "What you ran last is not in the saved file: class HH." in text(outputs[4])
    assert "There is no assignment nix" in text(outputs[4])
    assert "What you ran last" not in text(outputs[1])


def test_what_cannot_be_done_is_a_sentence(outputs: list[Any]) -> None:
    """A broken file, a folder, a wrong option: one line each, no traceback, and no run."""
    broken, folder, option, value, quote, two, other, usage = map(text, outputs[5:13])
    gone, no_page, nowhere, which = map(text, outputs[13:17])
    assert "The file breaks off in the middle" in broken
    assert "sub is a folder." in folder
    assert "There is no option --nix." in option
    assert "--lang can be: en, zh." in value
    assert "The command is not written as it should be" in quote
    assert "The command is not written as it should be" in two
    assert "Write %grader check, or %grader check NAME.ipynb." in other
    assert usage.startswith("Usage: grader check")
    assert "gone.ipynb: there is no such file." in gone
    assert "page.txt" in no_page
    assert "page.html" in nowhere
    assert "在这里无法得知这个笔记本是哪个文件" in which
    assert not any(
        "Traceback" in one or "fresh kernel; your" in one for one in map(text, outputs[5:16])
    )
