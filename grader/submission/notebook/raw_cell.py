"""One cell of a notebook's JSON, whatever state it is in, to plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["code", "markdown", "raw"]

_KINDS: dict[str, Kind] = {"code": "code", "markdown": "markdown", "raw": "raw"}
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_MOST_TAGS = 100


@dataclass(frozen=True, slots=True)
class RawCell:
    """A cell's own data. ``mended`` holds the last part of the message ids of what was mended.

    ``id`` is as the file has it, of any type; None when there is none.
    """

    kind: Kind
    source: str
    id: object = None
    tags: tuple[str, ...] = ()
    executed: int | None = None
    mended: tuple[str, ...] = ()


def raw_cell(data: Any) -> RawCell:
    """Read one cell. A cell that is no object at all keeps its place as an empty raw cell."""
    if not isinstance(data, dict):
        return RawCell(kind="raw", source="", mended=("cell",))
    mended: list[str] = []
    data = _upgraded(data)
    kind = _kind(data, mended)
    source = _source(data.get("source"), mended)
    metadata = data.get("metadata", {})
    if not isinstance(metadata, dict):
        metadata = {}
        mended.append("metadata")
    executed = data.get("execution_count")
    if not isinstance(executed, int) or isinstance(executed, bool) or not 0 <= executed < 1 << 31:
        executed = None
    return RawCell(
        kind=kind,
        source=source,
        id=data.get("id"),
        tags=_tags(metadata.get("tags", []), mended),
        executed=executed,
        mended=tuple(dict.fromkeys(mended)),
    )


def clean(text: str) -> str:
    """Text that can be written and sent: no lone surrogates, no NUL."""
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text).replace("\0", "")


def _upgraded(data: dict[str, Any]) -> dict[str, Any]:
    """Return a cell of nbformat 3 as nbformat itself converts it; others as they are."""
    upgraded = dict(data)
    if data.get("cell_type") == "heading":
        level = data.get("level", 1)
        level = min(max(level, 1), 6) if isinstance(level, int) else 1
        text = _source(data.get("source"), [])
        upgraded |= {
            "cell_type": "markdown",
            "source": "#" * level + " " + " ".join(text.splitlines()),
        }
    elif data.get("cell_type") == "html":
        upgraded["cell_type"] = "markdown"
    elif "source" not in data and "input" in data:
        upgraded["source"] = data["input"]
        upgraded.setdefault("cell_type", "code")
    upgraded.setdefault("execution_count", data.get("prompt_number"))
    return upgraded


def _kind(data: dict[str, Any], mended: list[str]) -> Kind:
    """Return a cell's kind. One without any is code when it has a count; one unknown is text."""
    named = data.get("cell_type")
    if isinstance(named, str) and named.strip().lower() in _KINDS:
        return _KINDS[named.strip().lower()]
    mended.append("kind")
    return "code" if named is None and data.get("execution_count") is not None else "raw"


def _source(data: object, mended: list[str]) -> str:
    """Return a cell's text, given as a string or a list of strings."""
    lines = data if isinstance(data, list) else [data]
    text = "".join(line for line in lines if isinstance(line, str))
    if not all(isinstance(line, str) for line in lines):
        mended.append("source")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        mended.append("line_ends")
    cleaned = clean(text)
    if cleaned != text:
        mended.append("characters")
    return cleaned


def _tags(data: object, mended: list[str]) -> tuple[str, ...]:
    listed = [data] if isinstance(data, str) else data if isinstance(data, list) else []
    tags = [clean(tag).strip() for tag in listed[:_MOST_TAGS] if isinstance(tag, str)]
    if not isinstance(data, list) or not all(isinstance(tag, str) for tag in data):
        mended.append("tags")
    return tuple(dict.fromkeys(tag for tag in tags if tag))
