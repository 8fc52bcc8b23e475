"""Marks and feedback go back: Canvas, Moodle, a plain table; nothing of the teacher's does."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from grader.core.messages import catalogue
from grader.gradebook.export import canvas as to_canvas
from grader.gradebook.export import moodle as to_moodle
from grader.gradebook.export import plain_csv
from grader.gradebook.export.results import ExportError, read_mark_sheet
from grader.submission.intake.roster import Origin
from tests.support.exports import grader, sentences
from tests.support.graded_folders import canvas, graded

GRADES = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,The neuron (77),Other (78),Current Score\r\n"
    "    Points Possible,,,,,100,10,(read only)\r\n"
    '"Lee, Ann",12,2021,alee,Physics 1,,5,50.0\r\n'
    '"雷, 李",13,2022,lilei,Physics 1,3,,\r\n'
    '"Kim, Jo",14,2023,jkim,Physics 1,EX,,\r\n'
    '"Nobody, X",15,2024,xn,Physics 1,,,\r\n'
    '"Student, Test",16,,,Physics 1,,,\r\n'
).encode()
SHEET = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
    '"Participant 12","Ann Lee",alee@uni.edu,"Submitted for grading - ",,100.00,Yes,-,-,\n'
    '"Participant 13",李雷,lilei@uni.edu,"Submitted for grading - ",55.00,100.00,Yes,-,-,"a\nb"\n'
    '"Participant 14","Jo Kim",jkim@uni.edu,"No submission - ",,100.00,No,-,-,\n'
).encode()


def sentence_of(problem: ExportError) -> str:
    catalogue("zh").render(problem.note.message_id, **problem.note.values)
    return catalogue("en").render(problem.note.message_id, **problem.note.values)


def test_canvas_gradebook_is_filled(from_canvas: Path) -> None:
    """One column changes; the file keeps mark, order, line ends, second header row, excuses."""
    done = to_canvas.fill_gradebook(GRADES, "g.csv", read_mark_sheet(from_canvas), None, None)
    expected = GRADES.decode().replace("Physics 1,,5", "Physics 1,87.5,5")
    assert done.content.decode() == expected.replace("Physics 1,3,", "Physics 1,100,")
    assert (done.count, done.is_complete) == (2, False)
    assert sentences(done) == [
        "Not graded for a fault of the grader's, so without a mark (1). Grade them again: ours_15",
        "Submissions that belong to nobody in the file (1). Enter these by hand: gone_99",
        "Excused (EX), and left so (1): kimjo_14",
        "Marks that were there and were replaced (1): 雷李_13 (3 → 100)",
        "In the file, but nothing was handed in; these cells stay as they were (1): Student, Test",
    ]


def test_filling_twice_changes_nothing(from_canvas: Path) -> None:
    """What came out can go in again: the same marks, and not a byte of difference."""
    batch = read_mark_sheet(from_canvas)
    once = to_canvas.fill_gradebook(GRADES, "g.csv", batch, None, None)
    again = to_canvas.fill_gradebook(once.content, "g.csv", batch, None, None)
    assert again.content == once.content
    assert not any("replaced" in sentence for sentence in sentences(again))


@pytest.mark.parametrize("wanted", ["The neuron (77)", "77", "neuron", "THE NEURON"])
def test_a_column_is_named_in_any_way(from_canvas: Path, wanted: str) -> None:
    """By header, number, title or a part of it."""
    done = to_canvas.fill_gradebook(GRADES, "g.csv", read_mark_sheet(from_canvas), wanted, None)
    assert done.count == 2


def test_a_column_that_is_not_clear_is_asked_for(from_canvas: Path) -> None:
    """Marks never go to a column by chance."""
    two = GRADES.replace(b"The neuron (77)", b"Homework (77)")
    with pytest.raises(ExportError) as caught:
        to_canvas.fill_gradebook(two, "g.csv", read_mark_sheet(from_canvas), None, None)
    assert sentence_of(caught.value) == (
        "Which column The neuron is to go to can't be told. Choose one with --column: "
        "Homework (77); Other (78)"
    )


def test_other_points_are_asked_about(from_canvas: Path) -> None:
    """Marks up to 100 don't go into a column of 10 points unless that is meant, then scaled."""
    batch = read_mark_sheet(from_canvas)
    with pytest.raises(ExportError, match="points") as caught:
        to_canvas.fill_gradebook(GRADES, "g.csv", batch, "78", None)
    assert "--points 10" in sentence_of(caught.value)
    done = to_canvas.fill_gradebook(GRADES, "g.csv", batch, "78", 10)
    rows = [*csv.reader(io.StringIO(done.content.decode("utf-8-sig")))]
    assert [row[6] for row in rows[2:5]] == ["8.75", "10", "5"]


