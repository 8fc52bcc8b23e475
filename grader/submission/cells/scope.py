"""The classes that a notebook's cells define, and what they are built on."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from grader.submission.cells.blanks import Bindings

_Function = ast.FunctionDef | ast.AsyncFunctionDef

_MOST_HELPERS = 64
_KEPT = 256  # pieces of code


def top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run in the notebook's namespace, within ``if`` or ``try`` too."""
    stack = list(reversed(list(body)))
    while stack:
        statement = stack.pop()
        yield statement
        if isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        inner: list[ast.stmt] = []
        for name in ("body", "handlers", "orelse", "finalbody"):
            for part in getattr(statement, name, []):
                inner += part.body if isinstance(part, ast.ExceptHandler) else [part]
        stack += reversed(inner)


def classes(tree: ast.Module) -> list[ast.ClassDef]:
    """Return the classes that a cell leaves behind: of several under one name the last."""
    by_name = {node.name: node for node in top_level(tree.body) if isinstance(node, ast.ClassDef)}
    return sorted(by_name.values(), key=lambda node: node.lineno)


def assigns(tree: ast.Module, name: str) -> bool:
    """Return True if a cell assigns to ``name``, as in ``name = type(...)``."""
    return any(
        isinstance(target, ast.Name) and target.id == name
        for node in top_level(tree.body)
        if isinstance(node, ast.Assign)
        for target in node.targets
    )


class Scope:
    """The meanings of names across the cells of a notebook; all meanings of a name count."""

    def __init__(self, trees: Iterable[ast.Module]) -> None:
        self._built_on: dict[str, set[str]] = {}  # a name to its aliases and subclasses
        self._classes: dict[str, list[ast.ClassDef]] = {}
        self._functions: dict[str, list[_Function]] = {}
        self._patches: dict[str, list[ast.stmt]] = {}  # a name to ``name.attribute = ...``
        self._bindings: dict[ast.AST, Bindings] = {}
        for tree in trees:
            for node in top_level(tree.body):
                self._learn(node)

    def _learn(self, node: ast.stmt) -> None:
        if isinstance(node, ast.ClassDef):
            self._classes.setdefault(node.name, []).append(node)
            for base in node.bases:
                self._built_on.setdefault(last_name(base), set()).add(node.name)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self._functions.setdefault(node.name, []).append(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                if alias.asname:
                    original = alias.name.rpartition(".")[2]
                    self._built_on.setdefault(original, set()).add(alias.asname)
        elif isinstance(node, ast.Assign):
            value = last_name(node.value)
            for target in node.targets:
                if isinstance(target, ast.Name) and value:
                    self._built_on.setdefault(value, set()).add(target.id)
                elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                    self._patches.setdefault(target.value.id, []).append(node)

    def names_for(self, base: str) -> frozenset[str]:
        """Return ``base``, its aliases, and the names of everything built on them."""
        found, waiting = {base}, [base]
        while waiting:
            for name in self._built_on.get(waiting.pop(), ()):
                if name not in found:
                    found.add(name)
                    waiting.append(name)
        return frozenset(found)

    def bindings(self, node: ast.AST) -> Bindings:
        """Return the bindings of a piece of code; worked out once for each."""
        if node not in self._bindings:
            self._bindings[node] = _cached_bindings(node)
        return self._bindings[node]

    def helpers(self, node: ast.AST) -> list[Bindings]:
        """Return what else makes a class: the notebook's classes that it inherits from, the
        functions that it names, what is assigned to its attributes from outside.
        """
        seen, waiting = {node}, [node]
        while waiting and len(seen) <= _MOST_HELPERS:
            here = waiting.pop()
            near: list[ast.AST] = []
            if isinstance(here, ast.ClassDef):
                near += self._patches.get(here.name, ())
                for base in here.bases:
                    near += self._classes.get(last_name(base), ())
            for name in self.bindings(here).names & self._functions.keys():
                near += self._functions[name]
            fresh = [other for other in dict.fromkeys(near) if other not in seen]
            waiting += fresh[:_MOST_HELPERS]
            seen.update(fresh[:_MOST_HELPERS])
        return [self.bindings(other) for other in seen if other is not node]


@lru_cache(_KEPT)
def _cached_bindings(node: ast.AST) -> Bindings:
    """Kept for the cells that the next notebook has too: `parse` gives those the same trees."""
    return Bindings(node)


def last_name(node: ast.expr) -> str:
    """``C`` of ``a.b.C`` or ``C[int]``; empty for what is no name."""
    while isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
