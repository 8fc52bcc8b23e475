"""Right models made of a solution: each family only where it applies, and then right."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace

import pytest

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant, replace_nodes
from grader.authoring.verify.equivalents import equivalent_mutants
from grader.authoring.verify.equivalents.class_edits import module_names
from grader.authoring.verify.equivalents.global_settings import global_settings
from grader.authoring.verify.equivalents.hand_written_steps import hand_written_steps
from grader.authoring.verify.equivalents.linear_form import linear_form
from grader.authoring.verify.equivalents.parameter_passing import defaults_relied_on
from grader.authoring.verify.equivalents.precision import accepted_variants
from grader.authoring.verify.parsed_solution import ParsedSolution, parse_solution
from grader.authoring.verify.run_mutants import as_submission
from grader.submission.cells.find_cell import find_cell

OPERATORS = """
as it is
another integrator
order of channels
channel by setattr
channel by way of a local name
channels by setattr in a loop
channels made in a loop
channels in one assignment
channels by add_elem
channels in a NodeDict
channels as the constructor's keywords
parameters set later
parameters computed
defaults relied on
parameters by position
factors in another order
powers as products
differences turned
quotients as products
sums in another order
Euler by hand
Euler by hand, integrator left unused
Euler by hand, one state after the other
exponential Euler by hand
dt not passed on
dt written down
super() made short
super() made long
body in a base of another name
made of an empty subclass
class of another name
names of classes exchanged
accepted master_type
constants in float32
states in float32
states and constants in float32
accepted variant
setting left behind
another integrator and dt
"""


@pytest.fixture(scope="module")
def teacher(assignment: Assignment) -> ParsedSolution:
    """The solution taken apart."""
    return parse_solution(assignment, assignment.exercises[0])


@pytest.fixture(scope="module")
def made(teacher: ParsedSolution, assignment: Assignment) -> list[Mutant]:
    """Every right model."""
    return equivalent_mutants(teacher, assignment)


def _of(made: Iterable[Mutant], operator: str) -> dict[str, str]:
    """Place to source of the mutants of an operator."""
    return {s.place: "\n".join(s.cells.values()) for s in made if s.operator == operator}


def _with_class(teacher: ParsedSolution, old: str, new: str) -> ParsedSolution:
    """The solution with a text of its channels' classes replaced."""
    sources = {index: ast.unparse(teacher.trees[index]) for index in teacher.class_cells}
    assert any(old in source for source in sources.values())
    trees = {index: ast.parse(source.replace(old, new)) for index, source in sources.items()}
    return replace(
        teacher, trees={**trees, teacher.graded_index: teacher.trees[teacher.graded_index]}
    )


def test_every_family_is_made_of_the_solution(made: list[Mutant]) -> None:
    """The solution has all that the families change, so none of them is empty."""
    assert {mutant.operator for mutant in made} == set(OPERATORS.strip().split("\n"))


def test_what_steps_otherwise_says_so(made: list[Mutant]) -> None:
    """Another integrator and Euler's step by hand follow another scheme, and nothing else does."""
    other = {s.operator for s in made if s.other_scheme}
    named = [s for s in made if "integrator" in s.operator or s.operator.startswith("Euler")]
    assert all(s.other_scheme for s in named)
    assert other == {s.operator for s in named}


def test_every_right_model_is_named_and_another(
    made: list[Mutant], teacher: ParsedSolution
) -> None:
    """No two have a name in common, and all but the first differ from the solution."""
    assert len({mutant.name for mutant in made}) == len(made)
    for mutant in made[1:]:
        assert mutant.cells, mutant.name
        for index, source in mutant.cells.items():
            assert ast.unparse(ast.parse(source)) != ast.unparse(teacher.trees[index])


def test_the_graded_cell_is_still_found(
    made: list[Mutant], teacher: ParsedSolution, assignment: Assignment
) -> None:
    """Whatever stands in it, it is the same cell with the same class, and no blank is left."""
    for mutant in made:
        cell = find_cell(as_submission(teacher, mutant), teacher.exercise, assignment)
        assert (cell.index, cell.class_name) == (teacher.graded_index, teacher.cell.class_name)
        assert all(blank.filled for blank in cell.blanks), mutant.name


def test_super_names_the_class_that_it_stands_in(made: list[Mutant]) -> None:
    """A class that gets another name has that name in ``super(Name, self)`` too."""
    operators = ("body in a base of another name", "class of another name")
    named = 0
    for source in (text for operator in operators for text in _of(made, operator).values()):
        for kind in [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.ClassDef)]:
            for call in [n for n in ast.walk(kind) if isinstance(n, ast.Call) and n.args]:
                if ast.unparse(call.func) == "super":
                    assert ast.unparse(call.args[0]) == kind.name
                    named += 1
    assert named > 5


