"""Reports onto the disk: whole files or none, ``result.json`` last."""

from __future__ import annotations

import os
from pathlib import Path

from grader.core.atomic import write_atomic
from grader.core.types import BatchSummary, GradeReport
from grader.report.batch import changes
from grader.report.batch.csv_json import grades_csv, summary_json
from grader.report.batch.index_html import index_html
from grader.report.page.html import student_html, teacher_html
from grader.report.page.markdown import student_markdown
from grader.report.store.pages import digests_of
from grader.report.store.read import PREVIOUS_FILE, RESULT_FILE
from grader.report.store.result_json import result_json


def write_report(report: GradeReport, folder: Path) -> None:
    """Write one submission's reports into ``folder``, which is made if need be.

    All are rendered before the first is written. ``result.json`` is put aside
    first and written last, with a digest of each of the others: by these a reader
    sees that they are whole and belong to it.
    """
    pages = {
        "result.html": student_html(report).encode("utf-8"),
        "result.md": student_markdown(report).encode("utf-8"),
        "teacher.html": teacher_html(report).encode("utf-8"),
    }
    result = result_json(report, digests_of(pages)).encode("utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / RESULT_FILE).exists():
        os.replace(folder / RESULT_FILE, folder / PREVIOUS_FILE)
    for name, content in {**pages, RESULT_FILE: result}.items():
        write_atomic(folder / name, content)
    (folder / PREVIOUS_FILE).unlink(missing_ok=True)


def write_batch(summary: BatchSummary, out: Path) -> None:
    """Write a batch's own files into ``out``: index, gradebook, and last the summary.

    Where a mark has changed in this folder, how is written too. The reports of its
    submissions are written one by one, by ``write_report``.
    """
    texts = {
        "index.html": index_html(summary),
        "grades.csv": grades_csv(summary),
        "summary.json": summary_json(summary),
    }
    out.mkdir(parents=True, exist_ok=True)
    if changed := changes.changes_csv(summary.reports):
        write_atomic(out / changes.FILE, changed.encode("utf-8"))
    else:
        (out / changes.FILE).unlink(missing_ok=True)  # of another batch
    for name, text in texts.items():
        write_atomic(out / name, text.encode("utf-8"))
