"""The channels' classes in the solution's cells, and changing some or all of them at once."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from grader.authoring.verify.ast_edits import Mutant, Replacements
from grader.authoring.verify.parsed_solution import ParsedSolution
from grader.submission.notebook.ast_digest import parse

ClassChange = Callable[[ast.ClassDef], list[ast.stmt] | None]
"""For a copy of a class: what stands in its place, or None where there is nothing to change."""


def channel_class_names(solution: ParsedSolution) -> dict[str, str]:
    """Channel to the name of the notebook's class that it is made of, where it is one."""
    own = {node.name for node in class_definitions(solution)}
    made = {
        name: ast.unparse(solution.channel_calls[name].func) for name in solution.channel_statements
    }
    return {name: kind for name, kind in made.items() if kind in own}


def class_definitions(solution: ParsedSolution) -> list[ast.ClassDef]:
    """Return every class of the solution's cells."""
    nodes = [node for tree in solution.trees.values() for node in tree.body]
    return [node for node in nodes if isinstance(node, ast.ClassDef)]


def channel_classes(solution: ParsedSolution) -> dict[str, ast.ClassDef]:
    """Return the classes that channels are made of, by name."""
    used = channel_class_names(solution).values()
    return {node.name: node for node in class_definitions(solution) if node.name in used}


def equation_classes(solution: ParsedSolution) -> dict[str, ast.ClassDef]:
    """Return the classes with equations, by name: those of channels, else the graded one."""
    graded = solution.cell.class_name
    own = {node.name: node for node in class_definitions(solution) if node.name == graded}
    return channel_classes(solution) or own


def find_method(kind: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    """Return a method of a class, or None."""
    found = [n for n in kind.body if isinstance(n, ast.FunctionDef) and n.name == name]
    return found[-1] if found else None


def edit_cells(solution: ParsedSolution, edit: Callable[[ast.Module], None]) -> dict[int, str]:
    """Return the cells in which ``edit`` changes a copy of the tree, with their new source."""
    cells = {}
    for index, tree in solution.trees.items():
        twin = copy.deepcopy(tree)
        edit(twin)
        if (source := ast.unparse(ast.fix_missing_locations(twin))) != ast.unparse(tree):
            cells[index] = source
    return cells


def change_classes(
    solution: ParsedSolution, names: Collection[str], change: ClassChange
) -> dict[int, str]:
    """Return the cells in which classes of these names change, with their new source."""

    def changed(node: ast.stmt) -> list[ast.stmt]:
        new = change(node) if isinstance(node, ast.ClassDef) and node.name in names else None
        return [node] if new is None else new

    def edit(tree: ast.Module) -> None:
        tree.body = [new for node in tree.body for new in changed(node)]

    return edit_cells(solution, edit)


def mutate_classes(
    solution: ParsedSolution, operator: str, change: ClassChange, other_scheme: bool = False
) -> Iterator[Mutant]:
    """Yield a mutant for each class with equations that ``change`` alters, and one of all."""
    kinds = equation_classes(solution)
    for names in each_and_all([n for n in kinds if change_classes(solution, [n], change)]):
        yield Mutant(
            operator=operator,
            place=", ".join(names),
            cells=change_classes(solution, names, change),
            other_scheme=other_scheme,
        )


def each_and_all(names: Collection[str]) -> list[list[str]]:
    """Return each name alone, then all of them where there are several."""
    return [[name] for name in names] + ([list(names)] if len(names) > 1 else [])


def each_and_everywhere(
    solution: ParsedSolution, operator: str, parts: Sequence[tuple[str, Replacements]]
) -> Iterator[Mutant]:
    """Yield a mutant for each part, where there are several, and one with all of them."""
    for place, replacements in parts if len(parts) > 1 else ():
        yield solution.mutant(operator, place, replacements)
    if parts:
        every = {node: new for _, part in parts for node, new in part.items()}
        yield solution.mutant(operator, "everywhere", every)


def rename_classes(tree: ast.AST, names: Mapping[str, str]) -> None:
    """Give classes other names, where they are made and where they are used.

    Also in ``super(Name, self)``.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            node.name = names.get(node.name, node.name)
        elif isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)


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
