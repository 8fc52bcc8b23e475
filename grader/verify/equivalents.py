"""Right models: the solution written in other ways, none of which may cost a point."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Callable, Iterable, Iterator

from grader.verify.edits import Specimen, everywhere, methods, shown, swapped
from grader.verify.teacher import Teacher, makes

METHODS = ("euler", "rk2", "heun2", "rk4")  # other integrators of BrainPy's


def equivalents(teacher: Teacher) -> list[Specimen]:
    """Every right model."""
    made = [
        *_as_written(teacher),
        *_other_integrators(teacher),
        *_calls(teacher),
        *_equations(teacher),
        *_accepted_types(teacher),
    ]
    return [_marked_right(specimen) for specimen in made]


def _marked_right(made: Specimen) -> Specimen:
    return Specimen(operator=made.operator, place=made.place, cells=made.cells, right=True)


def _as_written(teacher: Teacher) -> Iterator[Specimen]:
    yield Specimen(operator="as it is", place="the solution", cells={})


def _other_integrators(teacher: Teacher) -> Iterator[Specimen]:
    for method in METHODS:
        cells = {}
        for index in teacher.class_cells:
            source = ast.unparse(teacher.trees[index])
            changed = source.replace("method='exp_auto'", f"method='{method}'")
            if changed != source:
                cells[index] = changed
        if cells:
            yield Specimen(operator="another integrator", place=method, cells=cells)


def _calls(teacher: Teacher) -> Iterator[Specimen]:
    """The channels made in other ways, and in another order."""
    tree, graded = teacher.trees[teacher.graded], teacher.graded
    for order in itertools.permutations(teacher.calls):
        if list(order) != list(teacher.calls):
            twin = copy.deepcopy(tree)
            made = [n for n in ast.walk(twin) if makes(n, teacher.calls)]
            for place, name in zip(made, order, strict=True):
                own = copy.deepcopy(teacher.calls[name])
                place.targets, place.value = own.targets, own.value
            yield Specimen(
                operator="order of channels",
                place=", ".join(order),
                cells={graded: ast.unparse(twin)},
            )
    for name, statement in teacher.calls.items():
        call = statement.value
        assert isinstance(call, ast.Call)
        later = copy.deepcopy(statement)
        assert isinstance(later.value, ast.Call)
        given, later.value.keywords = later.value.keywords, []
        sets = [ast.parse(f"self.{name}.{k.arg} = {ast.unparse(k.value)}").body[0] for k in given]
        block = ast.If(ast.Constant(True), [later, *sets], [])
        yield Specimen(
            operator="parameters set later",
            place=name,
            cells={graded: swapped(tree, statement, block)},
        )
        child = f"setattr(self, '{name}', {ast.unparse(call)})"
        yield Specimen(
            operator="channel by setattr",
            place=name,
            cells={graded: swapped(tree, statement, ast.parse(child).body[0])},
        )
        whole = copy.deepcopy(call)
        for keyword in whole.keywords:
            keyword.value = ast.parse(f"float({ast.unparse(keyword.value)})", mode="eval").body
        yield Specimen(
            operator="parameters computed", place=name, cells={graded: swapped(tree, call, whole)}
        )


def _equations(teacher: Teacher) -> Iterator[Specimen]:
    """Rewritten but equal: all places of a cell at once."""
    rewritings: dict[str, Callable[[ast.AST], ast.AST | None]] = {
        "factors in another order": _commuted,
        "powers as products": _multiplied,
        "differences turned": _negated,
        "quotients as products": _inverted,
        "sums in another order": _summed,
    }
    for index in teacher.class_cells:
        tree = teacher.trees[index]
        for operator, rewrite in rewritings.items():
            twin = copy.deepcopy(tree)
            for _, method in methods(twin):
                if method.name not in ("__init__", "reset_state", "update"):
                    method.body = [_rewritten(statement, rewrite) for statement in method.body]
            source = ast.unparse(ast.fix_missing_locations(twin))
            if source != ast.unparse(tree):
                yield Specimen(operator=operator, place=f"cell {index + 1}", cells={index: source})
        for label, source in everywhere(tree, [m for _, m in methods(tree)], _short_super):
            yield Specimen(operator="super() made short", place=label, cells={index: source})


class _Rewrite(ast.NodeTransformer):
    def __init__(self, rewrite: Callable[[ast.AST], ast.AST | None]) -> None:
        self._rewrite = rewrite

    def visit(self, node: ast.AST) -> ast.AST:
        """The innermost places first."""
        inner = super().generic_visit(node)
        return self._rewrite(inner) or inner


def _rewritten(statement: ast.stmt, rewrite: Callable[[ast.AST], ast.AST | None]) -> ast.stmt:
    new = _Rewrite(rewrite).visit(statement)
    assert isinstance(new, ast.stmt)
    return new


def _commuted(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return ast.BinOp(node.right, ast.Mult(), node.left)
    return None


def _summed(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return ast.BinOp(node.right, ast.Add(), node.left)
    return None


def _negated(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        return ast.UnaryOp(ast.USub(), ast.BinOp(node.right, ast.Sub(), node.left))
    return None


def _inverted(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        inverse = ast.BinOp(ast.Constant(1.0), ast.Div(), node.right)
        return ast.BinOp(node.left, ast.Mult(), inverse)
    return None


def _multiplied(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Pow):
        return None
    power = node.right.value if isinstance(node.right, ast.Constant) else None
    if not isinstance(power, int):
        return None
    product = node.left
    for _ in range(power - 1):
        product = ast.BinOp(product, ast.Mult(), copy.deepcopy(node.left))
    return product


def _short_super(node: ast.AST) -> Iterable[tuple[str, ast.AST]]:
    if isinstance(node, ast.Call) and shown(node.func) == "super" and node.args:
        yield shown(node), ast.Call(node.func, [], [])


def _accepted_types(teacher: Teacher) -> Iterator[Specimen]:
    for index in teacher.class_cells:
        tree = teacher.trees[index]
        for kind in [node for node in tree.body if isinstance(node, ast.ClassDef)]:
            channel = next((c for c in teacher.exercise.channels if c.name == kind.name), None)
            for statement in kind.body:
                if channel is None or "master_type =" not in ast.unparse(statement):
                    continue
                for other in channel.master_types[1:]:
                    new = ast.parse(f"master_type = bp.dyn.{other}").body[0]
                    yield Specimen(
                        operator="accepted master_type",
                        place=f"{kind.name}: {other}",
                        cells={index: swapped(tree, statement, new)},
                    )
