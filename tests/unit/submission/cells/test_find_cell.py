"""Which cell is graded: found in whatever way students change a notebook."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.assignment.load import AssignmentError, load_assignment
from grader.assignment.schema import Assignment, Exercise
from grader.core.types import Blank, Cell, GradedCell, Submission
from grader.submission.cells.find_cell import answer_cells, find_cell
from grader.submission.notebook.ast_digest import normalised
from grader.submission.notebook.read import read_notebook
from tests.support.project import ROOT

TAG = "grader:HH"

ANSWER = """\
import brainpy as bp
import brainpy.math as bm


class HH(bp.dyn.CondNeuGroup):
  def __init__(self, size):
    super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.))
    self.IK = IK(size, E=-77., g_max=36.)
    self.INa = INa(size, E=50., g_max=120.)
    self.IL = IL(size, E=-54.39, g_max=0.03)

neu = HH(1)
plt.savefig("HH_channels.jpg")
"""
FILLED = """\
class HH(bp.dyn.CondNeuGroup):
  def __init__(self, size):
    super().__init__(size)
    self.IK = IK(size)
    self.INa = INa(size)
    self.IL = IL(size)
"""


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    """The real assignment, with the digest of ``ANSWER`` as the handout's answer."""
    loaded = load_assignment(ROOT / "assignments" / "hh")
    answer = loaded.answer.model_copy(update={"sources": (normalised(ANSWER),)})
    return loaded.model_copy(update={"answer": answer})


Find = Callable[[Submission], GradedCell]


@pytest.fixture
def find(assignment: Assignment) -> Find:
    return lambda submission: find_cell(submission, assignment.exercises[0], assignment)


@pytest.fixture(scope="module")
def released() -> Submission:
    return read_notebook(ROOT / "assignments" / "hh" / "hh.ipynb")


def with_cells(submission: Submission, cells: Sequence[Cell]) -> Submission:
    numbered = tuple(replace(cell, index=index) for index, cell in enumerate(cells))
    return replace(submission, cells=numbered)


def changed(submission: Submission, index: int, source: str) -> Submission:
    cells = list(submission.cells)
    cells[index] = replace(cells[index], source=source)
    return with_cells(submission, cells)


def added(submission: Submission, *sources: str) -> Submission:
    """Cells at the end; those that begin with ``#`` and a space are Markdown."""
    new = [
        Cell(index=0, kind="markdown" if source.startswith("# ") else "code", source=source, id="")
        for source in sources
    ]
    return with_cells(submission, [*submission.cells, *new])


def stripped(submission: Submission) -> Submission:
    """Without tags and ids, as many tools leave a notebook."""
    return with_cells(
        submission,
        [replace(cell, tags=(), id=f"made-{cell.index}") for cell in submission.cells],
    )


def of(*sources: str) -> Submission:
    empty = Submission(file="work.ipynb", sha256="0")
    return added(empty, *sources)


def fill(source: str) -> str:
    """The template as a student fills it."""
    for name in ("IK", "INa", "IL"):
        source = source.replace(f"self.{name} = ...", f"self.{name} = {name}(size)")
    return source


def brief(cell: GradedCell) -> tuple[int | None, str, str, int]:
    return cell.index, cell.class_name, cell.found_by, cell.filled


def test_released_notebook_is_unfilled(find: Find, released: Submission) -> None:
    """The template is found, with a line for each blank; the given class is set aside."""
    assert find(released) == GradedCell(
        exercise="HH",
        index=25,
        class_name="HH",
        found_by="tag",
        blanks=(
            Blank(name="IK", filled=False, line=5),
            Blank(name="INa", filled=False, line=6),
            Blank(name="IL", filled=False, line=7),
        ),
        set_aside=(14,),
    )


def test_solution_is_found_and_filled(find: Find) -> None:
    """The teacher's notebook has every blank filled in the tagged cell."""
    solution = read_notebook(ROOT / "reference" / "hh" / "hh-solution.ipynb")
    assert brief(find(solution)) == (25, "HH", "tag", 3)


def test_id_marks_the_cell_when_tags_are_lost(find: Find, released: Submission) -> None:
    """A cell that kept its id but not its tags is known as well as a tagged one."""
    cells = [replace(cell, tags=()) for cell in released.cells]
    submission = changed(with_cells(released, cells), 25, fill(released.cells[25].source))
    assert brief(find(submission)) == (25, "HH", "tag", 3)


