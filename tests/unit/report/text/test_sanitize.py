"""Tests of what makes text and pictures from outside fit to print."""

from __future__ import annotations

import base64
import struct

import pytest

from grader.core.types import Figure
from grader.report.page.images import select_pictures
from grader.report.text.sanitize import bounded_lines, clean, one_line, shorten_paths
from tests.support.sample_traces import JPEG, encoded, png


@pytest.mark.parametrize(
    ("dirty", "clear"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("nul\x00bell\x07back\x08del\x7f", "nulbellbackdel"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("\u2066a\u2069\u200f\u200eb\u061c", "ab"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("10%|#   \r20%|##  \r\nend", "10%|#   \n20%|##  \nend"),
        ("lone \ud800 surrogate", "lone \N{REPLACEMENT CHARACTER} surrogate"),
        ("膜电位 é 👩‍🔬", "膜电位 é 👩‍🔬"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 3),
    ],
)
def test_clean_strips_what_is_not_seen(dirty: str, clear: str) -> None:
    """Colours, control and bidirectional characters go; letters of any script stay."""
    assert clean(dirty) == clear


def test_clean_bounds_the_length() -> None:
    """A long text is cut and says so."""
    assert clean("a" * 100, 10) == "a" * 9 + "…"
    assert clean("a" * 10, 10) == "a" * 10
    assert one_line("a\n  b\t\tc", 99) == "a b c"


def test_bounded_lines_keep_both_ends() -> None:
    """Of a long traceback the first lines and, above all, the last ones are shown."""
    lines, at, left_out = bounded_lines("\n".join(map(str, range(100))), 3, 5)
    assert lines == ["0", "1", "2", "95", "96", "97", "98", "99"]
    assert (at, left_out) == (3, 92)
    assert bounded_lines("a\nb", 3, 5) == (["a", "b"], 2, 0)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("File /opt/a b/lib/site-packages/jax/core.py:12, in f", "File …/jax/core.py:12, in f"),
        ('File "/home/a b/run.py", line 3', 'File "…/run.py", line 3'),
        (r'File "C:\Users\me\run.py", line 3', 'File "…/run.py", line 3'),
        ("read /tmp/box-12/x.ipynb and more", "read …/x.ipynb and more"),
        ("File ~/work/a b/x.py:3, in f", "File …/x.py:3, in f"),
        ("at ~/work/x.py", "at …/x.py"),
        ("file:///home/box/x.py", "…/x.py"),
        ("PATH=/opt/a/b:/home/c/d", "PATH=…/b:…/d"),
        ("(/var/lib/x.npz)", "(…/x.npz)"),
        (
            "see https://brainpy.readthedocs.io/en/latest",
            "see https://brainpy.readthedocs.io/en/latest",
        ),
        ("g in mS/cm² and 1/ms, a /b", "g in mS/cm² and 1/ms, a /b"),
        ("Cell In[31], line 7", "Cell In[31], line 7"),
    ],
)
def test_students_read_no_paths_of_the_machine(text: str, shown: str) -> None:
    """Absolute paths are cut to the package or the file's name; nothing else changes."""
    assert shorten_paths(text) == shown


def _figure(data: str, mime: str = "image/png") -> Figure:
    return Figure(cell=0, name="", mime=mime, data=data)  # type: ignore[arg-type]


def test_bitmaps_are_shown_with_their_size() -> None:
    """A PNG and a JPEG pass, line breaks in the base64 or not, and keep their pixels."""
    broken = "\n".join(png()[i : i + 76] for i in range(0, len(png()), 76))
    shown, left_out = select_pictures((_figure(broken), _figure(JPEG, "image/jpeg")))
    assert left_out == 0
    assert [(p.width, p.height) for p in shown] == [(240, 120), (64, 32)]
    assert shown[0].uri == "data:image/png;base64," + png()
    assert shown[1].uri.startswith("data:image/jpeg;base64,")


def test_the_type_is_told_from_the_bytes() -> None:
    """A file called .jpg that is a PNG is shown as what it is."""
    shown, _ = select_pictures((_figure(png(), "image/jpeg"),))
    assert shown[0].uri.startswith("data:image/png;")


@pytest.mark.parametrize(
    "data",
    [
        '"><script>alert(1)</script>',
        "not base64!",
        "",
        encoded(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        encoded(b"GIF89a" + b"\0" * 40),
        encoded(b"\x89PNG\r\n\x1a\n"),
        encoded(b"\xff\xd8\xff\xe0\x00\x00" + b"\0" * 40),
        encoded(b"\xff\xd8\xff" + b"\xff" * 4000),
        encoded(base64.b64decode(png())[:16] + struct.pack(">II", 60000, 60000) + b"\0" * 9),
        encoded(base64.b64decode(png())[:16] + struct.pack(">II", 0, 10) + b"\0" * 9),
        encoded(base64.b64decode(png()) + b"\0" * 4_000_000),
    ],
)
def test_other_pictures_are_left_out(data: str) -> None:
    """Nothing but a bitmap of sane size is put into a page, and the page counts the rest."""
    assert select_pictures((_figure(data),)) == ((), 1)


def test_a_page_holds_only_so_many_pictures() -> None:
    """A thousand pictures are not shown."""
    shown, left_out = select_pictures((_figure(png(4, 4)),) * 1000)
    assert 0 < len(shown) < 50
    assert len(shown) + left_out == 1000
