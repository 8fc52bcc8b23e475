"""Secrets of a passback: read out of any file, and out of every message, however long."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.core.types import Note
from grader.gradebook.passback.http import HttpClient, HttpResponse, _next
from grader.gradebook.passback.secret import PassbackError, Redactor, read_secret
from grader.gradebook.passback.settings import Retry

TOKEN = "7~" + "aB3" * 22
NAME = "GRADER_CANVAS_TOKEN"


def unheard(note: Note) -> None:
    """Nobody listens."""


def read(folder: Path, file: str) -> str:
    return read_secret(NAME, file, folder / "lms.toml", Redactor(), unheard).reveal()


@pytest.mark.parametrize("before", range(0, 260, 20))
def test_a_secret_is_struck_out_wherever_a_message_is_cut(before: int) -> None:
    """A platform may say it back at any place of a long answer: no part of it is left."""
    hidden = Redactor()
    hidden.add(TOKEN)
    with HttpClient(Retry(), hidden, unheard) as web:
        body = ("x" * before + " " + TOKEN + " y" * 3000).encode()
        message = web.describe_refusal(HttpResponse(400, {}, body, 1))
    assert message.startswith("HTTP 400 ")
    assert len(message) < 230
    assert not any(TOKEN[at : at + 8] in message for at in range(len(TOKEN) - 7))


def test_a_file_may_begin_as_windows_writes_it(tmp_path: Path) -> None:
    """A byte order mark and a line end are no part of a token."""
    (file := tmp_path / "token.txt").write_bytes(b"\xef\xbb\xbf" + TOKEN.encode() + b"\r\n")
    file.chmod(0o600)
    assert read(tmp_path, "token.txt") == TOKEN


def test_what_no_header_can_hold_is_no_token(tmp_path: Path) -> None:
    """A clear error, and not the text itself."""
    (tmp_path / "token.txt").write_text("schl\u00fcssel-und-mehr")
    with pytest.raises(PassbackError) as caught:
        read(tmp_path, "token.txt")
    assert caught.value.note.values["reason"] == "not ASCII"


def test_a_token_in_the_place_of_a_file_is_not_said(tmp_path: Path) -> None:
    """Who takes one for the other reads where a file was looked for, and no token."""
    with pytest.raises(PassbackError) as caught:
        read(tmp_path, TOKEN)
    assert TOKEN not in str(caught.value.note.values)
    with pytest.raises(PassbackError) as caught:
        read(tmp_path, "token.txt")
    assert "token.txt" in str(caught.value.note.values["path"])


@pytest.mark.parametrize(
    ("header", "url"),
    [
        (
            '<https://x/a?page=2>; rel="next", <https://x/a?page=9>; rel="last"',
            "https://x/a?page=2",
        ),
        ('<https://x/b>; rel="current",<https://x/a?a=1;b=2>; REL=NEXT', "https://x/a?a=1;b=2"),
        ('</a?p=2,3>; title="one, two"; rel="prev next"', "/a?p=2,3"),
        ('<https://x/a>; rel="nextcloud"', None),
        ("", None),
    ],
)
def test_the_next_page_is_told_by_its_link(header: str, url: str | None) -> None:
    """However a platform writes it; a page that is not found would be people who are not."""
    assert _next(header) == url
