"""Parameters that reach a channel in other ways than as keywords."""

from __future__ import annotations

import ast
import copy
import struct
from collections.abc import Collection, Iterator, Mapping

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant, Replacement, Replacements
from grader.authoring.verify.equivalents.class_edits import (
    channel_class_names,
    channel_classes,
    each_and_all,
    find_method,
    parse_statements,
)
from grader.authoring.verify.parsed_solution import ParsedSolution


def parameters_set_later(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Yield a channel made without parameters, each of which is then set."""
    for name, statement in solution.channel_statements.items():
        bare = copy.deepcopy(statement)
        assert isinstance(bare.value, ast.Call)
        given, bare.value.keywords = bare.value.keywords, []
        target = ast.unparse(bare.targets[0])
        sets = "\n".join(f"{target}.{k.arg} = {ast.unparse(k.value)}" for k in given)
        later: Replacements = {statement: [bare, *parse_statements(sets)]}
        yield solution.mutant("parameters set later", name, later)


def computed_parameters(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Parameters that no reader of the source can tell."""
    for name in solution.channel_statements:
        whole = copy.deepcopy(solution.channel_calls[name])
        for keyword in whole.keywords:
            keyword.value = ast.parse(f"float({ast.unparse(keyword.value)})", mode="eval").body
        yield solution.mutant("parameters computed", name, {solution.channel_calls[name]: whole})


def rounded_parameters(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Parameters of the library's channels as single precision holds them, in double precision.

    That is well within what a parameter may be off by. Without it, right models would differ by
    round-off alone, which is another on each machine.
    """
    own = channel_class_names(solution)
    places: dict[ast.AST, Replacement] = {}
    for name, made in solution.channel_calls.items():
        for keyword in () if name in own else made.keywords:
            if isinstance(value := literal_value(keyword.value), float):
                near = struct.unpack("f", struct.pack("f", value))[0]
                places[keyword.value] = ast.parse(repr(near), mode="eval").body
    if places:
        yield solution.mutant("parameters rounded", "those of the library's channels", places)


def defaults_relied_on(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Keywords left out where the class's own default is what is asked for."""
    operator, shorter = "defaults relied on", {}
    for name in channel_class_names(solution):
        asked, own = solution.exercise.channel(name).parameters, _defaults(solution, name)
        made = solution.channel_calls[name]
        spare = [
            k for k in made.keywords if k.arg in asked and own.get(k.arg) == asked[k.arg].value
        ]
        for keyword in spare if len(spare) > 1 else []:
            shorter_by_one: Replacements = {made: _without(made, [keyword])}
            yield solution.mutant(operator, f"{name}.{keyword.arg}", shorter_by_one)
        if spare:
            shorter[name] = _without(made, spare)
    yield from _one_and_all(solution, operator, shorter)


def parameters_by_position(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    """Keywords turned into positional arguments, as far as the class's own order allows."""
    turned = {}
    for name in channel_class_names(solution):
        made = copy.deepcopy(solution.channel_calls[name])
        given = {keyword.arg: keyword.value for keyword in made.keywords}
        for parameter in _parameters(solution, name)[len(made.args) :]:
            if parameter not in given:
                break
            made.args.append(given.pop(parameter))
        made.keywords = [keyword for keyword in made.keywords if keyword.arg in given]
        if len(made.args) > len(solution.channel_calls[name].args):
            turned[name] = made
    yield from _one_and_all(solution, "parameters by position", turned)


def _one_and_all(
    solution: ParsedSolution, operator: str, calls: Mapping[str, ast.Call]
) -> Iterator[Mutant]:
    """Each of these calls in place of its channel's own, then all of them."""
    for names in each_and_all(calls):
        changed: Replacements = {solution.channel_calls[name]: calls[name] for name in names}
        yield solution.mutant(operator, ", ".join(names), changed)


def _without(made: ast.Call, keywords: Collection[ast.keyword]) -> ast.Call:
    return ast.Call(made.func, made.args, [k for k in made.keywords if k not in keywords])


def _parameters(solution: ParsedSolution, name: str) -> list[str]:
    """Return what the constructor of a channel's class takes by position, in order."""
    own = find_method(channel_classes(solution)[channel_class_names(solution)[name]], "__init__")
    return [] if own is None else [argument.arg for argument in own.args.args[1:]]


def _defaults(solution: ParsedSolution, name: str) -> dict[str, object]:
    """Return the parameters of a channel's class whose default is a plain value."""
    own = find_method(channel_classes(solution)[channel_class_names(solution)[name]], "__init__")
    given = [] if own is None else own.args.defaults
    named = zip(reversed(_parameters(solution, name)), reversed(given), strict=False)
    return {parameter: literal_value(value) for parameter, value in named}


def literal_value(node: ast.expr) -> object:
    """Return the value of a literal; None for what is none."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