def test_a_decimal_comma_stays_one(from_canvas: Path) -> None:
    """A column whose numbers have a comma gets numbers with one, in whatever file."""
    table = (
        GRADES.replace(b",", b";").replace(b"Lee; Ann", b"Lee, Ann").replace(b";100;", b";100,0;")
    )
    done = to_canvas.fill_gradebook(table, "g.csv", read_mark_sheet(from_canvas), None, None)
    assert b"Physics 1;87,5;5;" in done.content


def test_a_fresh_canvas_gradebook(from_canvas: Path) -> None:
    """Canvas's own header and second row; who was not graded is not in it, and has no 0."""
    done = to_canvas.new_gradebook(read_mark_sheet(from_canvas), "The neuron (77)", None)
    rows = [*csv.reader(io.StringIO(done.content.decode("utf-8-sig")))]
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "The neuron (77)"]
    assert rows[1] == ["    Points Possible", "", "", "", "", "100"]
    assert [(row[1], row[5]) for row in rows[2:]] == [
        ("12", "87.5"),
        ("13", "100"),
        ("14", "50"),
        ("99", "20"),
    ]
    refilled = to_canvas.fill_gradebook(
        done.content, "f.csv", read_mark_sheet(from_canvas), None, None
    )
    assert refilled.content == done.content


def test_nobody_of_canvas_is_no_file(from_moodle: Path) -> None:
    """A file without a row helps nobody, so the sentence says what does."""
    with pytest.raises(ExportError, match="a number of Canvas"):
        to_canvas.new_gradebook(read_mark_sheet(from_moodle), None, None)


def test_moodle_worksheet_is_filled(from_moodle: Path) -> None:
    """Only grades change; a comment of two lines, quotes and a locked grade stay."""
    done = to_moodle.fill_worksheet(SHEET, "w.csv", read_mark_sheet(from_moodle), None, None)
    expected = SHEET.decode().replace('grading - ",,100.00,Yes', 'grading - ",87.5,100.00,Yes')
    assert done.content.decode() == expected.replace("55.00", "100")
    assert sentences(done) == [
        "Not graded for a fault of the grader's, so without a mark (1). Grade them again: =cmd_15",
        "Submissions that belong to nobody in the file (1). Enter these by hand: =cmd_15",
        "With a grade that Moodle lets nobody change; these cells stay as they were (1): Jo Kim_14",
        "Marks that were there and were replaced (1): 李雷_13 (55.00 → 100)",
    ]


def test_moodle_worksheet_in_chinese(from_moodle: Path) -> None:
    """Headers are in the language of whoever downloaded it, and stay in it."""
    sheet = (
        "标识符,全名,状态,成绩,最高分,允许更改成绩,上次修改（评分）\n"
        "参与人12,Ann Lee,已提交,,100.00,是,-\n参与人13,李雷,已提交,,100.00,是,-\n"
    )
    done = to_moodle.fill_worksheet(
        sheet.encode(), "w.csv", read_mark_sheet(from_moodle), None, None
    )
    assert done.content.decode() == sheet.replace("已提交,,", "已提交,87.5,", 1).replace(
        "已提交,,", "已提交,100,", 1
    )
    unknown = sheet.replace("成绩,最", "Karakter,最").encode()
    with pytest.raises(ExportError, match="no column of identifiers"):
        to_moodle.fill_worksheet(unknown, "w.csv", read_mark_sheet(from_moodle), None, None)
    named = to_moodle.fill_worksheet(
        unknown, "w.csv", read_mark_sheet(from_moodle), "Karakter", None
    )
    assert named.count == 2


