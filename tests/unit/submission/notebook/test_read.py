"""Reading notebook files: whatever state they are in, a submission or a sentence comes out."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

import nbformat
import pytest

from grader.core.types import Note
from grader.submission.notebook.read import read_notebook
from tests.support.notebook_texts import RELEASED, Reader, code, notebook, released, sentences


def text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": source, "metadata": {}, "id": f"t{len(source)}"}


def test_released_notebook_needs_no_mending() -> None:
    """The released notebook is read as it stands, without a remark."""
    submission = read_notebook(RELEASED)
    tree = released()
    assert (submission.file, submission.fault, submission.notes) == ("hh.ipynb", None, ())
    assert submission.sha256 == hashlib.sha256(RELEASED.read_bytes()).hexdigest()
    assert (submission.language, submission.assignment) == ("python", "hh")
    assert [cell.source for cell in submission.cells] == [
        "".join(cell["source"]) for cell in tree["cells"]
    ]
    assert [cell.id for cell in submission.cells] == [cell["id"] for cell in tree["cells"]]
    own = submission.cells[25]
    assert (own.index, own.kind, own.tags) == (25, "code", ("grader:HH",))
    assert own.heading == "Customizing ion channels"


def test_large_outputs_are_dropped(read: Reader) -> None:
    """20 MB of stored output are no problem: nothing of it is kept."""
    output = {"output_type": "stream", "name": "stdout", "text": "x" * 20_000_000}
    submission = read(notebook(code(outputs=[output])))
    assert [cell.source for cell in submission.cells] == ["x = 1"]
    assert submission.notes == ()


def test_line_ends_are_made_uniform(read: Reader) -> None:
    """CRLF around the JSON is nothing; within a cell it becomes a newline."""
    data = RELEASED.read_bytes().replace(b"\n", b"\r\n")
    assert read(data).cells == read_notebook(RELEASED).cells
    submission = read(notebook(code(["a = 1\r\n", "b = 2\r", "c = 3"])))
    assert submission.cells[0].source == "a = 1\nb = 2\nc = 3"
    assert submission.notes == (
        Note(message_id="read.mended.line_ends", values={"cells": "1"}, for_student=False),
    )


def test_ids_are_made_good(read: Reader) -> None:
    """Repeated, missing, overlong and odd ids are replaced; all end up different."""
    ids: list[Any] = ["a", "a", None, 7, "x" * 65, "b c", "", "made-6", {"a": 1}, "ok"]
    cells = [code(f"x = {number}", id=id) for number, id in enumerate(ids)]
    del cells[2]["id"]
    submission = read(notebook(*cells))
    found = [cell.id for cell in submission.cells]
    assert found == ["a", *(f"made-{number}" for number in range(1, 9)), "ok"]
    assert submission.notes == (
        Note(message_id="read.mended.ids", values={"count": 7}, for_student=False),
    )


def test_one_broken_cell_loses_no_other(read: Reader) -> None:
    """Cells in every kind of disorder keep their places, and the others are read."""
    cells: list[Any] = [
        code("a = 1"),
        None,
        "text",
        {},
        code(None),
        code(["b = 2\n", 7, "c = 3"]),
        code("d = 4", metadata=None),
        code("e = 5", metadata={"tags": "grader:HH"}),
        code("f = 6", metadata={"tags": [1, " one ", "one", None]}),
        code("g = 7", cell_type="sql"),
        code("h = 8", cell_type="Code", execution_count="3"),
        code("i = '\ud800\0'"),
        {"cell_type": "heading", "level": 10**9, "source": ["Of an\n", "old version"]},
        code("j = 9", execution_count=10**30),
    ]
    submission = read(json.dumps(notebook(*cells)))
    assert [(cell.kind, cell.source, cell.tags) for cell in submission.cells] == [
        ("code", "a = 1", ()),
        ("raw", "", ()),
        ("raw", "", ()),
        ("raw", "", ()),
        ("code", "", ()),
        ("code", "b = 2\nc = 3", ()),
        ("code", "d = 4", ()),
        ("code", "e = 5", ("grader:HH",)),
        ("code", "f = 6", ("one",)),
        ("raw", "g = 7", ()),
        ("code", "h = 8", ()),
        ("code", "i = '\ufffd'", ()),
        ("markdown", "###### Of an old version", ()),
        ("code", "j = 9", ()),
    ]
    assert {(n.message_id.rpartition(".")[2], n.values["cells"]) for n in submission.notes} == {
        ("cell", "2, 3"),
        ("kind", "4, 10"),
        ("source", "4, 5, 6"),
        ("metadata", "7"),
        ("tags", "8, 9"),
        ("characters", "12"),
    }
    assert [cell.index for cell in submission.cells] == list(range(len(cells)))


@pytest.mark.parametrize("minor", [0, 1, 2, 3, 4, 5])
def test_every_minor_version_of_nbformat_4(read: Reader, minor: int) -> None:
    """Versions before 4.5 have no cell ids; that is no fault."""
    tree = {**released(), "nbformat_minor": minor}
    if minor < 5:
        for cell in tree["cells"]:
            del cell["id"]
    submission = read(tree)
    assert (len(submission.cells), submission.notes) == (27, ())


@pytest.mark.parametrize("version", [(4, 9), (5, 0), (None, None), ("\ud800", [5]), (4, True)])
def test_newer_and_odd_versions_are_read(read: Reader, version: tuple[Any, Any]) -> None:
    """A list of cells is a notebook, whatever version it calls itself."""
    tree = {**released(), "nbformat": version[0], "nbformat_minor": version[1]}
    submission = read(json.dumps(tree))
    assert len(submission.cells) == 27
    "".join(sentences(submission)).encode()
    assert not any(note.for_student for note in submission.notes)


def test_nbformat_3_is_converted_as_nbformat_does(read: Reader) -> None:
    """An old notebook with worksheets reads as nbformat itself converts it."""
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "old"},
        "worksheets": [
            {
                "metadata": {},
                "cells": [
                    {"cell_type": "heading", "level": 2, "source": "Part\none", "metadata": {}},
                    {"cell_type": "html", "source": "<p>text", "metadata": {}},
                    {
                        "cell_type": "code",
                        "language": "python",
                        "input": ["x = 1\n", "y = 2"],
                        "prompt_number": 3,
                        "outputs": [],
                        "metadata": {},
                    },
                ],
            },
            {"cells": [{"cell_type": "markdown", "source": "end", "metadata": {}}]},
        ],
    }
    submission = read(old)
    upgraded = nbformat.convert(nbformat.reads(json.dumps(old), as_version=3), 4)
    assert [(c.kind, c.source, c.executed) for c in submission.cells] == [
        (c.cell_type, c.source, c.get("execution_count")) for c in upgraded.cells
    ]
    assert [note.message_id for note in submission.notes] == ["read.mended.old_format"]


def test_no_code_cell_is_a_fault(read: Reader) -> None:
    """A notebook of text, or of empty code cells, is nothing to grade."""
    for cells in ([text("# Mine")], [code(" \n"), text("x")], [code("x = 1", cell_type="raw")]):
        submission = read(notebook(*cells))
        assert submission.fault == Note(message_id="read.fault.no_code")


def test_order_of_running_is_compared(read: Reader) -> None:
    """Counts that go back tell the student that a run from the top may differ."""
    cells = [code("a = 1", execution_count=2), text("x"), code("b = a", execution_count=None)]
    assert read(notebook(*cells, code("c", execution_count=2))).notes == ()
    submission = read(notebook(*cells, code("c = a", execution_count=1)))
    assert [cell.executed for cell in submission.cells] == [2, None, None, 1]
    assert sentences(submission) == [
        "Cell 4 was last run before cell 1, which stands above it. We run the cells from top to "
        "bottom, so the result may differ from yours: in Jupyter, choose Kernel > Restart Kernel "
        "and Run All Cells before you hand in."
    ]


def test_headings_are_those_above(read: Reader) -> None:
    """A cell's heading is the last one above it, in any of Markdown's ways."""
    submission = read(
        notebook(
            code("a"),
            text("# One #\ntext\n## Two\n```\n# no heading\n```\n#neither"),
            code("b"),
            text("Three\n-----"),
            code("c"),
            text("<h2><b>Four</b></h2>"),
            code("d"),
            text("no heading here"),
            code("e"),
        )
    )
    assert [cell.heading for cell in submission.cells if cell.kind == "code"] == [
        "",
        "Two",
        "Three",
        "Four",
        "Four",
    ]


def test_lines_that_cannot_work_are_mended(read: Reader) -> None:
    """Code cells go through mending; Markdown cells don't."""
    submission = read(notebook(text("%pip install x"), code("%matplotlib widget\nx = 1")))
    assert [cell.source for cell in submission.cells] == [
        "%pip install x",
        "%matplotlib inline\nx = 1",
    ]
    assert [sentences(submission, language) for language in ("en", "zh")] == [
        [
            'Cell 2, line 1: "%matplotlib widget" was replaced by inline figures. There is no '
            "screen while grading; your figures are kept."
        ],
        [
            "单元格 2 第 1 行：“%matplotlib widget”已改为内嵌显示（inline）。评分时没有显示器；"
            "你的图会照常保留。"
        ],
    ]


def test_too_much_is_refused(read: Reader) -> None:
    """What would take too long to read gets a sentence as well."""
    many = read(notebook(*[code(id="a")] * 5001))
    assert many.fault == Note(
        message_id="read.fault.too_many_cells", values={"count": 5001, "limit": 5000}
    )
    long = read(notebook(code("x" * 2_000_001)))
    assert long.fault == Note(message_id="read.fault.too_much_code", values={"limit": 2_000_000})


def test_nothing_that_comes_out_is_unprintable(read: Reader) -> None:
    """Lone surrogates in any text become the replacement character."""
    tree = notebook(
        code("x = '\ud800'", metadata={"tags": ["\udfff"]}),
        text("# \ud800"),
        code("y = 1"),
        grader={"assignment": "\ud800"},
    )
    repr(read(json.dumps(tree))).encode("utf-8")
    assert read(json.dumps(tree)).assignment == "\ufffd"


def test_reading_changes_nothing_when_repeated(read: Reader) -> None:
    """The same bytes give the same submission, made ids included."""
    tree = copy.deepcopy(released())
    for cell in tree["cells"]:
        cell["id"] = "same"
    assert read(tree) == read(tree)
