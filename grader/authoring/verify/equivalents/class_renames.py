"""Classes under other names, behind a subclass, and with another of the accepted types."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import (
    Mutant,
    Replacements,
    edit_each_node,
    methods,
    replace_nodes,
    short_source,
)
from grader.authoring.verify.equivalents.class_edits import (
    change_classes,
    channel_class_names,
    channel_classes,
    each_and_all,
    edit_cells,
    mutate_classes,
    parse_statements,
    rename_classes,
)
from grader.authoring.verify.parsed_solution import ParsedSolution


def super_in_other_ways(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """``super(Name, self)`` made short, and ``super()`` made long."""
    for tree in solution.trees.values():
        for label, changes in edit_each_node([m for _, m in methods(tree)], _short_super):
            yield solution.mutant("super() made short", label, changes)
        for kind, method in methods(tree):
            for node in filter(_is_short_super, ast.walk(method)):
                new = ast.parse(f"super({kind.name}, {method.args.args[0].arg})", mode="eval").body
                yield solution.mutant("super() made long", short_source(new), {node: new})


def subclassed(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Yield a class whose body stands in a base of its own; a channel made of an empty subclass."""
    graded = solution.cell.class_name
    yield Mutant(
        operator="body in a base of another name",
        place=graded,
        cells=change_classes(solution, [graded], _split),
    )
    yield Mutant(
        operator="body in a base of another name",
        place=f"{graded}, super({graded}Body, self)",
        cells=change_classes(solution, [graded], lambda kind: _split(_with_long_super(kind))),
    )
    yield from mutate_classes(solution, "body in a base of another name", _split)
    for channels in each_and_all(channel_class_names(solution)):
        yield Mutant(
            operator="made of an empty subclass",
            place=", ".join(channels),
            cells={solution.graded_index: _of_subclasses(solution, channels)},
        )


def renamed_classes(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Yield the classes of channels under other names."""
    for group in each_and_all(channel_classes(solution)):
        yield Mutant(
            operator="class of another name",
            place=", ".join(group),
            cells=_renamed(solution, {kind: f"My{kind}" for kind in group}),
        )


def exchanged_class_names(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Two channels' classes, each under the name of the other."""
    for one, two in itertools.combinations(channel_classes(solution), 2):
        yield Mutant(
            operator="names of classes exchanged",
            place=f"{one} and {two}",
            cells=_renamed(solution, {one: two, two: one}),
        )


def _short_super(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
    if _is_super(node) and node.args:
        yield short_source(node), ast.Call(node.func, [], [])


def _is_super(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and short_source(node.func) == "super"


def _is_short_super(node: ast.AST) -> TypeGuard[ast.Call]:
    return _is_super(node) and not node.args


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _with_long_super(kind: ast.ClassDef) -> ast.ClassDef:
    """``kind`` with ``super(Name, self)`` for each ``super()``, changed in place."""
    for node in filter(_is_short_super, ast.walk(kind)):
        node.args = [_name(kind.name), _name("self")]
    return kind


def _split(kind: ast.ClassDef) -> list[ast.stmt]:
    """Return the class under the name of a base, and an empty subclass under its own."""
    name = kind.name
    rename_classes(kind, {name: f"{name}Body"})
    return [kind, *parse_statements(f"class {name}({kind.name}):\n    pass")]


def _of_subclasses(solution: ParsedSolution, channels: list[str]) -> str:
    """Return the graded cell with these channels made of subclasses that stand above its class."""
    names = channel_class_names(solution)
    made = dict.fromkeys(names[channel] for channel in channels)
    places: Replacements = {
        solution.channel_calls[channel].func: _name(f"Own{names[channel]}") for channel in channels
    }
    classes = "\n".join(f"class Own{name}({name}):\n    pass" for name in made)
    return f"{classes}\n{replace_nodes(solution.graded_tree, places)}"


def _renamed(solution: ParsedSolution, names: Mapping[str, str]) -> dict[int, str]:
    """Return the cells in which these classes are made or used, with other names for them."""
    return edit_cells(solution, lambda tree: rename_classes(tree, names))
