"""Changing one place of a syntax tree at a time."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NodeEdits = Callable[[ast.AST], Iterable[tuple[str, ast.AST]]]
"""For a node: labels and what may stand in its place."""

Replacement = ast.AST | list[ast.stmt] | None
"""In the place of a node: another, several statements for a statement, or nothing."""

Replacements = Mapping[ast.AST, Replacement]
"""Nodes of a tree, and what stands in the place of each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutant:
    """A model made from the solution: ``cells`` maps a cell's index to its new source."""

    operator: str
    place: str
    cells: dict[int, str]
    right: bool = False
    may_be_equivalent: bool = False
    """True where the change can leave the model what it was."""
    other_scheme: bool = False
    """True if it is integrated in another way than the reference: only its field is comparable."""
    cause: str = ""
    """The id of the sentence that says what was done, where there is one."""

    @property
    def name(self) -> str:
        """The operator and the place."""
        return f"{self.operator}: {self.place}"


def replace_nodes(tree: ast.Module, replacements: Replacements) -> str:
    """Return the source of ``tree`` with other nodes in some places; ``tree`` stays as it is."""
    twin = replace_inside(tree, replacements)
    assert isinstance(twin, ast.AST)
    return ast.unparse(ast.fix_missing_locations(twin))


def replace_inside(node: ast.AST, replacements: Replacements) -> Any:
    """Return a copy of ``node`` with others in some places."""
    return _Replacer(replacements).visit(node)


class _Replacer(ast.NodeTransformer):
    """Makes nodes anew, and leaves those that it visits as they are."""

    def __init__(self, replacements: Replacements) -> None:
        self._replacements = replacements

    def visit(self, node: ast.AST) -> Any:
        """Return what stands in the place of a node, else a copy of it."""
        if node in self._replacements:
            return self._replacements[node]
        fields = {
            name: list(value) if isinstance(value, list) else value
            for name, value in ast.iter_fields(node)
        }
        return self.generic_visit(type(node)(**fields))


def edit_each_node(
    within: Iterable[ast.AST], change: NodeEdits
) -> Iterator[tuple[str, Replacements]]:
    """Yield the label of each change of each node below ``within``, and the node with its new one.

    One change at a time.
    """
    for node in itertools.chain.from_iterable(map(ast.walk, within)):
        for label, new in change(node):
            yield label, {node: new}


def methods(tree: ast.Module) -> Iterator[tuple[ast.ClassDef, ast.FunctionDef]]:
    """Every method of every class at the top of a cell."""
    for kind in tree.body:
        if isinstance(kind, ast.ClassDef):
            for method in kind.body:
                if isinstance(method, ast.FunctionDef):
                    yield kind, method


def exchange_neighbours(nodes: Sequence[ast.expr]) -> list[list[ast.expr]]:
    """Return the nodes with two neighbours exchanged, for each two of them."""
    return [
        [*nodes[:at], nodes[at + 1], nodes[at], *nodes[at + 2 :]] for at in range(len(nodes) - 1)
    ]


def short_source(node: ast.AST) -> str:
    """Return a node as short text."""
    text = ast.unparse(node)
    return text if len(text) <= 60 else text[:57] + "..."
