"""Locate strings, comments and IPython's own lines in a cell.

A scanner rather than Python's tokenizer: it never fails on broken code, takes time in
proportion to the text, and says the same under every version of Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 400_000  # characters of a cell that are looked into

# Cell magics whose body is run as Python in the notebook's own namespace.
PYTHON_MAGICS = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun", "lprun", "debug"})

FILLER = "\0"  # what stands for a character within a string

_CELL_MAGIC = re.compile(r"[ \t]*%%(\w+)[^\n]*(?:\n|\Z)")
_BLANK_LINES = re.compile(r"(?:[ \t]*\n)*")
_SHELL_WORDS = r"(?:pip3?|conda|mamba|apt|apt-get|uv)[ \t]+(?:pip[ \t]+)?install\b"
_TARGETS = r"[A-Za-z_][\w.]*(?:[ \t]*,[ \t]*[A-Za-z_][\w.]*)*[ \t]*=[ \t]*"
_HELP = r"[A-Za-z_][\w.*]*[ \t]*\?{1,2}[ \t]*(?=\n|\Z)"
_MAGIC_START = re.compile(rf"[ \t]*(?:[%!?]|{_TARGETS}[%!]|{_SHELL_WORDS}|{_HELP})")
_TOKEN = re.compile(r"'''|\"\"\"|['\"]|#[^\n]*|[()\[\]{}]|\\\n|\n")
_REST = {  # possessive: no way back, so that time and memory stay in proportion
    "'": re.compile(r"(?:[^'\\\n]++|\\.)*+(?P<end>'?)", re.DOTALL),
    '"': re.compile(r'(?:[^"\\\n]++|\\.)*+(?P<end>"?)', re.DOTALL),
    "'''": re.compile(r"(?:[^'\\]++|\\.|'(?!''))*+(?P<end>(?:''')?)", re.DOTALL),
    '"""': re.compile(r'(?:[^"\\]++|\\.|"(?!""))*+(?P<end>(?:""")?)', re.DOTALL),
}


@dataclass(frozen=True, slots=True)
class MaskedSource:
    """A cell's text taken apart.

    ``masked`` is as long as the source; what stands within strings is ``FILLER``,
    comments and IPython's lines are spaces, newlines stay. ``magics`` are the
    spans of IPython's lines (``%magic``, ``!command``, ``x = !command``, ``name?``), each
    from its line's start up to, not including, the newline that ends it.
    """

    masked: str
    magics: tuple[tuple[int, int], ...]


def split_cell_magics(source: str) -> tuple[str, str, bool]:
    """Return a cell's leading ``%%magic`` lines, what stands below, and whether that is Python.

    Blank lines above a magic belong to it. Without a magic the first part is empty.
    """
    position = 0
    while True:
        blank = _BLANK_LINES.match(source, position)
        start = blank.end() if blank else position
        magic = _CELL_MAGIC.match(source, start)
        if magic is None:
            return source[:position], source[position:], True
        position = magic.end()
        if magic[1] not in PYTHON_MAGICS:
            return source[:position], source[position:], False


def mask_source(source: str) -> MaskedSource:
    """Take Python source with IPython's lines apart, broken or not."""
    pieces: list[str] = []
    magics: list[tuple[int, int]] = []
    position, depth, at_start = 0, 0, True
    while position < len(source):
        if at_start and (start := _MAGIC_START.match(source, position)):
            end = _end_of_magic(source, start.end())
            magics.append((position, end))
            pieces.append(_blank(source[position:end]))
            position, at_start = end, False
            continue
        token = _TOKEN.search(source, position)
        if token is None:
            pieces.append(source[position:])
            break
        pieces.append(source[position : token.start()])
        text, position, at_start = token[0], token.end(), False
        if text in _REST:
            rest = _REST[text].match(source, position)
            assert rest is not None  # each of the patterns matches the empty text
            inside = rest[0].removesuffix(rest["end"])
            pieces += [text, re.sub(r"[^\n]", FILLER, inside), rest["end"]]
            position = rest.end()
        elif text[0] == "#":
            pieces.append(" " * len(text))
        else:
            pieces.append(text)
            if text in "([{":
                depth += 1
            elif text in ")]}":
                depth = max(depth - 1, 0)
            elif text == "\n":
                at_start = depth == 0
    return MaskedSource("".join(pieces), tuple(magics))


def _end_of_magic(source: str, position: int) -> int:
    """Return the end of IPython's line: a backslash at a line's end carries it on."""
    while True:
        end = source.find("\n", position)
        if end < 0:
            return len(source)
        if source[end - 1] != "\\":
            return end
        position = end + 1


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
