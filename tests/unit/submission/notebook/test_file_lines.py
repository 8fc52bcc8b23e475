"""Tests of `grader.submission.notebook.file_lines`: annotations stand in the file's lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grader.submission.notebook.decode import Document, decode
from grader.submission.notebook.file_lines import source_lines
from tests.support.project import ROOT

NO_NOTEBOOKS = {"empty", "login-page", "truncated"}
SAMPLES = sorted(
    file for file in (ROOT / "submissions" / "hh").glob("*.ipynb") if file.stem not in NO_NOTEBOOKS
)


def _notebook(*sources: Any) -> dict[str, Any]:
    cells = [{"cell_type": "code", "metadata": {"source": "x"}, "source": s} for s in sources]
    return {"metadata": {"cells": [1]}, "cells": cells, "nbformat": 4}


def test_each_line_of_a_source_has_its_own() -> None:
    """As Jupyter writes it: what is asked for is what the file's line holds."""
    data = json.dumps(_notebook(["a = 1\n", "\n", "b"], "one text\nof two", []), indent=1)
    lines = data.split("\n")
    first, second, third = source_lines(data.encode())
    assert [lines[number - 1].strip() for number in first] == ['"a = 1\\n",', '"\\n",', '"b"']
    assert [lines[number - 1].strip() for number in second] == ['"source": "one text\\nof two"'] * 2
    assert third == ()


def test_parts_that_are_no_lines_are_joined() -> None:
    """A line begins in the part in which its first sign stands."""
    data = json.dumps(_notebook(["a ", "= 1", "\n", "b\nc", "\r\n", 5, "d"]), indent=1)
    lines = data.split("\n")
    found = [lines[number - 1].strip() for number in source_lines(data.encode())[0]]
    assert found == ['"a ",', '"b\\nc",', '"b\\nc",', '"d"']


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_found_line_by_line(path: Any) -> None:
    """The line of the file holds the very text of the source's line, as JSON."""
    data = path.read_bytes()
    document = decode(data)
    assert isinstance(document, Document)
    sheets = [sheet["cells"] for sheet in document.tree.get("worksheets", ())]
    cells = document.tree.get("cells") or [cell for sheet in sheets for cell in sheet]
    found = source_lines(data)
    assert len(found) == len(cells)
    lines = data.decode("utf-8-sig").split("\n")
    for cell, numbers in zip(cells, found, strict=True):
        source = "".join(cell.get("source", cell.get("input", ""))).replace("\r\n", "\n")
        texts = source.removesuffix("\n").split("\n") if source else []
        assert len(numbers) == len(texts)
        for text, number in zip(texts, numbers, strict=True):
            forms = [json.dumps(text, ensure_ascii=ascii)[1:-1] for ascii in (True, False)]
            assert any(form in lines[number - 1] for form in forms)


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{", b"\x00\xff", b'{"cells": 3}', b'{"cells": [', b'{"cells"', b"[" * 9999],
)
def test_what_is_no_notebook_has_no_lines(data: bytes) -> None:
    """Nothing raises for what is in a file."""
    assert source_lines(data) == ()


def test_what_is_no_cell_keeps_its_place() -> None:
    """Cells are counted as they are read: what is no object stands for an empty one."""
    data = b'{"cells": [7, {"source": ["a"]}, {}]}'
    assert source_lines(data) == ((), (1,), ())


def test_old_notebooks_have_worksheets() -> None:
    """Format 3: cells of all worksheets in a row, sources under another name."""
    data = b'{"worksheets": [{"cells": [{"input": ["a"]}]},\n{"cells": [{"input": "b"}]}]}'
    assert source_lines(data) == ((1,), (2,))
