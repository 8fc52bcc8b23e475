"""The channels' classes in the solution's cells, and changing some or all of them at once."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Collection, Iterator, Mapping

from grader.authoring.verify.ast_edits import Mutant, Replacement, replace_nodes
from grader.authoring.verify.parsed_solution import ParsedSolution
from grader.submission.notebook.ast_digest import parse

ClassChange = Callable[[ast.ClassDef], list[ast.stmt] | None]
"""For a copy of a class: what stands in its place, or None where there is nothing to change."""


def channel_class_names(solution: ParsedSolution) -> dict[str, str]:
    """Channel to the name of the notebook's class that it is made of, where it is one."""
    own = {node.name for _, node in class_definitions(solution)}
    made = {
        name: ast.unparse(channel_call(solution, name).func) for name in solution.channel_statements
    }
    return {name: kind for name, kind in made.items() if kind in own}


def class_definitions(solution: ParsedSolution) -> Iterator[tuple[int, ast.ClassDef]]:
    """Every class of the solution's cells, with the index of its cell."""
    for index, tree in solution.trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                yield index, node


def channel_classes(solution: ParsedSolution) -> dict[str, ast.ClassDef]:
    """Return the classes that channels are made of, by name."""
    used = channel_class_names(solution).values()
    return {node.name: node for _, node in class_definitions(solution) if node.name in used}


def equation_classes(solution: ParsedSolution) -> dict[str, ast.ClassDef]:
    """Return the classes with equations, by name: those of channels, else the graded one."""
    graded = solution.cell.class_name
    own = {node.name: node for _, node in class_definitions(solution) if node.name == graded}
    return channel_classes(solution) or own


def channel_call(solution: ParsedSolution, channel: str) -> ast.Call:
    """Return the call that makes a channel."""
    return solution.channel_calls[channel]


def find_method(kind: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    """Return a method of a class, or None."""
    found = [n for n in kind.body if isinstance(n, ast.FunctionDef) and n.name == name]
    return found[-1] if found else None


def change_classes(
    solution: ParsedSolution, names: Collection[str], change: ClassChange
) -> dict[int, str]:
    """Return the cells in which classes of these names change, with their new source."""
    cells = {}
    for index, tree in solution.trees.items():
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


def mutate_classes(
    solution: ParsedSolution, operator: str, change: ClassChange, other_scheme: bool = False
) -> Iterator[Mutant]:
    """Yield a mutant for each class with equations that ``change`` alters, and one of all."""

    def mutant(names: list[str], cells: dict[int, str]) -> Mutant:
        place = ", ".join(names)
        return Mutant(operator=operator, place=place, cells=cells, other_scheme=other_scheme)

    changed = []
    for name in equation_classes(solution):
        if cells := change_classes(solution, [name], change):
            changed.append(name)
            yield mutant([name], cells)
    if len(changed) > 1:
        yield mutant(changed, change_classes(solution, changed, change))


class ClassRenamer(ast.NodeTransformer):
    """Gives classes other names, where they are made and where they are used."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Return a definition."""
        node.name = self._names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Return a use, also in ``super(Name, self)``."""
        return ast.copy_location(ast.Name(self._names.get(node.id, node.id), node.ctx), node)


def module_names(solution: ParsedSolution) -> dict[str, str]:
    """Return what the notebook calls each module that it imports above the graded cell."""
    names: dict[str, str] = {}
    for cell in solution.submission.cells[: solution.graded_index + 1]:
        tree = parse(cell.source) if cell.kind == "code" else None
        for node in [] if tree is None else ast.walk(tree):
            if isinstance(node, ast.Import):
                whole = [a for a in node.names if a.asname or "." not in a.name]
                names |= {a.name: a.asname or a.name for a in whole}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names |= {f"{node.module}.{a.name}": a.asname or a.name for a in node.names}
    return names


def parse_statements(source: str) -> list[ast.stmt]:
    """Python text as statements."""
    return ast.parse(source).body


def edit_cells(solution: ParsedSolution, places: Mapping[ast.AST, Replacement]) -> dict[int, str]:
    """Return the cells with these nodes changed; those that hold none of them left out."""
    return {
        index: replace_nodes(tree, places)
        for index, tree in solution.trees.items()
        if not places.keys().isdisjoint(ast.walk(tree))
    }
