"""Classes under other names, behind a subclass, and with another of the accepted types."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import (
    New,
    Specimen,
    everywhere,
    exchanged,
    methods,
    shown,
    swapped,
)
from grader.authoring.verify.equivalents.classes import (
    Renaming,
    call,
    changed_classes,
    channel_classes,
    class_by_class,
    class_names,
    statements,
)
from grader.authoring.verify.solution import Teacher


def super_in_other_ways(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """``super(Name, self)`` made short, and ``super()`` made long."""
    for index, tree in teacher.trees.items():
        for label, source in everywhere(tree, [m for _, m in methods(tree)], _short_super):
            yield Specimen(operator="super() made short", place=label, cells={index: source})
        for kind, method in methods(tree):
            for node in filter(_is_short_super, ast.walk(method)):
                new = ast.parse(f"super({kind.name}, {method.args.args[0].arg})", mode="eval").body
                yield Specimen(
                    operator="super() made long",
                    place=shown(new),
                    cells={index: swapped(tree, node, new)},
                )


def subclassed(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """A class whose body stands in a base of its own; a channel made of an empty subclass."""
    graded = teacher.cell.class_name
    yield Specimen(
        operator="body in a base of another name",
        place=graded,
        cells=changed_classes(teacher, [graded], _split),
    )
    yield Specimen(
        operator="body in a base of another name",
        place=f"{graded}, super({graded}Body, self)",
        cells=changed_classes(teacher, [graded], lambda kind: _split(_with_long_super(kind))),
    )
    yield from class_by_class(teacher, "body in a base of another name", _split)
    names = class_names(teacher)
    wholes = [[channel] for channel in names] + ([list(names)] if len(names) > 1 else [])
    for channels in wholes:
        yield Specimen(
            operator="made of an empty subclass",
            place=", ".join(channels),
            cells={teacher.graded: _of_subclasses(teacher, channels)},
        )


def other_names(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """The classes of channels under other names."""
    kinds = list(channel_classes(teacher))
    for group in [[kind] for kind in kinds] + ([kinds] if len(kinds) > 1 else []):
        yield Specimen(
            operator="class of another name",
            place=", ".join(group),
            cells=_renamed(teacher, {kind: f"My{kind}" for kind in group}),
        )


def exchanged_names(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """Two channels' classes, each under the name of the other."""
    for one, two in itertools.combinations(channel_classes(teacher), 2):
        yield Specimen(
            operator="names of classes exchanged",
            place=f"{one} and {two}",
            cells=_renamed(teacher, {one: two, two: one}),
        )


def _short_super(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
    if _is_super(node) and node.args:
        yield shown(node), ast.Call(node.func, [], [])


def _is_super(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and shown(node.func) == "super"


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
    """The class under the name of a base, and an empty subclass under its own."""
    name = kind.name
    base = Renaming({name: f"{name}Body"}).visit(kind)
    return [base, *statements(f"class {name}({base.name}):\n    pass")]


def _of_subclasses(teacher: Teacher, channels: list[str]) -> str:
    """The graded cell with these channels made of subclasses that stand above its class."""
    names = class_names(teacher)
    made = dict.fromkeys(names[channel] for channel in channels)
    places: dict[ast.AST, New] = {
        call(teacher, channel).func: _name(f"Own{names[channel]}") for channel in channels
    }
    classes = "\n".join(f"class Own{name}({name}):\n    pass" for name in made)
    tree = teacher.trees[teacher.graded]
    return f"{classes}\n{exchanged(tree, places)}"


def _renamed(teacher: Teacher, names: Mapping[str, str]) -> dict[int, str]:
    """The cells in which these classes are made or used, with other names for them."""
    cells = {}
    for index, tree in teacher.trees.items():
        source = ast.unparse(Renaming(names).visit(copy.deepcopy(tree)))
        if source != ast.unparse(tree):
            cells[index] = source
    return cells
