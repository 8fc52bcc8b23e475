"""Stored results as CI systems and autograders read them: one way for ``grade`` and ``export``.

What a file says is made of ``result.json`` and ``result.md``, so it is the same right
after grading and a week later.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from grader.core.atomic import write_atomic
from grader.gradebook.export.fill_column import mark_notes
from grader.gradebook.export.results import (
    ExportError,
    ExportFile,
    GradedSubmission,
    MarkSheet,
    name_notes,
    read_mark_sheet,
)
from grader.report.formats import FORMATS, Feedback
from grader.report.page.build import student_page
from grader.report.store.pages import read_page
from grader.report.store.read import stored_report
from grader.report.store.result_json import ResultError, read_result
from grader.submission.notebook.file_lines import source_lines

_MOST_FILES = 20_000  # looked at for a notebook of the same name
_NOT_THERE = ("node_modules", "__pycache__")


def write_formats(names: Iterable[str], out: Path, notebooks: Mapping[str, Sequence[Path]]) -> None:
    """Write the files of these formats into ``out``: a batch's, or one in each submission's folder.

    ``notebooks`` says where each submission's notebook may lie; annotations name those in or
    below the working folder. Raises ``ExportError``.
    """
    if not (formats := {name: FORMATS[name] for name in names}):
        return  # to read every result for nothing would take as long as to judge it
    batch = read_mark_sheet(out)
    feedbacks = {each.id: made for each, made in _feedbacks(batch.submissions, notebooks)}
    for format in formats.values():
        if format.per_submission:
            for id, feedback in feedbacks.items():
                write_atomic(out / id / format.file, _bytes(format.write([feedback])))
        else:
            write_atomic(out / format.file, _bytes(format.write([*feedbacks.values()])))


def render_format(name: str, batch: MarkSheet, submission: str | None, below: Path) -> ExportFile:
    """Render the file of one format, of the whole batch or of one ``submission``.

    Notebooks are looked for in and below the folder ``below``. Raises ``ExportError``.
    """
    wanted = [each for each in batch.submissions if submission in (None, each.id)]
    if not wanted:
        ids = ", ".join(each.id for each in batch.submissions[:12])
        raise ExportError("submission", id=str(submission), ids=ids)
    if FORMATS[name].per_submission and len(wanted) > 1:
        ids = ", ".join(each.id for each in wanted[:12])
        raise ExportError("alone", format=name, count=len(wanted), ids=ids)
    made = [*_feedbacks(wanted, _found(wanted, below) if name == "github" else {})]
    if not made and FORMATS[name].per_submission:
        if _without(wanted, made):
            raise ExportError("no_page")
        raise ExportError("no_result", id=wanted[0].id)
    return ExportFile(
        content=_bytes(FORMATS[name].write([feedback for _, feedback in made])),
        count=len(made),
        notes=(*mark_notes(wanted), *name_notes("no_page", _without(wanted, made))),
        is_complete=len(made) == len(wanted),
    )


def _without(
    wanted: Iterable[GradedSubmission], made: Iterable[tuple[GradedSubmission, Feedback]]
) -> list[str]:
    """Name those who have a result, but no page that is whole."""
    there = {each.id for each, _ in made}
    return [each.id for each in wanted if each.outcome != "missing" and each.id not in there]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _feedbacks(
    submissions: Iterable[GradedSubmission], notebooks: Mapping[str, Sequence[Path]]
) -> Iterable[tuple[GradedSubmission, Feedback]]:
    """Read what the students may see of their results; those without one are left out."""
    for each in submissions:
        try:
            result = read_result((each.folder / "result.json").read_text("utf-8"))
            text = read_page(each.folder, "result.md", result.get("pages")).decode("utf-8")
        except (OSError, UnicodeDecodeError, ResultError):
            continue
        if not text:
            continue
        page = student_page(stored_report(result))
        path, lines = _place(notebooks.get(each.id, ()), result["submission"]["sha256"])
        yield each, Feedback(page=page, text=text, path=path, lines=lines)


def _place(candidates: Iterable[Path], sha256: str) -> tuple[str, tuple[tuple[int, ...], ...]]:
    """Find the notebook that was graded, from the working folder, and its lines.

    It is told by its bytes; nothing is said of one that was changed, or lies elsewhere.
    """
    here = Path.cwd().resolve()
    for candidate in candidates:
        try:
            path = candidate.resolve().relative_to(here).as_posix()
            data = candidate.read_bytes()
        except (OSError, ValueError):
            continue
        if hashlib.sha256(data).hexdigest() == sha256:
            return path, source_lines(data)
    return "", ()


def _found(submissions: Sequence[GradedSubmission], below: Path) -> dict[str, list[Path]]:
    """For each submission the files of its notebook's name in and below a folder."""
    by_name: dict[str, list[Path]] = {each.file: [] for each in submissions if each.file}
    seen = 0
    for folder, inner, files in os.walk(below):
        inner[:] = sorted(n for n in inner if not n.startswith(".") and n not in _NOT_THERE)
        seen += len(files)
        for name in sorted(by_name.keys() & files):
            by_name[name].append(Path(folder) / name)
        if seen > _MOST_FILES:
            break
    return {each.id: by_name.get(each.file, []) for each in submissions}