def test_moodle_worksheet_of_other_points(from_moodle: Path) -> None:
    """Moodle drops a grade above its maximum in silence, so that is asked about before."""
    with pytest.raises(ExportError, match="points"):
        to_moodle.fill_worksheet(
            SHEET.replace(b"100.00", b"20.00"), "w", read_mark_sheet(from_moodle), None, None
        )


def test_plain_table(from_canvas: Path) -> None:
    """Everyone is in it; what was not graded has no number, what is a formula is none."""
    rows = [
        *csv.DictReader(
            io.StringIO(
                plain_csv.marks_csv(read_mark_sheet(from_canvas), None).content.decode("utf-8-sig")
            )
        )
    ]
    assert [(row["student"], row["score"], row["late"]) for row in rows] == [
        ("leeann", "87.5", "yes"),
        ("雷李", "100", ""),
        ("kimjo", "50", ""),
        ("gone", "20", ""),
        ("ours", "", ""),
    ]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\t=1", "＝1", "x;=1"])
def test_no_name_is_a_formula(tmp_path: Path, name: str) -> None:
    """A student's name does nothing in a spreadsheet, in each file that is ours."""
    out = graded(tmp_path / "f", {"a": (canvas(name, "1"), 1.0)})
    batch = read_mark_sheet(out)
    for content in (
        plain_csv.marks_csv(batch, None).content,
        to_canvas.new_gradebook(batch, None, None).content,
    ):
        cells = [
            cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) for cell in row
        ]
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "＝")) for cell in cells)
        assert not any(";=" in cell for cell in cells)


def test_a_missing_result_is_no_mark(from_canvas: Path) -> None:
    """A submission without a result yet is said, and gets nothing."""
    (from_canvas / "leeann_12" / "result.json").unlink()
    done = plain_csv.marks_csv(read_mark_sheet(from_canvas), None)
    assert "Without a result yet (1). Run grader grade to its end: leeann_12" in sentences(done)
    assert not done.is_complete


@pytest.mark.parametrize("id", ["../leeann_12", "/etc", "..", ""])
def test_a_roster_names_no_folder_outside(from_canvas: Path, id: str) -> None:
    """A roster that was tampered with reads nothing beside the output folder."""
    graded_again = (from_canvas / "roster.json").read_text("utf-8").replace("leeann_12", id)
    (from_canvas / "roster.json").write_text(graded_again, "utf-8")
    with pytest.raises(ExportError, match="list of submissions"):
        read_mark_sheet(from_canvas)


def test_results_without_a_roster(from_canvas: Path) -> None:
    """Results of an earlier grader are exported by their own names."""
    (from_canvas / "roster.json").unlink()
    ids = '{"submissions": [{"id": "leeann_12", "file": "hh.ipynb"}]}'
    (from_canvas / "summary.json").write_text(ids)
    (only,) = read_mark_sheet(from_canvas).submissions
    assert (only.id, only.origin, only.score) == ("leeann_12", Origin(), 87.5)


def test_the_command(from_canvas: Path, tmp_path: Path) -> None:
    """It writes beside the file given, never over it unless asked, and says what is missing."""
    book = tmp_path / "g.csv"
    book.write_bytes(GRADES)
    done = grader("export", "canvas", "-f", from_canvas, "--into", book, "-o", book)
    assert (done.exit_code, book.read_bytes()) == (2, GRADES)
    assert "say --overwrite" in done.stderr
    done = grader("export", "canvas", "-f", from_canvas, "--into", book, "-o", book, "--overwrite")
    assert done.exit_code == 1
    assert b"87.5" in book.read_bytes()
    assert "g.csv: 2 of 5 submissions." in done.stdout
    done = grader("export", "moodle", "-f", from_canvas)
    assert done.exit_code == 2
    assert "Download grading worksheet" in done.stderr
    done = grader("export", "csv", "-f", tmp_path, "-o", tmp_path / "x.csv")
    assert done.exit_code == 2
    assert "no results of grader grade lie here" in done.stderr
    assert not (tmp_path / "x.csv").exists()
