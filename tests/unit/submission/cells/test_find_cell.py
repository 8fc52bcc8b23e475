"""Which cell is graded: found in whatever way students change a notebook."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader.assignment.load import AssignmentError
from grader.assignment.schema import Assignment
from grader.core.types import Blank, GradedCell, Submission
from grader.submission.cells.find_cell import find_cell
from grader.submission.notebook.read import read_notebook
from tests.support.edited_cells import (
    ANSWER,
    FILLED,
    Find,
    added,
    brief,
    changed,
    fill,
    of,
    stripped,
    with_cells,
)
from tests.support.project import ROOT


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


def test_hostile_notebook_is_searched_in_time(find: Find) -> None:
    """Thousands of classes that all refer to one another are searched without harm."""
    many = "".join(f"def f{n}(): f{n + 1}\nclass C{n}(C{n + 1}): f{n}\n" for n in range(3000))
    chain = "class C3000(bp.dyn.CondNeuGroup): pass\n"
    assert find(of(many + chain)).index is None