def test_template_is_known_by_its_source(find: Find, released: Submission) -> None:
    """Without tags and ids, the unfilled template is still known, reformatted or not."""
    assert brief(find(stripped(released))) == (25, "HH", "source", 0)
    reformatted = released.cells[25].source.replace("  ", "    ") + "\n# later\n"
    assert brief(find(stripped(changed(released, 25, reformatted)))) == (25, "HH", "source", 0)


def test_filled_cell_is_known_by_its_class(find: Find, released: Submission) -> None:
    """Without tags and ids, the class is found below the cell that the handout has above it."""
    submission = stripped(changed(released, 25, fill(released.cells[25].source)))
    assert brief(find(submission)) == (25, "HH", "source", 3)


def test_a_later_trial_does_not_replace_the_handouts_cell(find: Find, released: Submission) -> None:
    """Without tags, the filled cell at the handout's place counts, not a trial below it."""
    filled = fill(released.cells[25].source)
    trial = filled.replace("INa(size)", "INa(size, g_max=200.)")
    submission = stripped(added(changed(released, 25, filled), trial))
    assert brief(find(submission)) == (25, "HH", "source", 3)


def test_reordered_cells(find: Find, released: Submission) -> None:
    """The order of cells makes no difference, with tags or without."""
    submission = changed(released, 25, fill(released.cells[25].source))
    turned = with_cells(submission, submission.cells[::-1])
    assert brief(find(turned)) == (1, "HH", "tag", 3)
    assert brief(find(stripped(turned))) == (1, "HH", "class", 3)


def test_renamed_class(find: Find, released: Submission) -> None:
    """A class under another name counts: in the tagged cell, and without tags elsewhere."""
    source = fill(released.cells[25].source).replace("class HH", "class MyNeuron")
    submission = changed(released, 25, source)
    assert brief(find(submission)) == (25, "MyNeuron", "tag", 3)
    assert brief(find(stripped(submission))) == (25, "MyNeuron", "source", 3)


def test_copied_template(find: Find, released: Submission) -> None:
    """A copy carries the tag too; the filled one of the two counts, wherever it stands."""
    filled = replace(released.cells[25], source=fill(released.cells[25].source))
    before = with_cells(released, [*released.cells[:25], filled, *released.cells[25:]])
    assert brief(find(before)) == (25, "HH", "tag", 3)
    after = with_cells(released, [*released.cells[:26], filled, *released.cells[26:]])
    assert brief(find(after)) == (26, "HH", "tag", 3)
    twice = with_cells(released, [*released.cells[:25], filled, filled])
    assert brief(find(twice)) == (26, "HH", "tag", 3)


def test_work_beside_the_unfilled_template(find: Find, released: Submission) -> None:
    """While the tagged cell is unfilled, the last other filled definition counts."""
    first = FILLED.replace("IK(size)", "IK(size, E=-70.)")
    submission = added(released, first, FILLED, "class HH(bp.dyn.CondNeuGroup):\n  pass")
    assert brief(find(submission)) == (28, "HH", "class", 3)
    assert brief(find(stripped(submission))) == (28, "HH", "class", 3)
    other = added(released, FILLED.replace("class HH", "class Mine"))
    assert brief(find(other)) == (27, "Mine", "elsewhere", 3)


def test_work_on_another_base_does_not_replace_the_template(
    find: Find, released: Submission
) -> None:
    """An unfilled template isn't replaced by a class on a base that wasn't asked for."""
    other = FILLED.replace("CondNeuGroup", "CondNeuGroupLTC")
    assert brief(find(added(released, other))) == (25, "HH", "tag", 0)


def test_filled_tagged_cell_always_counts(find: Find, released: Submission) -> None:
    """A filled tagged cell counts: on another base, as the answer, with one blank filled."""
    other_base = FILLED.replace("CondNeuGroup", "CondNeuGroupLTC")
    one_blank = released.cells[25].source.replace("self.IK = ...", "self.IK = IK(size)")
    for source, filled in ((other_base, 3), (ANSWER, 3), (one_blank, 1)):
        submission = added(changed(released, 25, source), FILLED)
        assert brief(find(submission)) == (25, "HH", "tag", filled)


