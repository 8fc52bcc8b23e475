"""The cells in which a run may stand that an exercise asks for."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.assignment.schema import Exercise
from grader.core.types import Blank
from grader.submission.cells.blanks import blanks_in_text, is_blank
from grader.submission.cells.candidates import Candidate, CodeCell
from grader.submission.cells.scope import top_level


class RunFinder:
    """Finds the candidates for a run: cells that give its variable a value.

    One that has the names of all records in it comes first. It is asked what a ``ClassFinder`` is.
    """

    def __init__(self, exercise: Exercise) -> None:
        self._exercise = exercise

    def candidates(self, code: CodeCell) -> list[Candidate]:
        """Return the cell itself, if it treats the variable as something to be given a value."""
        return [self.best(code)] if self.defines(code) else []

    def defines(self, code: CodeCell) -> bool:
        """Return True if a cell gives the variable a value, be it none yet."""
        return self._blank(code).line is not None

    def best(self, code: CodeCell) -> Candidate:
        """Return the cell as a candidate, whatever it holds."""
        variable, blank = self._exercise.variable, self._blank(code)
        return Candidate(
            index=code.cell.index,
            class_name=variable,
            name_matches=all(name in code.cell.source for name in self._exercise.monitors),
            base_matches=blank.line is not None,
            blanks=(blank,),
            filled=blank.filled,
        )

    def _blank(self, code: CodeCell) -> Blank:
        variable = self._exercise.variable
        if code.tree is None:
            return blanks_in_text(code.cell.source, [variable])[0]
        given = list(_assignments_to(code.tree, variable))
        filled = [line for line, value in given if not is_blank(value)]
        line = next(iter(filled or [line for line, _ in given]), None)
        return Blank(name=variable, filled=bool(filled), line=line)


def _assignments_to(tree: ast.Module, name: str) -> Iterator[tuple[int, ast.expr | None]]:
    """Yield the lines in which a cell assigns to ``name``, and what it is given there."""
    for node in top_level(tree.body):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = [part for target in targets for part in ast.walk(target)]
            if any(_is_target(part, name) for part in parts):
                yield node.lineno, node.value


def _is_target(part: ast.AST, name: str) -> bool:
    return isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Store)
