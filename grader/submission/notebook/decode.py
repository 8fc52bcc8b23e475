"""From the bytes of a file to the JSON of a notebook, or the reason why there is none."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from grader.core.types import Note

_MOST_NESTED = 5_000_000  # brackets and braces; each of them costs memory when read

# How files of other kinds begin.
_KINDS = (
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "ZIP"),
    (b"\x1f\x8b", "gzip"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\xd0\xcf\x11\xe0", "Word/Excel"),
)
_CONFLICT = (re.compile(r"^<{7} ", re.MULTILINE), re.compile(r"^>{7} ", re.MULTILINE))
_SCRIPT = re.compile(r"(?m)^(?:import|from) \w|^class \w|^def \w|^# ?%%|^#!.*python")
NOTHING = " \t\r\n\0\ufeff"  # what may stand before and after a document


@dataclass(frozen=True, slots=True)
class Document:
    """A notebook's JSON object, not yet looked into, and what was mended to read it."""

    tree: dict[str, Any]
    notes: tuple[Note, ...]


def decode(data: bytes) -> Document | Note:
    """Return the JSON object of a notebook's bytes, or a note that says why there is none."""
    for beginning, kind in _KINDS:
        if data.startswith(beginning):
            return Note(message_id="read.fault.other_kind", values={"kind": kind})
    text, notes = text_of(data)
    text = text.strip(NOTHING)
    if not text:
        return Note(message_id="read.fault.empty", values={"bytes": len(data)})
    if text.count("[") + text.count("{") > _MOST_NESTED:
        return Note(message_id="read.fault.too_nested")
    try:
        tree, end = json.JSONDecoder(strict=False).raw_decode(text)
    except json.JSONDecodeError as error:
        return _why_not_json(text, error)
    except (RecursionError, MemoryError):
        return Note(message_id="read.fault.too_nested")
    except ValueError:  # a number of thousands of digits
        return Note(message_id="read.fault.not_notebook")
    if not isinstance(tree, dict) or not ("cells" in tree or "worksheets" in tree):
        is_script = not isinstance(tree, dict) and _SCRIPT.search(text)
        return Note(message_id=f"read.fault.{'script' if is_script else 'not_notebook'}")
    if text[end:].strip(NOTHING):
        notes.append(Note(message_id="read.mended.trailing"))
    return Document(tree, tuple(notes))


def text_of(data: bytes) -> tuple[str, list[Note]]:
    """Return the text of a file in whatever encoding it has, and what is to be said of that."""
    encoding = json.detect_encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return _text_of_another_encoding(data)
    notes = []
    if encoding == "utf-8-sig":
        notes.append(Note(message_id="read.mended.byte_order_mark", for_student=False))
    elif encoding != "utf-8":
        notes.append(_encoded(encoding.upper()))
    return text, notes


def _text_of_another_encoding(data: bytes) -> tuple[str, list[Note]]:
    """GB18030, unless it is UTF-8 with a few damaged bytes."""
    replaced = data.decode("utf-8", "replace")
    damaged = replaced.count("\N{REPLACEMENT CHARACTER}")
    sound = len(replaced) - len(replaced.encode("ascii", "ignore")) - damaged
    if damaged >= sound:
        try:
            return data.decode("gb18030"), [_encoded("GB18030")]
        except UnicodeDecodeError:
            pass
    note = Note(message_id="read.mended.damaged", values={"count": damaged})
    return replaced, [note]


def _encoded(encoding: str) -> Note:
    return Note(message_id="read.mended.encoding", values={"encoding": encoding})


def _why_not_json(text: str, error: json.JSONDecodeError) -> Note:
    if all(mark.search(text) for mark in _CONFLICT):
        return Note(message_id="read.fault.conflict")
    if text.startswith("<"):
        return Note(message_id="read.fault.html")
    if text.startswith("{"):
        if _breaks_off(text, error):
            return Note(message_id="read.fault.truncated")
        return Note(message_id="read.fault.broken", values={"line": error.lineno})
    if _SCRIPT.search(text):
        return Note(message_id="read.fault.script")
    return Note(message_id="read.fault.not_json")


def _breaks_off(text: str, error: json.JSONDecodeError) -> bool:
    """Return True if the error is that the text ends too early, perhaps within a word."""
    left = len(text) - error.pos
    in_a_word = left < len("false") and text[-1].isalpha()
    in_an_escape = left < len("\\uffff") and error.msg.startswith("Invalid \\u")
    in_a_string = error.msg.startswith("Unterminated string")
    return left <= 0 or in_a_word or in_an_escape or in_a_string
