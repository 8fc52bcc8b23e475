"""The channels' classes in the solution's cells, and changing some or all of them at once."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Collection, Iterator, Mapping

from grader.authoring.verify.ast_edits import New, Specimen, exchanged
from grader.authoring.verify.solution import Teacher
from grader.submission.notebook.ast_digest import parse

ClassChange = Callable[[ast.ClassDef], list[ast.stmt] | None]
"""For a copy of a class: what stands in its place, or None where there is nothing to change."""


def class_names(teacher: Teacher) -> dict[str, str]:
    """Channel to the name of the notebook's class that it is made of, where it is one."""
    own = {node.name for _, node in definitions(teacher)}
    made = {name: ast.unparse(call(teacher, name).func) for name in teacher.calls}
    return {name: kind for name, kind in made.items() if kind in own}


def definitions(teacher: Teacher) -> Iterator[tuple[int, ast.ClassDef]]:
    """Every class of the solution's cells, with the index of its cell."""
    for index, tree in teacher.trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                yield index, node


def channel_classes(teacher: Teacher) -> dict[str, ast.ClassDef]:
    """The classes that channels are made of, by name."""
    used = class_names(teacher).values()
    return {node.name: node for _, node in definitions(teacher) if node.name in used}


def equation_classes(teacher: Teacher) -> dict[str, ast.ClassDef]:
    """The classes with equations, by name: those of channels, else the graded one."""
    graded = teacher.cell.class_name
    own = {node.name: node for _, node in definitions(teacher) if node.name == graded}
    return channel_classes(teacher) or own


def call(teacher: Teacher, channel: str) -> ast.Call:
    """The call that makes a channel."""
    return teacher.made[channel]


def method(kind: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    """A method of a class, or None."""
    found = [n for n in kind.body if isinstance(n, ast.FunctionDef) and n.name == name]
    return found[-1] if found else None


def changed_classes(
    teacher: Teacher, names: Collection[str], change: ClassChange
) -> dict[int, str]:
    """The cells with every class of these names changed; those that stay as they are left out."""
    cells = {}
    for index, tree in teacher.trees.items():
        body: list[ast.stmt] = []
        for node in copy.deepcopy(tree).body:
            new = None
            if isinstance(node, ast.ClassDef) and node.name in names:
                new = change(node)
            body += [node] if new is None else new
        twin = ast.fix_missing_locations(ast.Module(body, []))
        if (source := ast.unparse(twin)) != ast.unparse(tree):
            cells[index] = source
    return cells


def class_by_class(
    teacher: Teacher, operator: str, change: ClassChange, other_scheme: bool = False
) -> Iterator[Specimen]:
    """A specimen for each class with equations that ``change`` alters, and one with all of them."""

    def specimen(names: list[str], cells: dict[int, str]) -> Specimen:
        place = ", ".join(names)
        return Specimen(operator=operator, place=place, cells=cells, other_scheme=other_scheme)

    changed = []
    for name in equation_classes(teacher):
        if cells := changed_classes(teacher, [name], change):
            changed.append(name)
            yield specimen([name], cells)
    if len(changed) > 1:
        yield specimen(changed, changed_classes(teacher, changed, change))


class Renaming(ast.NodeTransformer):
    """Gives classes other names, where they are made and where they are used."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """A definition."""
        node.name = self._names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A use, also in ``super(Name, self)``."""
        return ast.copy_location(ast.Name(self._names.get(node.id, node.id), node.ctx), node)


def modules(teacher: Teacher) -> dict[str, str]:
    """What the notebook calls each module that it imports above the graded cell."""
    names: dict[str, str] = {}
    for cell in teacher.submission.cells[: teacher.graded + 1]:
        tree = parse(cell.source) if cell.kind == "code" else None
        for node in [] if tree is None else ast.walk(tree):
            if isinstance(node, ast.Import):
                whole = [a for a in node.names if a.asname or "." not in a.name]
                names |= {a.name: a.asname or a.name for a in whole}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names |= {f"{node.module}.{a.name}": a.asname or a.name for a in node.names}
    return names


def statements(source: str) -> list[ast.stmt]:
    """Python text as statements."""
    return ast.parse(source).body


def edited(teacher: Teacher, places: Mapping[ast.AST, New]) -> dict[int, str]:
    """The cells with these nodes changed; those that hold none of them left out."""
    return {
        index: exchanged(tree, places)
        for index, tree in teacher.trees.items()
        if not places.keys().isdisjoint(ast.walk(tree))
    }
