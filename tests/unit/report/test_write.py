"""Tests of what lies on the disk when a report was written, or wasn't."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.core import atomic
from grader.core.checksum import verify_checksum
from grader.core.types import BatchSummary
from grader.report import write
from grader.report.batch.csv_json import grades_csv
from grader.report.store.pages import PAGES, read_page
from grader.report.store.result_json import read_result
from grader.report.write import write_batch, write_report
from tests.support.project import ROOT
from tests.support.sample_reports import hostile, partly_wrong, perfect


def test_a_report_is_four_files(tmp_path: Path) -> None:
    """The four files of a report, and no drafts left beside them."""
    folder = tmp_path / "out" / "张伟 #1"
    write_report(hostile(), folder)
    assert sorted(file.name for file in folder.iterdir()) == [
        "result.html", "result.json", "result.md", "teacher.html",
    ]  # fmt: skip
    assert read_result((folder / "result.json").read_text("utf-8"))["outcome"] == "graded"


def test_result_json_is_written_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `result.json` lies, the rest is complete."""
    order: list[str] = []
    replace = atomic.os.replace

    def watched(source: Path, target: Path) -> None:
        order.append(Path(target).name)
        replace(source, target)

    monkeypatch.setattr(atomic.os, "replace", watched)
    write_report(perfect(), tmp_path)
    assert order[-1] == "result.json"
    assert len(order) == 4


@pytest.mark.parametrize("page", PAGES)
def test_a_result_knows_its_pages(tmp_path: Path, page: str) -> None:
    """Under its seal is a digest of each: one that is gone, empty or edited is none of it."""
    write_report(perfect(), tmp_path)
    result = read_result((tmp_path / "result.json").read_text("utf-8"))
    assert verify_checksum(result)
    kept, content = result["pages"], (tmp_path / page).read_bytes()
    assert read_page(tmp_path, page, kept) == content
    for other in (b"", content + b" ", content[:-1]):
        (tmp_path / page).write_bytes(other)
        assert read_page(tmp_path, page, kept) == b""
        assert read_page(tmp_path, page, "edited") == b""
    (tmp_path / page).unlink()
    assert read_page(tmp_path, page, kept) == b""


def test_a_break_leaves_no_result_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies half way leaves neither an old `result.json` nor half a file."""
    write_report(perfect(), tmp_path)
    replace = atomic.os.replace

    def failing(source: Path, target: Path) -> None:
        if Path(target).name == "teacher.html":
            raise OSError("disk full")
        replace(source, target)

    monkeypatch.setattr(atomic.os, "replace", failing)
    with pytest.raises(OSError, match="disk full"):
        write_report(partly_wrong(), tmp_path)
    names = sorted(file.name for file in tmp_path.iterdir() if file.name[0] != ".")
    assert names == ["result.html", "result.md", "teacher.html"]


def test_nothing_is_touched_if_rendering_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All files are rendered before the first is written."""
    write_report(perfect(), tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    monkeypatch.setattr(write, "teacher_html", lambda report: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_report(partly_wrong(), tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


WRITE = """
import sys
from pathlib import Path

sys.modules |= dict.fromkeys(("jax", "jaxlib", "brainpy", "matplotlib"))
from tests.support.sample_reports import partly_wrong

from grader.report.write import write_report

write_report(partly_wrong("zh"), Path(sys.argv[1]))
"""


def test_a_report_is_the_same_each_time(tmp_path: Path) -> None:
    """Another day, clock, folder and order of sets give the same bytes, without JAX and plots."""
    written = []
    for name, zone, seed in (("a", "UTC-14", "1"), ("b", "UTC+12", "2")):  # 26 hours apart
        (tmp_path / name).mkdir()
        environment = {
            **os.environ, "TZ": zone, "PYTHONHASHSEED": seed,
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        subprocess.run(
            [sys.executable, "-c", WRITE, "out"], check=True, cwd=tmp_path / name, env=environment
        )
        files = sorted((tmp_path / name / "out").iterdir())
        written.append({file.name: file.read_bytes() for file in files})
    assert len(written[0]) == 4
    assert written[0] == written[1]
    today = datetime.now(UTC).date().isoformat().encode()
    assert [name for name, content in written[0].items() if today in content] == []


def test_a_batch_is_three_files(tmp_path: Path) -> None:
    """Index, gradebook and summary; the gradebook with the mark by which Excel knows UTF-8."""
    summary = BatchSummary(
        assignment="hh", assignment_title="HH", reports=(perfect("zh"), hostile()), seconds=1.0
    )
    write_batch(summary, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "grades.csv", "index.html", "summary.json",
    ]  # fmt: skip
    assert (tmp_path / "grades.csv").read_bytes() == grades_csv(summary).encode("utf-8")
    assert (tmp_path / "grades.csv").read_bytes().startswith(b"\xef\xbb\xbf")
