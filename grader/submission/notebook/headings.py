"""The headings of a Markdown cell."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST_LINE = 500  # characters; a longer line is no heading
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_HASHES = re.compile(r" {0,3}(#{1,6})(?:[ \t]|\Z)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*\Z")
_HTML = re.compile(r"[ \t]*<h([1-6])\b[^>]*>(.*?)</h\1>", re.I)
_TAG = re.compile(r"<[^>]*>")
_NUMBER = re.compile(r"\s*[\dIVX]+(?:\.\d+)*[.)、．]\s*")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; ``level`` is 1 for the highest."""

    level: int
    text: str


def headings(markdown: str) -> tuple[Heading, ...]:
    """Return the headings of a Markdown text from top to bottom; code within it has none."""
    found: list[Heading] = []
    fence, above = "", ""
    for line in markdown.split("\n"):
        if len(line) > _LONGEST_LINE:
            above = ""
            continue
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence):
                fence = ""
        elif mark:
            fence, above = mark[1], ""
        elif hashes := _HASHES.match(line):
            found.append(Heading(len(hashes[1]), _without_hashes(line[hashes.end() :])))
            above = ""
        elif (under := _UNDERLINE.match(line)) and above:
            found.append(Heading(1 if under[1][0] == "=" else 2, above))
            above = ""
        elif html := _HTML.match(line):
            found.append(Heading(int(html[1]), _TAG.sub("", html[2]).strip()))
            above = ""
        else:
            above = line.strip()
    return tuple(found)


def same_heading(one: str, other: str) -> bool:
    """Return True if two headings say the same: case, emphasis, numbering and colons aside."""
    return _bare(one) == _bare(other)


def _without_hashes(text: str) -> str:
    text = text.strip()
    bare = text.rstrip("#")
    return bare.rstrip() if bare == "" or bare[-1:].isspace() else text


def _bare(text: str) -> str:
    if number := _NUMBER.match(text):
        text = text[number.end() :]
    return " ".join(text.strip(" \t*_`#:：.。").split()).casefold()
