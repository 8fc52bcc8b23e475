"""What travels between the coordinator of a cluster and its workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grader.core.types import GradeReport
from grader.grading.cluster.messages import (
    TaskResult,
    changed_files,
    files_to_send,
    read_folder,
    write_folder,
    write_result,
)
from grader.grading.plan.next_action import Action


def test_what_goes_out_and_comes_back(tmp_path: Path) -> None:
    """A run is sent the last result alone, a judgement the evidence too; what is gone is removed.

    A result that was put aside by a writer who was killed is the last one.
    """
    folder, there = tmp_path / "here", tmp_path / "there"
    write_folder(
        {"probe.json": b"p", "executed.ipynb": b"e", "result.json": b"old", "x": b"x"}, folder
    )
    assert files_to_send(folder, Action("run")) == {"result.json": b"old"}
    sent = files_to_send(folder, Action("judge"))
    assert sent == {"probe.json": b"p", "executed.ipynb": b"e", "result.json": b"old"}
    write_folder(sent, there)
    (there / "executed.ipynb").unlink()
    (there / "probe.json").write_bytes(b"other")
    (there / "junit.xml").write_bytes(b"not of grading")
    files, gone = changed_files(there, sent)
    assert (files, gone) == ({"probe.json": b"other"}, ("executed.ipynb",))
    report: Any = GradeReport
    write_result(
        TaskResult(report=report, files={**files, "result.json": b"new"}, removed=gone), folder
    )
    assert read_folder(folder) == {"probe.json": b"other", "result.json": b"new", "x": b"x"}
    (folder / "result.json").rename(folder / ".result.json.before")
    assert files_to_send(folder, Action("run")) == {"result.json": b"new"}
