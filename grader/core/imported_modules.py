"""The modules of a package that a process imports, read from their sources without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path


def imported_by(entries: Iterable[str], package: Path) -> frozenset[Path]:
    """Return the source files that a process imports which starts with one of ``entries``.

    An entry is the dotted name of a module, or of a package all of whose modules are entries.
    Imports within functions count, for they may run; those that only type checkers read do not.
    ``package`` is the folder of the one package whose files are followed. Raises ``KeyError``
    for an entry that is not there.
    """
    files = {_name(file, package): file for file in package.rglob("*.py")}
    todo = []
    for entry in entries:
        if entry not in files:
            raise KeyError(entry)
        todo += [name for name in files if name == entry or name.startswith(f"{entry}.")]
    found: dict[str, Path] = {}
    while todo:
        name = todo.pop()
        if name in files and name not in found:
            found[name] = files[name]
            todo += _imports(name, files[name])
            todo.append(name.rpartition(".")[0])  # Python runs a module's package first
    return frozenset(found.values())


def _name(file: Path, package: Path) -> str:
    """Return the dotted name of a source file."""
    parts = file.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(name: str, file: Path) -> Iterator[str]:
    """Yield every name that a module may import: of modules, and of what is in them."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    todo: list[ast.AST] = [ast.parse(file.read_bytes())]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package.split(".")[: 1 - node.level or None] if node.level else []
            module = ".".join([*start, *filter(None, [node.module])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            todo += node.orelse
        elif isinstance(node, ast.stmt | ast.Module | ast.excepthandler | ast.match_case):
            todo += ast.iter_child_nodes(node)
