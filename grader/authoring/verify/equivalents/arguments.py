"""Parameters that reach a channel in other ways than as keywords."""

from __future__ import annotations

import ast
import copy
import struct
from collections.abc import Collection, Iterator, Mapping

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import New, Specimen, exchanged
from grader.authoring.verify.equivalents.classes import (
    call,
    channel_classes,
    class_names,
    method,
    statements,
)
from grader.authoring.verify.solution import Teacher


def set_later(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """A channel made without parameters, each of which is then set."""
    for name, statement in teacher.calls.items():
        bare = copy.deepcopy(statement)
        assert isinstance(bare.value, ast.Call)
        given, bare.value.keywords = bare.value.keywords, []
        target = ast.unparse(bare.targets[0])
        sets = "\n".join(f"{target}.{k.arg} = {ast.unparse(k.value)}" for k in given)
        places: dict[ast.AST, New] = {statement: [bare, *statements(sets)]}
        yield _in_graded(teacher, "parameters set later", name, places)


def computed(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """Parameters that no reader of the source can tell."""
    for name in teacher.calls:
        whole = copy.deepcopy(call(teacher, name))
        for keyword in whole.keywords:
            keyword.value = ast.parse(f"float({ast.unparse(keyword.value)})", mode="eval").body
        yield _in_graded(teacher, "parameters computed", name, {call(teacher, name): whole})


def rounded(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """Parameters of the library's channels as single precision holds them, in double precision.

    That is well within what a parameter may be off by. Without it, right models would differ by
    round-off alone, which is another on each machine.
    """
    own = class_names(teacher)
    places: dict[ast.AST, New] = {}
    for name, made in teacher.made.items():
        for keyword in () if name in own else made.keywords:
            if isinstance(value := plain(keyword.value), float):
                near = struct.unpack("f", struct.pack("f", value))[0]
                places[keyword.value] = ast.parse(repr(near), mode="eval").body
    if places:
        yield _in_graded(teacher, "parameters rounded", "those of the library's channels", places)


def defaults(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """Keywords left out where the class's own default is what is asked for."""
    operator, shorter = "defaults relied on", {}
    for name in class_names(teacher):
        asked, own = teacher.exercise.channel(name).parameters, _defaults(teacher, name)
        made = call(teacher, name)
        spare = [
            k for k in made.keywords if k.arg in asked and own.get(k.arg) == asked[k.arg].value
        ]
        for keyword in spare if len(spare) > 1 else []:
            places: dict[ast.AST, New] = {made: _without(made, [keyword])}
            yield _in_graded(teacher, operator, f"{name}.{keyword.arg}", places)
        if spare:
            shorter[name] = _without(made, spare)
    yield from _one_and_all(teacher, operator, shorter)


def by_position(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    """Keywords turned into positional arguments, as far as the class's own order allows."""
    turned = {}
    for name in class_names(teacher):
        made = copy.deepcopy(call(teacher, name))
        given = {keyword.arg: keyword.value for keyword in made.keywords}
        for parameter in _parameters(teacher, name)[len(made.args) :]:
            if parameter not in given:
                break
            made.args.append(given.pop(parameter))
        made.keywords = [keyword for keyword in made.keywords if keyword.arg in given]
        if len(made.args) > len(call(teacher, name).args):
            turned[name] = made
    yield from _one_and_all(teacher, "parameters by position", turned)


def _one_and_all(
    teacher: Teacher, operator: str, calls: Mapping[str, ast.Call]
) -> Iterator[Specimen]:
    """Each of these calls in place of its channel's own, then all of them."""
    for name, made in calls.items():
        yield _in_graded(teacher, operator, name, {call(teacher, name): made})
    if len(calls) > 1:
        places: dict[ast.AST, New] = {call(teacher, name): made for name, made in calls.items()}
        yield _in_graded(teacher, operator, ", ".join(calls), places)


def _in_graded(
    teacher: Teacher, operator: str, place: str, places: Mapping[ast.AST, New]
) -> Specimen:
    source = exchanged(teacher.trees[teacher.graded], places)
    return Specimen(operator=operator, place=place, cells={teacher.graded: source})


def _without(made: ast.Call, keywords: Collection[ast.keyword]) -> ast.Call:
    return ast.Call(made.func, made.args, [k for k in made.keywords if k not in keywords])


def _parameters(teacher: Teacher, name: str) -> list[str]:
    """What the constructor of a channel's class takes by position, in order."""
    own = method(channel_classes(teacher)[class_names(teacher)[name]], "__init__")
    return [] if own is None else [argument.arg for argument in own.args.args[1:]]


def _defaults(teacher: Teacher, name: str) -> dict[str, object]:
    """The parameters of a channel's class whose default is a plain value."""
    own = method(channel_classes(teacher)[class_names(teacher)[name]], "__init__")
    given = [] if own is None else own.args.defaults
    named = zip(reversed(_parameters(teacher, name)), reversed(given), strict=False)
    return {parameter: plain(value) for parameter, value in named}


def plain(node: ast.expr) -> object:
    """The value of a literal; None for what is none."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
