"""Find the blanks of an exercise and read from the source if they are filled.

Generous on purpose: a right answer must never be called unfilled. What a model
really holds is seen later, in the kernel.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from grader.core.types import Blank
from grader.submission.notebook.ast_digest import is_docstring, tree_digest

_BoundNames = Iterator[tuple[str, ast.expr | None]]
_Function = ast.FunctionDef | ast.AsyncFunctionDef

_NAMESPACES = frozenset({"__dict__", "vars", "locals", "globals", "exec", "eval"})
_SETTERS = frozenset({"setattr", "__setattr__"})
_GETTERS = frozenset({"getattr", "hasattr", "get", "pop"})


class Bindings:
    """The lines in which a piece of code gives values to names.

    ``filled`` and ``empty`` map a name to the first line that gives it a value or
    nothing; ``methods`` holds those of a class. ``is_dynamic`` says that values are
    given under names that the code computes, ``is_free`` that such a name need not be written out
    (``f"I{ion}"``). ``names`` are the names that it uses, ``words`` those and its strings.
    """

    def __init__(self, node: ast.AST) -> None:
        self.filled: dict[str, int] = {}
        self.empty: dict[str, int] = {}
        self.methods: dict[str, _Function] = {}
        self.is_dynamic = False
        self.is_free = False
        parts = list(ast.walk(node))
        uses = Counter(part.id for part in parts if isinstance(part, ast.Name))
        self.names = frozenset(uses)
        self.words = self.names | _strings_and_keywords(parts)
        handed_on = {
            part.kwarg.arg
            for part in parts
            if isinstance(part, ast.arguments) and part.kwarg and uses[part.kwarg.arg] == 1
        }
        for part in parts:
            self._note(_bound_names(part), getattr(part, "lineno", None))
            self._look_for_computed_names(part, handed_on)
        for statement in node.body if isinstance(node, ast.ClassDef) else ():
            self._note(_class_attributes(statement), statement.lineno)
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                self.methods[statement.name] = statement

    def _note(self, given: _BoundNames, line: int | None) -> None:
        for name, value in given:
            places = self.empty if is_blank(value) else self.filled
            places.setdefault(name, line or 1)

    def _look_for_computed_names(self, part: ast.AST, handed_on: set[str]) -> None:
        key: ast.expr | None = None
        if isinstance(part, ast.Call):
            for keyword in part.keywords:
                value = keyword.value
                if keyword.arg is None and getattr(value, "id", None) not in handed_on:
                    self.is_dynamic = True
            if _last(part.func) in _SETTERS and part.args:
                key = part.args[-2] if len(part.args) > 1 else part.args[0]
        elif isinstance(part, ast.DictComp):
            key = part.key
        elif isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Store):
            key = part.slice
        elif isinstance(part, (ast.Name, ast.Attribute)):
            self.is_dynamic |= _last(part) in _NAMESPACES
        if key is not None and not isinstance(key, ast.Constant):
            self.is_dynamic = True
            self.is_free |= isinstance(key, (ast.JoinedStr, ast.BinOp))


def find_blanks(
    own: Bindings,
    names: Iterable[str],
    helpers: Sequence[Bindings] = (),
    vocabulary: frozenset[str] = frozenset(),
    released: frozenset[str] = frozenset(),
) -> tuple[Blank, ...]:
    """Return the blanks ``names`` of a class. A method that says more than it was given is filled.

    ``released`` holds the digests of the statements of the released methods. ``helpers`` are
    the bindings of the bases and functions that it uses from elsewhere in the notebook;
    ``vocabulary`` holds the names and strings of the student's cells, where a class that sets
    its attributes from a table may take them from.
    """
    everywhere = [own, *helpers]
    dynamic = any(places.is_dynamic for places in everywhere)
    free = dynamic and any(places.is_free for places in everywhere)

    def is_filled(name: str) -> bool:
        if free or any(name in places.filled for places in everywhere):
            return True
        if any(
            name in p.methods and has_own_statement(p.methods[name], released) for p in everywhere
        ):
            return True
        written = name in vocabulary or any(name in places.words for places in everywhere)
        return dynamic and written

    return tuple(
        Blank(
            name=name,
            filled=is_filled(name),
            line=own.filled.get(name, own.empty.get(name, _line(own.methods.get(name), released))),
        )
        for name in names
    )


def blanks_in_text(source: str, names: Iterable[str]) -> tuple[Blank, ...]:
    """Return the blanks of source that can't be parsed, from what its lines look like."""
    found = []
    for name in names:
        word = re.escape(name)
        given = rf"(?:\b{word}(?:['\"]\])?[ \t]*=(?!=)|['\"]{word}['\"][ \t]*[:,])[ \t]*"
        empty = r"(?:\.\.\.|None\b|NotImplemented\b|Ellipsis\b|pass\b|[#\n'\"]|\Z)"
        filled = re.search(rf"{given}(?!{empty})\S", source)
        place = filled or re.search(given + empty, source)
        line = source.count("\n", 0, place.start()) + 1 if place else None
        found.append(Blank(name=name, filled=filled is not None, line=line))
    return tuple(found)