def test_answer_left_in_never_counts(find: Find, released: Submission) -> None:
    """The handout's answer doesn't fill the template, by its source or by its heading."""
    for submission in (
        added(released, ANSWER),
        added(released, ANSWER.replace("\n\n", "\n# mine\n")),
        added(released, "# Answer", FILLED),
        added(released, "# 参考答案", "x = 1", FILLED),
        added(released, "# **answer:**", FILLED),
        added(released, "# Answer\n## Code", FILLED),
    ):
        last = submission.cells[-1].index
        assert brief(find(submission)) == (25, "HH", "tag", 0)
        assert find(submission).set_aside == (14, last)
        assert brief(find(stripped(submission))) == (25, "HH", "source", 0)


def test_answer_instead_of_the_exercise(find: Find, released: Submission) -> None:
    """Where the exercise's cell was deleted, the handout's answer doesn't stand in for it."""
    cells = [cell for cell in released.cells if cell.index != 25]
    for sources in ([ANSWER], ["# Answer", ANSWER]):
        submission = added(stripped(with_cells(released, cells)), *sources)
        assert find(submission) == GradedCell(
            exercise="HH",
            index=None,
            blanks=tuple(Blank(name=name, filled=False) for name in ("IK", "INa", "IL")),
            set_aside=(14, submission.cells[-1].index),
            ignored=(submission.cells[-1].index,),
        )


def test_answer_section_ends(find: Find, released: Submission) -> None:
    """What stands under the next heading is the student's again."""
    submission = added(released, "# Answer", ANSWER, "# My own try", FILLED)
    assert brief(find(submission)) == (30, "HH", "class", 3)


@pytest.mark.parametrize("prepare", [lambda s: s, stripped], ids=["tagged", "stripped"])
def test_students_own_answer_heading(
    find: Find,
    released: Submission,
    assignment: Assignment,
    prepare: Callable[[Submission], Submission],
) -> None:
    """A heading above the exercise is the student's own: cell and figures below it count."""
    submission = changed(released, 25, fill(released.cells[25].source))
    heading = Cell(index=0, kind="markdown", source="## Answer", id="own")
    submission = with_cells(submission, [*submission.cells[:25], heading, *submission.cells[25:]])
    submission = prepare(submission)
    assert find(submission).index == 26
    assert find(submission).filled == 3
    assert answer_cells(submission, assignment) == frozenset()
    left_in = added(submission, "# Answer", ANSWER, "plt.plot(1)")
    assert find(left_in).index == 26
    assert answer_cells(left_in, assignment) == {29, 30}


def test_tagged_cell_below_the_answer(
    find: Find, released: Submission, assignment: Assignment
) -> None:
    """A tagged cell counts under the handout's heading too, and ends its section."""
    template = released.cells[25]
    mine = replace(template, source=fill(template.source))
    run = replace(released.cells[26], source="plt.plot(2)", tags=())
    left_in = added(released, "# Answer", ANSWER).cells
    submission = with_cells(released, [*left_in, mine, run])
    assert brief(find(submission)) == (29, "HH", "tag", 3)
    assert answer_cells(submission, assignment) == {28}


def test_answer_cells(assignment: Assignment, released: Submission) -> None:
    """The answer is told by its source anywhere, and by its heading whatever it is."""
    assert answer_cells(released, assignment) == frozenset()
    submission = added(released, ANSWER, "# Answer", "x = 1", "# Else", "y = 2")
    assert answer_cells(submission, assignment) == {27, 29}


def test_given_class_never_counts(find: Find, released: Submission) -> None:
    """The class composed in the handout is nobody's answer, merged with others or not."""
    without = [cell for cell in released.cells if cell.index != 25]
    assert find(stripped(with_cells(released, without))).index is None
    merged = "import numpy as np\n\n" + released.cells[14].source
    assert find(of(merged)) == GradedCell(
        exercise="HH",
        index=None,
        blanks=tuple(Blank(name=name, filled=False) for name in ("IK", "INa", "IL")),
    )


