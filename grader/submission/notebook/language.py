"""The language in which a notebook speaks to its reader: English or Chinese."""

from __future__ import annotations

import re
from pathlib import Path

from grader.core.messages import LANGUAGES
from grader.core.types import Submission
from grader.submission.notebook.read import read_notebook

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_WORD = re.compile(r"[A-Za-z]{2,}")
_COMMENT = re.compile(r"#[^\n]*")
_CODE = re.compile(r"\$\$.*?\$\$|\$[^$\n]*\$|```.*?```|`[^`\n]*`", re.DOTALL)
_OF_A_WORD = 1.6  # Chinese characters
_ENOUGH = 20  # words that tell a language


def reader_language(notebook: Path) -> str | None:
    """Return the language that a notebook names as ``metadata.grader.language``, or is written in.

    None where that can't be told: text in both languages, little text, no notebook.
    """
    try:
        submission = read_notebook(notebook)
    except OSError:
        return None
    return (
        submission.reader_language
        if submission.reader_language in LANGUAGES
        else written_language(submission)
    )


def written_language(submission: Submission) -> str | None:
    """Return the language of the text cells and comments, where it is one."""
    texts = [
        cell.source if cell.kind != "code" else " ".join(_COMMENT.findall(cell.source))
        for cell in submission.cells
    ]
    text = _CODE.sub(" ", "\n".join(texts))
    chinese = len(_HAN.findall(text)) / _OF_A_WORD
    english = len(_WORD.findall(text))
    if chinese >= max(english, _ENOUGH):
        return "zh"
    return "en" if english >= _ENOUGH and not chinese else None
