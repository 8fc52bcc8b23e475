"""Lines that can't work while grading, rewritten where they stand.

There is no network, no screen and no need of a GPU: installing is skipped, as the notebook's
own call of the grader is; windows become inline figures, a GPU becomes the CPU. Text in
strings and comments and the cells of other languages are left alone, and every line keeps
its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from grader.core.types import Note, Values
from grader.submission.notebook.lexing import FILLER, LONGEST, mask_source, split_cell_magics

_INLINE = "module://matplotlib_inline.backend_inline"
_SHOWN = 80  # characters of a student's line that a note repeats

_LINE = re.compile(
    r"(?P<indent>[ \t]*)(?:(?P<target>[^%!=]*)=[ \t]*(?=[%!]))?"
    r"(?P<mark>%|!{0,2})[ \t]*(?P<rest>.*)",
    re.DOTALL,
)
_INSTALL = re.compile(
    r"""(?:cd\s+\S+\s*&&\s*)?
    (?:[A-Z_]+=\S+\s+)*
    (?:sudo\s+(?:-\S+\s+)*)?
    (?:["']?(?:\$?\{?sys\.executable\}?|[\w./-]*python[\d.]*)["']?\s+-m\s+)?
    (?:[\w.-]*/)*
    (?:pip[\d.]*|conda|mamba|micromamba|uv|apt|apt-get|brew|poetry|pixi|easy_install)\s+
    (?:-\S+\s+)*
    (?:pip\s+|env\s+)?
    (?:install|uninstall|reinstall|update|upgrade|add|sync|remove|create|download)\b
    """,
    re.VERBOSE,
)
_OF_THE_GRADER = re.compile(  # a notebook that checks itself does so for its author
    r"(?:re|un)?load_ext\s+grader\b|(?:[\w./-]*python[\d.]*\s+-m\s+)?grader\b"
)
_BACKEND = re.compile(r"(?P<magic>matplotlib|pylab)\b[ \t]*(?P<backend>[^\s#]*)")
_DRAWS_WITHOUT_SCREEN = frozenset({"inline", "agg", "cairo", "pdf", "ps", "svg", "template"})
_NEEDS_SCREEN = re.compile(r"(qt|tk|gtk|wx|osx|macosx|nbagg|webagg|ipympl|widget|notebook)", re.I)

_STRING = rf"(?P<quote>[\"'])(?P<text>{FILLER}+)(?P=quote)"
_KEY = rf"(?P<keyquote>[\"'])(?P<key>{FILLER}+)(?P=keyquote)"
_PLATFORM_CALLS = (
    re.compile(rf"\bset_platform\s*\(\s*(?:platform\s*=\s*)?{_STRING}"),
    re.compile(rf"\bconfig\s*\.\s*update\s*\(\s*{_KEY}\s*,\s*{_STRING}"),
    re.compile(rf"\benviron\s*\[\s*{_KEY}\s*\]\s*=\s*{_STRING}"),
    re.compile(rf"\benviron\s*\.\s*setdefault\s*\(\s*{_KEY}\s*,\s*{_STRING}"),
)
_PLATFORM_KEYS = frozenset({"jax_platform_name", "jax_platforms"})
_ACCELERATORS = frozenset({"gpu", "tpu", "cuda", "rocm", "metal"})
_BACKEND_CALL = re.compile(
    rf"\b(?:matplotlib|mpl|plt)\s*\.\s*(?:use|switch_backend)\s*\(\s*(?:backend\s*=\s*)?{_STRING}"
)


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str
    message: str  # "" where nothing needs to be said
    old: str


def repair_source(source: str, cell: int) -> tuple[str, tuple[Note, ...]]:
    """Return the source of a code cell with what can't work while grading rewritten, and notes.

    ``cell`` is the cell's index. The notes name cells and lines as people count, from 1.
    """
    if len(source) > LONGEST:
        return source, ()
    magics, body, is_python = split_cell_magics(source)
    if not is_python:
        return source, ()
    edits = sorted(_edits(body), key=lambda edit: edit.start)
    pieces, notes, position = [magics], [], 0
    for edit in edits:
        pieces += [body[position : edit.start], edit.text]
        position = edit.end
        line = 1 + magics.count("\n") + body.count("\n", 0, edit.start)
        values: Values = {"cell": cell + 1, "line": line, "old": _shown(edit.old)}
        if edit.message:
            notes.append(Note(message_id=edit.message, values=values))
    return "".join([*pieces, body[position:]]), tuple(notes)


def _edits(body: str) -> Iterator[_Edit]:
    parts = mask_source(body)
    for start, end in parts.magics:
        if edit := _repair_line(body[start:end], start, end):
            yield edit
    for pattern in _PLATFORM_CALLS:
        for call in pattern.finditer(parts.masked):
            start, end = call.span("text")
            key = body[slice(*call.span("key"))].lower() if "key" in pattern.groupindex else None
            named = {name.strip() for name in body[start:end].lower().split(",")}
            if (key is None or key in _PLATFORM_KEYS) and named & _ACCELERATORS:
                yield _Edit(start, end, "cpu", "read.mended.platform", body[start:end])
    for call in _BACKEND_CALL.finditer(parts.masked):
        start, end = call.span("text")
        if _NEEDS_SCREEN.search(body[start:end]):
            yield _Edit(start, end, _INLINE, "read.mended.window", body[start:end])


def _repair_line(magic: str, start: int, end: int) -> _Edit | None:
    """Return the edit of one of IPython's lines; None when it stays as it is."""
    line = _LINE.match(magic)
    if line is None:
        return None
    below = "\n" * magic.count("\n")
    rest = " ".join(line["rest"].replace("\\\n", " ").split())
    own = line["mark"] and _OF_THE_GRADER.match(rest)
    if own or _INSTALL.match(rest):
        target = line["target"].strip() if line["target"] else ""
        instead = f"{target} = []" if target else "pass"
        old = " ".join(magic.replace("\\\n", " ").split())
        text = f"{line['indent']}{instead}  # skipped while grading: {old}{below}"
        return _Edit(start, end, text, "" if own else "read.mended.install", old)
    backend = _BACKEND.match(rest) if line["mark"] == "%" else None
    if backend is None or line["target"]:
        return None
    name = backend["backend"].strip("'\"")
    if name.lower() in _DRAWS_WITHOUT_SCREEN or name.startswith("-"):
        return None
    text = f"{line['indent']}%{backend['magic']} inline{below}"
    return _Edit(start, end, text, "read.mended.window", f"%{backend['magic']} {name}".strip())


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "\N{HORIZONTAL ELLIPSIS}"