def test_composed_class_that_was_changed(find: Find, released: Submission) -> None:
    """A changed class on another base counts only where nothing on the asked base is."""
    composed = released.cells[14].source.replace("-54.387", "-54.39")
    assert brief(find(of(composed))) == (0, "HH", "class", 3)
    assert brief(find(of(composed, FILLED, composed))) == (1, "HH", "class", 3)
    unfilled = FILLED.replace("IK(size)", "...").replace("INa(size)", "...")
    unfilled = unfilled.replace("IL(size)", "...")
    assert brief(find(of(composed, unfilled))) == (1, "HH", "class", 0)


def test_everything_in_one_cell(find: Find, released: Submission) -> None:
    """A notebook merged into one cell is judged by its last class of that name."""
    sources = [cell.source for cell in released.cells if cell.kind == "code"]
    merged = "\n\n".join(sources)
    assert brief(find(of(merged))) == (0, "HH", "class", 0)
    filled = find(of("%matplotlib inline\n" + fill(merged)))
    assert brief(filled) == (0, "HH", "class", 3)
    lines = ("%matplotlib inline\n" + fill(merged)).split("\n")
    assert [lines[(blank.line or 0) - 1].strip() for blank in filled.blanks] == [
        "self.IK = IK(size) # 参数：E=-77., g_max=36.",
        "self.INa = INa(size) # 参数：E=50., g_max=120.",
        "self.IL = IL(size) # 参数：E=-54.39, g_max=0.03",
    ]
    renamed = fill(merged).replace(
        "class HH(bp.dyn.CondNeuGroup)", "class Mine(bp.dyn.CondNeuGroup)"
    )
    assert brief(find(of(renamed))) == (0, "Mine", "elsewhere", 3)


@pytest.mark.parametrize(
    "above",
    [
        "from brainpy.dyn import CondNeuGroup\nclass HH(CondNeuGroup):",
        "from brainpy.dyn import CondNeuGroup as Group\nclass HH(Group):",
        "Group = bp.dyn.CondNeuGroup\nclass HH(Group):",
        "class Mine(bp.dyn.CondNeuGroup):\n  pass\nclass HH(Mine):",
        "if True:\n  pass\nclass HH(bp.dyn.CondNeuGroup, Mixin):",
        "%%time\nclass HH(bp.dyn.CondNeuGroup):",
        "@decorated\nclass HH(bp.dyn.CondNeuGroup[int]):",
    ],
)
def test_base_under_other_names(find: Find, above: str) -> None:
    """The base asked for is known under an alias, through a class between, in a %%time cell."""
    composed = FILLED.replace("CondNeuGroup", "CondNeuGroupLTC")
    body = FILLED.partition("\n")[2]
    assert brief(find(of(f"{above}\n{body}", composed))) == (0, "HH", "class", 3)


def test_unrelated_class_on_the_base(find: Find) -> None:
    """A class on the base without any of the blanks is no candidate."""
    other = "class Pop(bp.dyn.CondNeuGroup):\n  pass"
    on_other_base = FILLED.replace("CondNeuGroup", "CondNeuGroupLTC")
    assert find(of(other)).index is None
    assert brief(find(of(on_other_base, other))) == (0, "HH", "class", 3)


def test_cell_with_a_syntax_error(find: Find, released: Submission) -> None:
    """A cell that can't be parsed is still found, and what is filled is seen."""
    broken = fill(released.cells[25].source).replace("INa(size)", "INa(size") + "\nx = ("
    submission = changed(released, 25, broken)
    assert brief(find(submission)) == (25, "HH", "tag", 3)
    assert brief(find(added(stripped(submission), "x = ("))) == (25, "HH", "source", 3)
    unfilled = find(changed(released, 25, released.cells[25].source + "\nx = ("))
    assert (unfilled.filled, [blank.line for blank in unfilled.blanks]) == (0, [5, 6, 7])


def test_tagged_cell_without_a_class(find: Find, released: Submission) -> None:
    """An emptied tagged cell gives way to work elsewhere, and is named when there is none."""
    emptied = changed(released, 25, "")
    assert brief(find(emptied)) == (25, "HH", "tag", 0)
    assert brief(find(added(emptied, FILLED))) == (27, "HH", "class", 3)
    used = "neu = HH(1)\nrunner = bp.DSRunner(neu, monitors={'IK': neu.IK.n, 'INa': neu.INa.m})"
    assert brief(find(added(changed(released, 25, used), FILLED))) == (27, "HH", "class", 3)
    made = "HH = type('HH', (bp.dyn.CondNeuGroup,), dict(IK=IK(1), INa=INa(1), IL=IL(1)))"
    assert brief(find(changed(released, 25, made))) == (25, "HH", "tag", 3)
    markdown = [replace(c, kind="markdown") if c.index == 25 else c for c in released.cells]
    assert find(with_cells(released, markdown)).index is None  # type: ignore[arg-type]


