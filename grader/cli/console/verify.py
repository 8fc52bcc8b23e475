"""A matrix in a terminal."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table
from rich.text import Text

from grader.authoring.verify.matrix import Matrix
from grader.authoring.verify.report_html import (
    explain_fault,
    labels_summary,
    margin_table,
    operator_table,
    summary,
)
from grader.authoring.verify.samples import SampleAgreement
from grader.cli.console.progress import terminal
from grader.core.messages import catalogue


def show_matrix(matrix: Matrix, labelled: SampleAgreement, page: Path, language: str) -> None:
    """Show what ``grader verify`` found: by operator, then margins, then what is false."""
    messages, console = catalogue(language), terminal()
    operators = operator_table(matrix, language, narrow=True)
    for content in (operators, margin_table(matrix, language, derived=False)):
        table = Table(title=content.heading, title_justify="left", box=None, padding=(0, 2, 0, 0))
        for number, head in enumerate(content.head):
            table.add_column(
                head, justify="left" if number in content.words else "right", overflow="fold"
            )
        for row in content.rows:
            table.add_row(*map(Text, row))
        console.print(table)
        console.print()
    for fault in matrix.faults():
        console.print(Text(f"{fault.mutant.name}: {explain_fault(fault, messages)}", style="red"))
    for file, ways in labelled.disagreements.items():
        console.print(Text(f"{file}: {'; '.join(ways)}", style="red"))
    for sentence, is_bad in (
        (labels_summary(labelled, language), labelled.disagreements),
        (summary(matrix, language), matrix.faults()),
    ):
        console.print(Text(sentence, style="bold red" if is_bad else "bold green"))
    console.print(messages.render("verify.where", page=str(page)))
