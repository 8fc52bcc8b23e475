"""The definitions in a notebook that may be an exercise's, and how well each fits."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from grader.assignment.schema import Exercise
from grader.core.types import Blank, Cell
from grader.submission.cells.blanks import blanks_in_text, find_blanks
from grader.submission.cells.handout import ReleasedCell, ReleasedNotebook
from grader.submission.cells.scope import Scope, assigns, classes, last_name
from grader.submission.notebook.ast_digest import parse, source_digest, tree_digest

_MOST_CANDIDATES = 64  # classes of a cell that are looked into; of more, the last ones
_CLASS_IN_TEXT = re.compile(r"(?m)^[ \t]*class[ \t]+(\w+)[ \t]*(?:\(([^()\n]*)\))?")


@dataclass(frozen=True, slots=True)
class CodeCell:
    """A code cell and what it says; ``tree`` is None when it can't be parsed."""

    cell: Cell
    tree: ast.Module | None
    digest: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A class, or a whole cell without one, with the exercise's blanks in it."""

    index: int
    class_name: str
    name_matches: bool
    """True under the name that the exercise asks for."""
    base_matches: bool
    """True on the base that the exercise asks for."""
    blanks: tuple[Blank, ...]
    filled: bool
    """True with at least one blank filled."""

    @property
    def rank(self) -> int:
        """The fit's rank: the base counts most, then what is filled in, then the name.

        0 means not at all.
        """
        mentions = any(blank.filled or blank.line is not None for blank in self.blanks)
        fits = (
            self.base_matches and self.filled and self.name_matches,
            self.base_matches and self.filled,
            self.base_matches and self.name_matches,
            self.name_matches and self.filled,
            self.name_matches,
            self.base_matches and mentions,
        )
        return len(fits) - fits.index(True) if any(fits) else 0


def parse_code_cell(cell: Cell) -> CodeCell:
    """Return a code cell, parsed once."""
    return CodeCell(cell, parse(cell.source), source_digest(cell.source))


class ClassFinder:
    """Finds the candidates for one exercise in the cells of one notebook.

    ``codes`` are all code cells, ``students`` those that may count.
    """

    def __init__(
        self,
        exercise: Exercise,
        codes: Iterable[CodeCell],
        students: Iterable[CodeCell],
        start: ReleasedNotebook,
    ) -> None:
        self._exercise = exercise
        self._names = exercise.blank_names
        everything = Scope(code.tree for code in codes if code.tree)
        trees = [code.tree for code in students if code.tree]
        self._bases = everything.names_for(exercise.base)
        self._scope = Scope(trees)
        self._vocabulary = frozenset[str]().union(*(self._scope.bindings(t).words for t in trees))
        own = start.exercise_cells(exercise.tag)
        self._template_classes = _class_digests(own)
        others = start.other_cells(exercise.tag)
        self._given_classes = _class_digests(others) - self._template_classes
        self._template_statements = frozenset[str]().union(*(c.statements for c in own))

    def candidates(self, code: CodeCell) -> list[Candidate]:
        """Return the candidates of a cell that fit at all, in the order of its source."""
        return [candidate for candidate in self._all(code) if candidate.rank]

    def defines(self, code: CodeCell) -> bool:
        """Return True if a cell defines the class at all, given or not."""
        return any(candidate.rank for candidate in self._all(code, with_given=True))

    def best(self, code: CodeCell) -> Candidate:
        """Return the best candidate of a cell known to be the exercise's, whatever it holds."""
        found = self._all(code) or [self._whole_cell(code)]
        best = max(reversed(found), key=lambda candidate: (candidate.rank, candidate.filled))
        return best if best.rank or best.filled else self._whole_cell(code)

    def _all(self, code: CodeCell, with_given: bool = False) -> list[Candidate]:
        if code.tree is None:
            return self._in_text(code)
        found = []
        for node in classes(code.tree)[-_MOST_CANDIDATES:]:
            digest = tree_digest(node)
            if with_given or digest not in self._given_classes:
                asked = any(last_name(base) in self._bases for base in node.bases)
                found.append(self._candidate(code, node, node.name, asked, digest))
        return found

    def _candidate(
        self, code: CodeCell, node: ast.AST, name: str, asked: bool, digest: str
    ) -> Candidate:
        own = self._scope.bindings(node)
        helpers = self._scope.helpers(node)
        found = find_blanks(own, self._names, helpers, self._vocabulary, self._template_statements)
        return self._build(code, name, asked, found, filled=digest not in self._template_classes)

    def _whole_cell(self, code: CodeCell) -> Candidate:
        """Return a cell without a fitting class: unparsable, or one that makes it by a call."""
        name = self._exercise.class_name
        if code.tree is None:
            found = blanks_in_text(code.cell.source, self._names)
            return self._build(code, name, False, found, filled=bool(code.cell.source.strip()))
        if assigns(code.tree, name):
            return self._candidate(code, code.tree, name, False, "")
        found = tuple(Blank(name=name, filled=False) for name in self._names)
        return self._build(code, name, False, found, filled=False)

    def _in_text(self, code: CodeCell) -> list[Candidate]:
        """Return the classes of a cell that can't be parsed, from what its lines look like."""
        source = code.cell.source
        matches = list(_CLASS_IN_TEXT.finditer(source))[-_MOST_CANDIDATES:]
        starts = [match.start() for match in matches] + [len(source)]
        by_name = {}
        for match, end in zip(matches, starts[1:], strict=True):
            bases = {base.strip().rpartition(".")[2] for base in (match[2] or "").split(",")}
            above = "\n" * source.count("\n", 0, match.start())
            found = blanks_in_text(above + source[match.start() : end], self._names)
            asked = bool(bases & self._bases)
            by_name[match[1]] = self._build(code, match[1], asked, found, filled=True)
        return list(by_name.values())

    def _build(
        self, code: CodeCell, name: str, asked: bool, found: tuple[Blank, ...], filled: bool
    ) -> Candidate:
        """Return a candidate. Without blanks to fill, ``filled`` says whether it is no template."""
        return Candidate(
            index=code.cell.index,
            class_name=name,
            name_matches=name == self._exercise.class_name,
            base_matches=asked,
            blanks=found,
            filled=any(blank.filled for blank in found) if self._names else filled,
        )


def _class_digests(cells: Iterable[ReleasedCell]) -> frozenset[str]:
    return frozenset(digest for cell in cells for digest in cell.class_digests)