NAMES = "('IK', IK), ('INa', INa), ('IL', IL)"


@pytest.mark.parametrize(
    "body",
    [
        "self.IK, self.INa, self.IL = IK(size), INa(size), IL(size)",
        "self.IK, self.INa, self.IL = (make(size) for make in (IK, INa, IL))",
        "self.IK: object = IK(size); self.INa = x = INa(size); (self.IL) = IL(size)",
        "super().__init__(size, IK=IK(size), INa=INa(size), IL=IL(size))",
        "super().__init__(size, **{'IK': IK(size), 'INa': INa(size), 'IL': IL(size)})",
        "super().__init__(size, **dict(IK=IK(size), INa=INa(size), IL=IL(size)))",
        "super().__init__(size, **{c.__name__: c(size) for c in (IK, INa, IL)})",
        "super().__init__(size, **TABLE)",
        "setattr(self, 'IK', IK(size)); setattr(self, 'INa', INa(1)); setattr(self, 'IL', IL(1))",
        f"for name, make in [{NAMES}]: setattr(self, name, make(size))",
        f"for name, make in ({NAMES}): self.children[name] = make(size)",
        "for make in (IK, INa, IL): setattr(self, make.__name__, make(size))",
        "for ion in ('K', 'Na', 'L'): setattr(self, f'I{ion}', globals()[f'I{ion}'](size))",
        "for ion in 'K Na L'.split(): setattr(self, 'I' + ion, table[ion](size))",
        "self.children = bm.NodeDict({'IK': IK(size), 'INa': INa(size), 'IL': IL(size)})",
        "self.children = bm.NodeDict(IK=IK(size), INa=INa(size), IL=IL(size))",
        "self.children['IK'] = IK(1); self.children['INa'] = INa(1); self.children['IL'] = IL(1)",
        "self.add_elem(IK=IK(size)); self.add_elem(INa=INa(size), IL=IL(size))",
        "self.__dict__.update(IK=IK(size), INa=INa(size), IL=IL(size))",
        "IK_ = IK(size); self.IK = IK_; self.INa, *self.IL = rest",
        "self.IK = ...; self.IK = IK(size); self.INa = INa(1) if size else None; self.IL = IL(1)",
        "build(self, size)",
        "exec('self.IK = IK(size); self.INa = INa(size); self.IL = IL(size)')",
    ],
)
def test_every_way_to_fill_counts(find: Find, released: Submission, body: str) -> None:
    """A right answer is never called unfilled, however it gives its channels."""
    source = (
        "TABLE = {'IK': IK(1), 'INa': INa(1), 'IL': IL(1)}\n"
        "def build(self, size):\n  self.IK = IK(1); self.INa = INa(1); self.IL = IL(1)\n"
        if "TABLE" in body or "build" in body
        else ""
    )
    source += f"class HH(bp.dyn.CondNeuGroup):\n  def __init__(self, size):\n    {body}\n"
    assert brief(find(changed(released, 25, source))) == (25, "HH", "tag", 3)


@pytest.mark.parametrize(
    "source",
    [
        FILLED.replace("self.IK = IK(size)", "self.IK = ...  # later"),
        f"{FILLED.replace('self.IK = IK(size)', 'self.IK = None')}",
        FILLED.replace("IK(size)", "NotImplemented", 1),
        FILLED.replace("IK(size)", "'TODO: IK(size)'", 1),
        FILLED.replace("self.IK = IK(size)", "pass"),
        FILLED.replace("self.IK = IK(size)", "# self.IK = IK(size)"),
        FILLED.replace("self.IK = IK(size)", "self.IK: object"),
        FILLED.replace("self.IK = IK(size)", "setattr(self, 'IK', None)"),
        FILLED.replace("self.IK = IK(size)", "E = dict(IK=-77., INa=50.)"),
        FILLED.replace("self.IK = IK(size)", "print(getattr(self, 'IK', 1))"),
        FILLED.replace("self.IK = IK(size)", "'''self.IK = IK(size)'''"),
        FILLED.replace("(self, size)", "(self, size, **kwargs)")
        .replace("__init__(size)", "__init__(size, **kwargs)")
        .replace("self.IK = IK(size)", "self.IK = ..."),
    ],
)
def test_blank_is_blank(find: Find, released: Submission, source: str) -> None:
    """Nothing, a comment or a text in a blank's place leaves it unfilled."""
    found = find(changed(released, 25, source))
    assert [blank.filled for blank in found.blanks] == [False, True, True]


