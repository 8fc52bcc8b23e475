"""What a kernel puts out is held down before anything of ours reads or writes it."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest

from grader.run.outputs import MAX_TEXT, tame


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
    tame(notebook.cells[0])
    assert notebook.cells[0].outputs[0].data["text/plain"] == "x"
    assert len(nbformat.writes(notebook)) < 2000


def test_ordinary_outputs_stay_as_they_are() -> None:
    """A figure's description, a few levels of JSON, is kept, and long text is cut."""
    few = {"data": [{"x": [1, 2], "marker": {"color": ["red"]}}]}
    notebook = _shown({"application/json": few, "text/plain": "y" * (MAX_TEXT + 5)}, {"a": few})
    tame(notebook.cells[0])
    output = notebook.cells[0].outputs[0]
    assert (output.data["application/json"], output.metadata) == (few, {"a": few})
    assert output.data["text/plain"].endswith("5 characters left out")