def test_a_default_is_relied_on_only_where_it_is_what_is_asked_for(
    teacher: ParsedSolution, assignment: Assignment
) -> None:
    """A class with another default needs its keyword."""
    other = _with_class(teacher, "g_max=120.0", "g_max=12.0")
    places = set(_of(defaults_relied_on(other, assignment), "defaults relied on"))
    assert "INa.g_max" not in places
    assert {"INa", "IK.g_max"} <= places
    assert (
        "INa(size, g_max=120.0)"
        in _of(defaults_relied_on(other, assignment), "defaults relied on")["INa"]
    )


def test_states_that_need_each_other_are_stepped_at_once(
    teacher: ParsedSolution, assignment: Assignment
) -> None:
    """Where an equation takes another's state, it gets the old one, and no step is exact."""
    coupled = _with_class(teacher, "def dh(self, h, t, V)", "def dh(self, h, t, V, m)")
    coupled = _with_class(coupled, "(self.m, self.h, t, V,", "(self.m, self.h, t, V, self.m,")
    made = list(hand_written_steps(coupled, assignment))
    assert not _of(made, "Euler by hand, one state after the other")
    assert set(_of(made, "exponential Euler by hand")) == {"IK"}


def test_numbers_in_single_precision_leave_none_in_double(made: list[Mutant]) -> None:
    """Every float of the channels' classes and calls stands in ``np.float32(...)``."""
    source = _of(made, "constants in float32")["everywhere"].replace("-80, -60.0", "")
    tree = ast.parse(source)
    singles = [n.args[0] for n in ast.walk(tree) if isinstance(n, ast.Call) and _is_single(n)]
    floats = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and type(n.value) is float]
    assert len(singles) > 15
    assert {id(n) for n in singles} == {id(n) for n in floats}


def _is_single(call: ast.Call) -> bool:
    return ast.unparse(call.func) == "np.float32"


def test_a_variant_is_made_where_its_constant_stands_once(
    teacher: ParsedSolution, assignment: Assignment
) -> None:
    """The number of the reference becomes the variant's; one that stands twice is left alone."""
    (one,) = accepted_variants(teacher, assignment)
    assert "0.1 * (V + 40)" in next(iter(one.cells.values()))
    twice = _with_class(teacher, "0.07", "0.11")
    assert not list(accepted_variants(twice, assignment))


def test_settings_are_set_by_the_names_that_the_notebook_has(
    teacher: ParsedSolution, assignment: Assignment
) -> None:
    """What a notebook calls BrainPy is read off its imports; without one nothing is set."""
    assert module_names(teacher)["brainpy.math"] == "bm"
    cells = [replace(c, source=c.source.replace(" as bm", "")) for c in teacher.submission.cells]
    cells = [replace(c, source=c.source.replace("import brainpy as bp", "")) for c in cells]
    bare = replace(teacher, submission=replace(teacher.submission, cells=tuple(cells)))
    assert not list(global_settings(bare, assignment))


@pytest.mark.parametrize("text", ["a * (1 - x) - b * x", "-(x - 3) / a", "2 * (x * a + b)", "x"])
def test_an_expression_comes_apart_where_it_is_linear(text: str) -> None:
    """a + b x of the parts is the expression, at any x."""
    node = ast.parse(text, mode="eval").body
    parts = linear_form(node, "x")
    assert parts is not None
    given = {"a": 0.3, "b": 1.7}
    constant, slope = (eval(part or "0", dict(given)) for part in parts)
    for x in (-2.0, 0.0, 0.5):
        assert eval(text, {**given, "x": x}) == pytest.approx(constant + slope * x)


@pytest.mark.parametrize("text", ["x * x", "1 / x", "f(x)", "x ** 2"])
def test_what_is_not_linear_stays_whole(text: str) -> None:
    """An expression of another kind has no parts."""
    assert linear_form(ast.parse(text, mode="eval").body, "x") is None


def test_changing_a_place_leaves_what_has_none_beside_it() -> None:
    """Keyword-only arguments without a default, and ``**`` in a dict, stay where they are."""
    for source, old, new in (
        ("def f(*, a, b=1, c):\n    pass", 1, "def f(*, a, b=2, c):\n    pass"),
        ("{**kw, 'x': 1, **more}", 1, "{**kw, 'x': 2, **more}"),
        ("{**kw, 1: 'x'}", 1, "{**kw, 2: 'x'}"),
        ("f(1, *a, k=3)", 3, "f(1, *a, k=2)"),
    ):
        tree = ast.parse(source)
        [place] = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and n.value == old]
        assert replace_nodes(tree, {place: ast.Constant(2)}) == new
        assert ast.unparse(tree) == ast.unparse(ast.parse(source))
    tree = ast.parse("a = 1\nb = 2")
    assert replace_nodes(tree, {tree.body[0]: None}) == "b = 2"
