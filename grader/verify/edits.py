"""Changing one place of a syntax tree at a time."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Change = Callable[[ast.AST], Iterable[tuple[str, ast.AST | None]]]
"""For a node: labels and what may stand in its place (None: nothing)."""

New = ast.AST | list[ast.stmt] | None
"""What stands in the place of a node; several statements only for a statement."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Specimen:
    """A model made from the solution: ``cells`` maps a cell's index to its new source.

    ``may_equal`` says that the change can leave the model what it was, ``other_scheme`` that
    it is integrated in another way than the reference, so that only its field is comparable.
    ``cause`` is the id of the sentence that says what was done, where there is one.
    """

    operator: str
    place: str
    cells: dict[int, str]
    right: bool = False
    may_equal: bool = False
    other_scheme: bool = False
    cause: str = ""

    @property
    def name(self) -> str:
        """What was done, and where."""
        return f"{self.operator}: {self.place}"


class _Exchange(ast.NodeTransformer):
    def __init__(self, places: Mapping[ast.AST, New]) -> None:
        self._places = places

    def visit(self, node: ast.AST) -> Any:
        """What stands in the place of a node."""
        return self._places[node] if node in self._places else super().generic_visit(node)


def exchanged(tree: ast.Module, places: Mapping[ast.AST, New]) -> str:
    """The source of ``tree`` with other nodes in some places; ``tree`` stays as it is."""
    twin = copy.deepcopy(tree)
    own = zip(ast.walk(tree), list(ast.walk(twin)), strict=True)
    _Exchange({twin: places[node] for node, twin in own if node in places}).visit(twin)
    return ast.unparse(ast.fix_missing_locations(twin))


def with_inside(top: ast.expr, target: ast.AST, new: ast.AST) -> ast.expr:
    """A copy of the expression ``top`` with ``new`` in place of ``target``."""
    twin = copy.deepcopy(top)
    places = {
        t: new for n, t in zip(ast.walk(top), list(ast.walk(twin)), strict=True) if n is target
    }
    changed = _Exchange(places).visit(twin)
    assert isinstance(changed, ast.expr)
    return changed


def swapped(tree: ast.Module, target: ast.AST, new: ast.AST | None) -> str:
    """The source of ``tree`` with ``new`` in place of ``target``; ``tree`` stays as it is."""
    return exchanged(tree, {target: new})


def everywhere(
    tree: ast.Module, within: Iterable[ast.AST], change: Change
) -> Iterator[tuple[str, str]]:
    """``(label, source)`` for each change of each node below ``within``, one at a time."""
    for top in within:
        for node in ast.walk(top):
            for label, new in change(node):
                if new is not None or isinstance(node, ast.stmt):
                    yield label, swapped(tree, node, new)


def methods(tree: ast.Module) -> Iterator[tuple[ast.ClassDef, ast.FunctionDef]]:
    """Every method of every class at the top of a cell."""
    for kind in tree.body:
        if isinstance(kind, ast.ClassDef):
            for method in kind.body:
                if isinstance(method, ast.FunctionDef):
                    yield kind, method


def shown(node: ast.AST) -> str:
    """A node as short text."""
    text = ast.unparse(node)
    return text if len(text) <= 60 else text[:57] + "..."