def test_filled_from_outside_the_class(find: Find, released: Submission) -> None:
    """A class that inherits or is given its filling elsewhere in the notebook is filled."""
    inherited = added(changed(released, 25, "class HH(Mine):\n  pass"), "x = 1")
    parts = inherited.cells
    mine = replace(parts[24], id="", source=FILLED.replace("class HH", "class Mine"))
    assert brief(find(with_cells(inherited, [*parts[:24], mine, *parts[24:]]))) == (
        26,
        "HH",
        "tag",
        3,
    )
    patched = (
        "class HH(bp.dyn.CondNeuGroup):\n  pass\n"
        "def start(self, size):\n  self.IK = IK(1); self.INa = INa(1); self.IL = IL(1)\n"
        "HH.__init__ = start\n"
    )
    assert brief(find(changed(released, 25, patched))) == (25, "HH", "tag", 3)


def test_filling_another_class_fills_nothing(find: Find, released: Submission) -> None:
    """In a merged cell only the exercise's own class is looked at."""
    merged = FILLED.replace("CondNeuGroup", "CondNeuGroupLTC") + "\n" + released.cells[25].source
    assert brief(find(of(merged + "\nplt.savefig('HH.jpg')\n"))) == (0, "HH", "class", 0)


def test_exercise_without_blanks_to_name(released: Submission, assignment: Assignment) -> None:
    """Where an exercise names no channels, any change of its class fills it."""
    exercise: Exercise = assignment.exercises[0].model_copy(update={"channels": ()})
    unfilled = added(released, FILLED)
    assert find_cell(unfilled, exercise, assignment).index == 27
    filled = added(changed(released, 25, ANSWER), FILLED)
    assert find_cell(filled, exercise, assignment).index == 25


def test_missing_released_notebook_is_our_fault(
    released: Submission, assignment: Assignment, tmp_path: Path
) -> None:
    """An assignment without its notebook is an error of the assignment's."""
    broken = assignment.model_copy(update={"notebook": tmp_path / "none.ipynb"})
    with pytest.raises(AssignmentError, match="the released notebook can't be read: No such file"):
        find_cell(released, broken.exercises[0], broken)
    empty = tmp_path / "empty.ipynb"
    empty.touch()
    broken = assignment.model_copy(update={"notebook": empty})
    with pytest.raises(AssignmentError, match="can't be read: The file is empty"):
        find_cell(released, broken.exercises[0], broken)


def test_handout_with_its_answer(tmp_path: Path, find: Find, released: Submission) -> None:
    """The handout of nbformat 4.2, without tags or ids and with its answer left in."""
    cells: list[dict[str, Any]] = [
        {"cell_type": cell.kind, "metadata": {}, "source": cell.source} for cell in released.cells
    ]
    cells.append({"cell_type": "markdown", "metadata": {}, "source": "## Answer"})
    cells.append({"cell_type": "code", "metadata": {}, "source": FILLED})
    for cell in cells:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    file = tmp_path / "handout.ipynb"
    file.write_text(
        json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 2})
    )
    submission = read_notebook(file)
    found = find(submission)
    assert (brief(found), found.set_aside) == ((25, "HH", "source", 0), (14, 28))


def test_hostile_notebook_is_searched_in_time(find: Find) -> None:
    """Thousands of classes that all refer to one another are searched without harm."""
    many = "".join(f"def f{n}(): f{n + 1}\nclass C{n}(C{n + 1}): f{n}\n" for n in range(3000))
    chain = "class C3000(bp.dyn.CondNeuGroup): pass\n"
    assert find(of(many + chain)).index is None
