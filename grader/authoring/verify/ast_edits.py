"""Changing one place of a syntax tree at a time."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
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
    """Return ``node`` with others in some places: made anew where something below it changes."""
    if node in replacements:
        return replacements[node]
    changed: dict[str, Any] = {}
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            if (new := replace_inside(value, replacements)) is not value:
                changed[name] = new
        elif isinstance(value, list):
            parts = [
                replace_inside(part, replacements) if isinstance(part, ast.AST) else part
                for part in value
            ]
            if any(new is not part for new, part in zip(parts, value, strict=True)):
                several = zip(parts, value, strict=True)
                changed[name] = [one for new, part in several for one in _instead(new, part)]
    if not changed:
        return node
    twin = copy.copy(node)
    for name, value in changed.items():
        setattr(twin, name, value)
    return twin


def _instead(new: Any, part: object) -> list[Any]:
    """Return what stands for a part of a list; a None that was there stays."""
    if new is None and isinstance(part, ast.AST):
        return []
    return new if isinstance(new, list) else [new]


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


def short_source(node: ast.AST) -> str:
    """Return a node as short text."""
    text = ast.unparse(node)
    return text if len(text) <= 60 else text[:57] + "..."
