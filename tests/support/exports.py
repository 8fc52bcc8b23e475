"""``grader export`` and what it says."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from grader.cli import main
from grader.core.messages import catalogue
from grader.gradebook.export.results import ExportFile


def grader(*arguments: str | Path) -> Result:
    """The command ``grader`` within this process."""
    environment = {"COLUMNS": "100", "LC_ALL": "C.UTF-8"}
    return CliRunner().invoke(main, [*map(str, arguments)], env=environment)


def sentences(done: ExportFile) -> list[str]:
    for note in done.notes:
        catalogue("zh").render(note.message_id, **note.values)
    return [catalogue("en").render(note.message_id, **note.values) for note in done.notes]
