"""`%grader check` with a command that is wrong."""

from __future__ import annotations

from pathlib import Path

import nbformat

from tests.support.run_notebooks import outputs_of, text


def test_a_wrong_command_checks_nothing(tmp_path: Path) -> None:
    """In a small notebook: one line each of a wrong option, a broken file and a wrong command."""
    (tmp_path / "broken.ipynb").write_text('{"cells": [', "utf-8")
    lines = ("%load_ext grader", "%grader check --nix", "%grader check", "%grader grade")
    cells = outputs_of(nbformat.v4.new_notebook(), tmp_path, *lines)
    loaded, option, broken, command = map(text, cells)
    assert loaded == ""
    assert "There is no option --nix." in option
    assert "The file breaks off in the middle" in broken
    assert "Write %grader check, or %grader check NAME.ipynb." in command
    assert not any("Traceback" in one or "fresh kernel" in one for one in (option, broken, command))
