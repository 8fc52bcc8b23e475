"""The secret of the stimuli: made once, whole, and never empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.grading.seed_secret import load_secret


@pytest.fixture(autouse=True)
def of_this_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which there is no secret yet; where the file lies."""
    monkeypatch.delenv("GRADER_SECRET", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "grader" / "secret"


def test_it_is_made_once(of_this_user: Path) -> None:
    """The first use makes it, for its owner alone; later ones read it."""
    first = load_secret()
    assert (len(first), load_secret()) == (32, first)
    assert of_this_user.stat().st_mode & 0o077 == 0
    assert [file.name for file in of_this_user.parent.iterdir()] == ["secret"]


@pytest.mark.parametrize("content", ["", "00ff"])
def test_an_empty_one_is_refused(of_this_user: Path, content: str) -> None:
    """From a secret that is cut off, everybody could compute the stimuli."""
    of_this_user.parent.mkdir()
    of_this_user.write_text(content)
    with pytest.raises(ValueError, match="remove it"):
        load_secret()


def test_one_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """GRADER_SECRET comes first."""
    monkeypatch.setenv("GRADER_SECRET", "of the course")
    assert load_secret() == b"of the course"