def has_own_statement(method: _Function, released: frozenset[str]) -> bool:
    """Return True if a method holds a statement beside stubs and those given."""
    return any(not _is_stub(part) and tree_digest(part) not in released for part in method.body)


def _is_stub(part: ast.stmt) -> bool:
    """``...``, ``pass``, a docstring, ``raise``, or a return or assignment of nothing."""
    if isinstance(part, ast.Expr | ast.Return | ast.Assign | ast.AnnAssign):
        return is_blank(part.value)
    return isinstance(part, ast.Pass | ast.Raise)


def _line(method: _Function | None, released: frozenset[str]) -> int | None:
    """Return the line where a method begins; of one that is blank, that of the blank in it."""
    if method is None or has_own_statement(method, released):
        return None if method is None else method.lineno
    stubs = [part for part in method.body if _is_stub(part) and not is_docstring(part)]
    return stubs[0].lineno if stubs else method.lineno


def is_blank(value: ast.expr | None) -> bool:
    """Return True if a value stands for nothing yet: ``...``, ``None``, a bare string."""
    if value is None:
        return True
    if isinstance(value, ast.Constant):
        return value.value is None or value.value is ... or isinstance(value.value, str)
    return isinstance(value, ast.Name) and value.id in ("NotImplemented", "Ellipsis")


def _bound_names(part: ast.AST) -> _BoundNames:
    """Every name that a node gives a value to, and the value; None for no value."""
    if isinstance(part, ast.Assign):
        for target in part.targets:
            yield from _assigned(target, part.value)
    elif isinstance(part, ast.AnnAssign):
        yield from _assigned(part.target, part.value)
    elif isinstance(part, ast.keyword):
        if part.arg is not None and not _is_number(part.value):
            yield part.arg, part.value
    elif isinstance(part, ast.Dict):
        for key, value in zip(part.keys, part.values, strict=True):
            if (name := _string(key)) is not None and not _is_number(value):
                yield name, value
    elif isinstance(part, ast.Call):
        if _last(part.func) not in _GETTERS:
            yield from _pairs(part.args)
    elif isinstance(part, (ast.Tuple, ast.List)):
        yield from _pairs(part.elts)


def _pairs(values: Sequence[ast.expr]) -> _BoundNames:
    """Yield a name and the value after it, as in ``setattr(self, "name", value)``."""
    for one, other in pairwise(values):
        name = _string(one)
        if name is not None and _string(other) is None and not _is_number(other):
            yield name, other


def _assigned(target: ast.expr, value: ast.expr | None) -> _BoundNames:
    """Yield what an assignment gives: to attributes, and to keys such as ``children["name"]``."""
    if isinstance(target, (ast.Tuple, ast.List)):
        values = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
        matched = len(values) == len(target.elts)
        for index, element in enumerate(target.elts):
            yield from _assigned(element, values[index] if matched else value)
    elif isinstance(target, ast.Starred):
        yield from _assigned(target.value, value)
    elif isinstance(target, ast.Attribute):
        yield target.attr, value
    elif isinstance(target, ast.Subscript) and (name := _string(target.slice)) is not None:
        yield name, value


def _class_attributes(statement: ast.stmt) -> _BoundNames:
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Name):
                yield target.id, statement.value
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        yield statement.target.id, statement.value


def _strings_and_keywords(parts: Iterable[ast.AST]) -> frozenset[str]:
    docstrings: set[int] = set()
    words: set[str] = set()
    for part in parts:
        if isinstance(part, ast.Expr) and is_docstring(part):
            docstrings.add(id(part.value))
        elif isinstance(part, ast.keyword) and part.arg:
            words.add(part.arg)
        elif isinstance(part, ast.Constant) and id(part) not in docstrings:
            # a statement is walked before its value, so docstrings are known here
            words.update(re.findall(r"\w+", _string(part) or ""))
    return frozenset(words)


def _is_number(value: ast.expr) -> bool:
    value = value.operand if isinstance(value, ast.UnaryOp) else value
    return isinstance(value, ast.Constant) and isinstance(value.value, (int, float))


def _string(value: ast.expr | None) -> str | None:
    """Return the text of a string literal; None for anything else."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    return None


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
