"""Outputs of a kernel that keeps to no limits are cut before the grader reads or writes them."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest

from grader.core.types import LARGEST_PICTURE, LARGEST_TEXT, CellRun, OmittedOutput
from grader.run.kernel.outputs import figures, omitted_by_kernel, trim_outputs


def _shown(data: dict[str, Any], metadata: dict[str, Any]) -> nbformat.NotebookNode:
    """A notebook whose one cell shows ``data``."""
    output = nbformat.NotebookNode(output_type="display_data", data=data, metadata=metadata)
    cell = nbformat.v4.new_code_cell("show()")
    cell.outputs = [output]
    return nbformat.v4.new_notebook(cells=[cell])


def _nested(levels: int, *, in_lists: bool) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value] if in_lists else {"a": value}
    return value


@pytest.mark.parametrize("in_lists", [True, False])
@pytest.mark.parametrize("levels", [60, 400, 900, 5000])
def test_outputs_of_any_depth_can_be_written(levels: int, in_lists: bool) -> None:
    """JSON within JSON, as output or beside it, breaks no writer of notebooks."""
    deep = _nested(levels, in_lists=in_lists)
    notebook = _shown({"application/json": deep, "text/plain": "x"}, {"a": deep})
    trim_outputs(notebook.cells[0])
    assert notebook.cells[0].outputs[0].data["text/plain"] == "x"
    assert len(nbformat.writes(notebook)) < 2000


def test_ordinary_outputs_stay_as_they_are() -> None:
    """A figure's description, a few levels of JSON, is kept, and long text is cut."""
    few = {"data": [{"x": [1, 2], "marker": {"color": ["red"]}}]}
    notebook = _shown({"application/json": few, "text/plain": "y" * (LARGEST_TEXT + 5)}, {"a": few})
    trim_outputs(notebook.cells[0])
    output = notebook.cells[0].outputs[0]
    assert (output.data["application/json"], output.metadata) == (few, {"a": few})
    assert output.data["text/plain"].endswith("5 characters left out")


def test_what_is_cut_is_counted_once() -> None:
    """Long text and a large picture are counted when they are cut, and not when looked at again."""
    large = "A" * (LARGEST_PICTURE + 4)
    (cell,) = _shown({"image/png": large, "text/html": "y" * (LARGEST_TEXT + 5)}, {}).cells
    cut = OmittedOutput(
        bytes_written=LARGEST_TEXT + 5,
        bytes_kept=LARGEST_TEXT,
        pictures_dropped=1,
        largest_picture=len(large) * 3 // 4,
    )
    assert trim_outputs(cell) == (0, cut)
    assert trim_outputs(cell) == (0, OmittedOutput())
    assert "image/png" not in cell.outputs[0].data


@pytest.mark.parametrize("mime", ["image/png", "image/svg+xml", "image/gif", "application/pdf"])
def test_pictures_of_every_kind_count_alike(mime: str) -> None:
    """A picture counts whatever its kind, once, and also where it is too large to be shown."""
    for size in (100, LARGEST_PICTURE + 1):
        (cell,) = _shown({mime: "A" * size, "text/plain": "<Figure>"}, {}).cells
        shown, left_out = trim_outputs(cell)
        run = CellRun(
            index=7, status="ok", figures=shown + left_out.pictures_dropped, omitted=left_out
        )
        (figure,) = figures(cell, run)
        assert (run.figures, figure.cell) == (1, 7)
        assert bool(figure.data) == (mime == "image/png" and size == 100)


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {},
        {"grader_left_out": 5},
        {"grader_left_out": {"bytes_written": "9", "bytes_kept": None}},
    ],
)
def test_counts_that_are_none_count_nothing(said: object) -> None:
    """What a kernel says in the place of counts is not believed."""
    assert omitted_by_kernel(said) == OmittedOutput()


def test_counts_are_bounded() -> None:
    """Absurd counts of a kernel become sane ones."""
    said = {
        "grader_left_out": {
            "bytes_written": 10**400,
            "bytes_kept": -(10**400),
            "pictures_dropped": 3,
            "other": 1,
        }
    }
    assert omitted_by_kernel(said) == OmittedOutput(bytes_written=10**15, pictures_dropped=3)
