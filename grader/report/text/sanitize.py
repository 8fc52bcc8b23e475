"""Text from a student's machine or notebook, made fit to print.

Nothing here escapes for HTML or Markdown; that is done where text is put into them.
"""

from __future__ import annotations

import re

_LONGEST = 1_000_000  # characters looked at, however long the text

_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # titles, links
    r"|\x1b[ -/]*[0-~]"
)
_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffc\ufffe\uffff\U000e0000-\U000e0fff]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_MARKS = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_STACKED = re.compile(f"({_MARKS}{{3}}){_MARKS}+")  # a tower of accents over other lines

_QUOTED_PATH = re.compile(r"""(["'])(?:~?/|[A-Za-z]:[\\/])[^"'\n]*[/\\][^"'\n/\\]*\1""")
_FILE_LINE = re.compile(r"(?m)(\bFile )(?:~?/|[A-Za-z]:[\\/])([^\n:]*)(?=:\d)")
_PATH = re.compile(r"(?<![\w./\\\N{HORIZONTAL ELLIPSIS}])(?:~?/|[A-Za-z]:[\\/]+)"
                   r"((?:[^\s/\\'\"<>:|]+[/\\]+)+)([^\s/\\'\"<>:|,;()]+)")  # fmt: skip
_LIBRARY = re.compile(r".*(?:site|dist)-packages[/\\]")


def clean(text: str, limit: int | None = None) -> str:
    """Return ``text`` without ANSI codes, control, bidirectional and other unseen characters.

    Newlines and tabs stay; lone surrogates (undecodable file names) become U+FFFD.
    Longer than ``limit`` characters, it is cut and ends in an ellipsis.
    """
    text = _ANSI.sub("", text[:_LONGEST])
    text = _BREAKS.sub("\n", text)
    text = _UNSEEN.sub("", text)
    text = _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)
    text = _STACKED.sub(r"\1", text)
    return text if limit is None else cut(text, limit)


def cut(text: str, limit: int) -> str:
    """Return the first ``limit`` characters of ``text``, ending in an ellipsis if cut."""
    if len(text) <= limit:
        return text
    return text[: max(0, limit - 1)].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def one_line(text: str, limit: int) -> str:
    """Return ``clean`` text with every run of white space made one space."""
    return cut(" ".join(clean(text).split()), limit)


def replace_surrogates(text: str) -> str:
    """Return ``text`` without lone surrogates, which UTF-8 can't hold."""
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def shorten_paths(text: str) -> str:
    """Return ``text`` with absolute paths cut to what says something about the student's work.

    A library's file keeps its path from the package on, any other only its name.
    """
    text = text.replace("file:///", "/")
    text = _QUOTED_PATH.sub(lambda m: m[1] + _tail(m[0][1:-1]) + m[1], text)
    text = _FILE_LINE.sub(lambda m: m[1] + _tail(m[0][len(m[1]) :]), text)
    return _PATH.sub(lambda m: _tail(m[0]), text)


def _tail(path: str) -> str:
    library = _LIBRARY.match(path)
    end = path[library.end() :] if library else re.split(r"[/\\]", path)[-1]
    return "\N{HORIZONTAL ELLIPSIS}/" + end.replace("\\", "/")


def bounded_lines(text: str, head: int, tail: int, width: int = 400) -> tuple[list[str], int, int]:
    """Return the first ``head`` and last ``tail`` lines, and how many are missing where.

    Returns ``(lines, at, left_out)``: ``left_out`` lines are missing before ``lines[at]``.
    """
    lines = clean(text).expandtabs(4).split("\n")
    left_out = max(0, len(lines) - head - tail)
    if left_out:
        lines = lines[:head] + lines[len(lines) - tail :]
    return [cut(line, width) for line in lines], head if left_out else len(lines), left_out
