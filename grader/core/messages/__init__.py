"""The message catalogue: every sentence that a person reads, in English and Chinese.

``<language>/*.toml`` hold the harness's own sentences,
``assignments/<id>/words/<language>.toml`` those of an assignment. A message id is
the path of its key: ``checks.parameter.wrong`` stands in ``checks.toml`` under
``[parameter]`` as ``wrong``. A sentence names its values in braces.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from grader.core.types import Note, Value

LANGUAGES = ("en", "zh")
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Sentences in one language. ``sentences`` maps a message id to its text."""

    language: str
    sentences: Mapping[str, str]

    def render(self, message_id: str, /, **values: Value) -> str:
        """Return the sentence ``message_id`` with its values filled in.

        Raises ``KeyError`` for an unknown id or a value that the sentence names
        and ``values`` lacks: a missing sentence is a fault of ours, not a blank.
        """
        try:
            sentence = self.sentences[message_id]
        except KeyError:
            raise KeyError(f"no sentence {message_id!r} in language {self.language!r}") from None
        return sentence.format_map(
            {n: _fitting(n, format_value(v), sentence) for n, v in values.items()}
        )

    def render_note(self, note: Note) -> str:
        """Return the sentence of a note. Raises as `render` does."""
        return self.render(note.message_id, **note.values)

    def has(self, message_id: str) -> bool:
        """Tell whether there is such a sentence."""
        return message_id in self.sentences


def _fitting(name: str, text: str, sentence: str) -> str:
    """Drop a value's full stop where the sentence has one, or a comma, right after it."""
    return text.rstrip(" .。") if name in _before_marks(sentence) else text


@cache
def _before_marks(sentence: str) -> frozenset[str]:
    """Return the values of a sentence that stand right before a full stop, a comma or the like."""
    return frozenset(re.findall(r"\{(\w+)\}[.,;:!?。，；：！？]", sentence))


def format_value(value: Value) -> str:
    """Write a value as people read it: -54.387, 1e-05, yes; an em dash for nothing."""
    if value is None:
        return "\N{EM DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if not math.isfinite(value):
            return (
                "NaN" if math.isnan(value) else ("\N{INFINITY}" if value > 0 else "-\N{INFINITY}")
            )
        return f"{value:.6g}".replace("-", "\N{MINUS SIGN}", 1) if value < 0 else f"{value:.6g}"
    return str(value)


@cache
def catalogue(language: str, assignment: Path | None = None) -> Catalogue:
    """Load the catalogue in ``language``, with an assignment folder's own sentences on top.

    Raises ``ValueError`` for a language that there is none for.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no such language {language!r}; there are {', '.join(LANGUAGES)}")
    sentences: dict[str, str] = {}
    for file in sorted((_HERE / language).glob("*.toml")):
        sentences.update(_flatten(tomllib.loads(file.read_text("utf-8")), file.stem))
    if assignment is not None:
        own = assignment / "words" / f"{language}.toml"
        if own.is_file():
            sentences.update(_flatten(tomllib.loads(own.read_text("utf-8")), "assignment"))
    return Catalogue(language, sentences)


def _flatten(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{path}.{key}")
        else:
            yield f"{path}.{key}", str(value)
