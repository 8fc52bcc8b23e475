"""What an exception in a cell means, and imports that fail on this machine only."""

from __future__ import annotations

import pytest

from grader.core.exceptions import excuse, is_about_missing, without_import


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (("ModuleNotFoundError", "No module named 'google.colab'"), "run.excuse.colab"),
        (("ModuleNotFoundError", "No module named 'google'"), "run.excuse.colab"),
        (("ModuleNotFoundError", "No module named 'seaborn'"), "run.excuse.package"),
        (("ModuleNotFoundError", "No module named 'brianpy'"), ""),
        (("ModuleNotFoundError", "No module named 'brainpy.channels'"), ""),
        (("StdinNotImplementedError", "raw_input was called"), "run.excuse.input"),
        (("RuntimeError", "Unknown backend: 'gpu' requested"), "run.excuse.device"),
        (("NameError", "name 'np' is not defined"), ""),
    ],
)
def test_only_failures_of_the_machine_are_excused(error: tuple[str, str], message: str) -> None:
    """A missing package is excused, a misspelt or older one of the course is not."""
    assert excuse(*error) == message


def test_an_import_is_passed_over_with_its_lines_kept() -> None:
    """The statement becomes a pass, continued lines become empty, the rest stays."""
    source = "import os\nif True:\n    from a.b import (c,\n        d as e)\nx = 1"
    found = without_import(source, 3)
    assert found is not None
    assert found[0] == "import os\nif True:\n    pass\n\nx = 1"
    assert {"c", "e"} <= found[1]


@pytest.mark.parametrize("line", [None, 0, 5, 6])
def test_no_import_no_change(line: int | None) -> None:
    """Where no import begins nothing is passed over."""
    assert without_import("import os\n\n\n\nx = 1", line) is None


def test_what_the_import_would_have_brought_is_told_from_other_faults() -> None:
    """Only a name of the statement itself is excused."""
    names = frozenset({"google", "colab", "drive"})
    assert is_about_missing("NameError", "name 'drive' is not defined", names)
    assert not is_about_missing("NameError", "name 'HH' is not defined", names)
    assert not is_about_missing("TypeError", "name 'drive' is not defined", names)
