"""Downloads of Canvas, Moodle and nbgrader: whose each submission is, as their names say."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from grader.core.messages import catalogue
from grader.submission.intake import SubmittedFile, collect
from grader.submission.intake.lms_names import is_canvas_download, parse_canvas, parse_moodle
from grader.submission.intake.roster import Layout, Origin

FILE = "_assignsubmission_file"


def put(root: Path, *names: str) -> Path:
    for name in names:
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text('{"cells": []}' if name.endswith(".ipynb") else "text")
    return root


def entries(*paths: Path, layout: Layout | None = None) -> dict[str, SubmittedFile]:
    found, _ = collect(paths, layout=layout).select(None)
    return {entry.id: entry for entry in found}


def sentences(path: Path) -> list[str]:
    _, notes = collect([path]).select(None)
    return [catalogue("en").render(note.message_id, **note.values) for note in notes]


@pytest.mark.parametrize(
    ("name", "origin", "file"),
    [
        (
            "leeann_12_345_hh.ipynb",
            Origin(layout="canvas", name="leeann", lms_id="12"),
            "hh.ipynb",
        ),
        (
            "李雷_LATE_12_345_HH_李雷_2021.ipynb",
            Origin(layout="canvas", name="李雷", lms_id="12", late=True),
            "HH_李雷_2021.ipynb",
        ),
        (
            "leeann_12_345_hh-2.ipynb",
            Origin(layout="canvas", name="leeann", lms_id="12", attempt=3),
            "hh-2.ipynb",
        ),
        (
            "anon_x7Fg2_345_hh.ipynb",
            Origin(layout="canvas", lms_id="x7Fg2", anonymous=True),
            "hh.ipynb",
        ),
        (
            "LATE_anon_x7Fg2_345_hh.ipynb",
            Origin(layout="canvas", lms_id="x7Fg2", anonymous=True, late=True),
            "hh.ipynb",
        ),
        (
            "team7_12_345_text.html",
            Origin(layout="canvas", name="team7", lms_id="12"),
            "text.html",
        ),
    ],
)
def test_names_of_canvas(name: str, origin: Origin, file: str) -> None:
    """A name gives the student, the number, whether it was late, and the file's own name."""
    found = parse_canvas(name)
    assert found is not None
    assert (found.origin, found.file) == (origin, file)


@pytest.mark.parametrize("name", ["hh.ipynb", "HH_12_345_x.ipynb", "lee_12_hh.ipynb", "a_1_2_"])
def test_other_names_are_not_canvas(name: str) -> None:
    """Names with capitals, one number or no file are none of Canvas's."""
    assert parse_canvas(name) is None


def test_a_folder_is_canvas_by_its_names() -> None:
    """Most must fit, no attachment comes twice, a number is one student's.

    One name alone needs long numbers, and so do names beside others.
    """
    assert is_canvas_download(
        ["lee_12345_67890_hh.ipynb", "kim_12346_67891_hh.ipynb", "README.txt"]
    )
    assert not is_canvas_download(["lee_12345_67890_hh.ipynb", "solution.ipynb"])
    assert not is_canvas_download(["lee_1_2_hh.ipynb", "kim_3_4_hh.ipynb", "README.txt"])
    assert not is_canvas_download(["wang_2021_12345_hh.ipynb", "li_2021_12346_hh.ipynb"])
    assert is_canvas_download(["a_1_2_x.ipynb", "b_3_4_x.ipynb"])
    assert not is_canvas_download(["a_1_2_x.ipynb", "b.ipynb"])
    assert not is_canvas_download(["hh_2021_1_a.ipynb", "hh_2022_1_b.ipynb"])
    assert not is_canvas_download(["hh_2021_1_final.ipynb"])
    assert is_canvas_download(["lee_12345_67890_hh.ipynb"])
    assert not is_canvas_download([])


@pytest.mark.parametrize(
    ("name", "origin", "file"),
    [
        (
            f"Ann Lee_12{FILE}_",
            Origin(layout="moodle", name="Ann Lee", lms_id="12", folder=f"Ann Lee_12{FILE}_"),
            "",
        ),
        (
            f"李 雷_12{FILE}",
            Origin(layout="moodle", name="李 雷", lms_id="12", folder=f"李 雷_12{FILE}"),
            "",
        ),
        (
            f"Ann_Lee_12{FILE}_my_hh.ipynb",
            Origin(layout="moodle", name="Ann_Lee", lms_id="12", prefix=f"Ann_Lee_12{FILE}_"),
            "my_hh.ipynb",
        ),
        (
            f"Participant_12{FILE}",
            Origin(layout="moodle", lms_id="12", anonymous=True, folder=f"Participant_12{FILE}"),
            "",
        ),
    ],
)
def test_names_of_moodle(name: str, origin: Origin, file: str) -> None:
    """A folder's or a file's name gives the student, the number, and what to give back."""
    found = parse_moodle(name)
    assert found is not None
    assert (found.origin, found.file) == (origin, file)


def test_no_file_of_a_students_own_names_another() -> None:
    """Of two marks in a name of Moodle's the platform's own comes first."""
    found = parse_moodle(f"Ann Lee_12{FILE}_Bob Kim_13{FILE}_hh.ipynb")
    assert found is not None
    assert (found.origin.name, found.origin.lms_id) == ("Ann Lee", "12")
    assert found.file == f"Bob Kim_13{FILE}_hh.ipynb"


def test_a_moodle_number_of_two_names_is_two_students(tmp_path: Path) -> None:
    """The number belongs to one assignment, and downloads of two may come together."""
    put(tmp_path, f"one/Ann Lee_12{FILE}/hh.ipynb", f"two/Eve Fox_12{FILE}/hh.ipynb")
    assert list(entries(tmp_path / "one", tmp_path / "two")) == ["Ann Lee_12", "Eve Fox_12"]
    put(tmp_path / "both", f"Ann Lee_12{FILE}/hh.ipynb", f"Eve Fox_12{FILE}/hh.ipynb")
    assert list(entries(tmp_path / "both")) == ["Ann Lee_12", "Eve Fox_12"]


def test_a_folder_of_downloads_is_all_of_them(tmp_path: Path) -> None:
    """Each group's download keeps its names and numbers, a lone student's too, and others stay."""
    put(
        tmp_path,
        f"Group A/Ann Lee_12{FILE}/hh.ipynb",
        f"Group A/Bob Kim_13{FILE}/hh.ipynb",
        f"Group B/Eve Fox_14{FILE}/hh.ipynb",
        "by mail/hh.ipynb",
        "README.txt",
    )
    found = entries(tmp_path)
    assert list(found) == ["Ann Lee_12", "Bob Kim_13", "by mail", "Eve Fox_14"]
    assert found["Eve Fox_14"].origin.folder == f"Eve Fox_14{FILE}"
    assert found["by mail"].origin.layout == "plain"
    assert any("beside the platform's own names" in line for line in sentences(tmp_path))


def test_a_folder_of_students_is_no_folder_of_downloads(tmp_path: Path) -> None:
    """One file that keeps Canvas's name stays its folder's."""
    put(tmp_path, "Ann/lee_12345_67890_hh.ipynb", "Bob/kim_12346_67891_hh.ipynb")
    assert list(entries(tmp_path)) == ["Ann", "Bob"]


def test_what_lies_beside_a_canvas_download_changes_nothing(tmp_path: Path) -> None:
    """Attempts stay one student's, and what is there is said once."""
    put(
        tmp_path,
        "lee_12345_67890_hh.ipynb",
        "lee_12345_67899_hh-1.ipynb",
        "kim_LATE_12346_67891_hh.ipynb",
        "desktop.ini",
    )
    assert list(entries(tmp_path)) == ["kim_12346", "lee_12345"]
    assert entries(tmp_path)["kim_12346"].origin.late
    lines = sentences(tmp_path)
    assert any("desktop.ini" in line for line in lines)
    assert not any("there is no notebook" in line for line in lines)


def test_a_canvas_download(tmp_path: Path) -> None:
    """Files are put together by user, the newest attachment counts, text alone is unreadable."""
    put(
        tmp_path,
        "leeann_12_345_hh.ipynb",
        "leeann_12_399_hh-1.ipynb",
        "leeann_12_348_photo.png",
        "öz_LATE_13_346_hh.ipynb",
        "bob_14_347_text.html",
    )
    found = entries(tmp_path)
    assert list(found) == ["bob_14", "leeann_12", "öz_13"]
    assert found["leeann_12"].path.name == "leeann_12_399_hh-1.ipynb"
    assert found["leeann_12"].notes[0].message_id == "read.several.newest"
    assert found["öz_13"].origin.late
    assert found["öz_13"].notes[0].message_id == "read.intake.late"
    assert found["bob_14"].fault is not None
    assert found["bob_14"].fault.message_id == "read.fault.no_notebook"


def test_a_moodle_download(tmp_path: Path) -> None:
    """Folders of one participant are put together; the one with files gives its name back."""
    put(
        tmp_path,
        f"Ann Lee_12{FILE}/hh.ipynb",
        "Ann Lee_12_assignsubmission_onlinetext/onlinetext.html",
        f"Team A-Bob_13{FILE}/deep/er/hh.ipynb",
        "Cem_14_assignsubmission_onlinetext/onlinetext.html",
        f"Participant_15{FILE}/hh.ipynb",
    )
    found = entries(tmp_path)
    assert list(found) == ["Ann Lee_12", "Cem_14", "participant_15", "Team A-Bob_13"]
    assert found["Ann Lee_12"].origin.folder == f"Ann Lee_12{FILE}"
    assert found["Cem_14"].fault is not None
    assert found["participant_15"].origin.anonymous


def test_a_flat_moodle_download(tmp_path: Path) -> None:
    """Without folders the beginning of the files' names is kept for the way back."""
    put(tmp_path, f"Ann Lee_12{FILE}_hh.ipynb", f"Ann Lee_12{FILE}_x.pdf", f"Bo_13{FILE}_hh.ipynb")
    found = entries(tmp_path)
    assert list(found) == ["Ann Lee_12", "Bo_13"]
    assert found["Ann Lee_12"].origin.prefix == f"Ann Lee_12{FILE}_"


def test_a_download_within_folders(tmp_path: Path) -> None:
    """A download that was unpacked into a folder of a folder is still one."""
    put(tmp_path, f"all/week 2/Ann_12{FILE}/hh.ipynb", f"all/week 2/Bo_13{FILE}/hh.ipynb")
    assert list(entries(tmp_path)) == ["Ann_12", "Bo_13"]


@pytest.mark.parametrize("given", ["course", "course/submitted"])
def test_a_course_of_nbgrader(tmp_path: Path, given: str) -> None:
    """Only what was submitted counts, a student is called as nbgrader calls them."""
    put(
        tmp_path / "course",
        "source/ps2/hh.ipynb",
        "submitted/ann/ps2/hh.ipynb",
        "submitted/ann/ps2/timestamp.txt",
        "submitted/bob/ps2/hh.ipynb",
        "submitted/cem/ps2/timestamp.txt",
    )
    noted = tmp_path / "course" / "submitted" / "ann" / "ps2" / "timestamp.txt"
    noted.write_text("2026-11-30 15:59:00.123456 UTC")
    found = entries(tmp_path / given)
    assert list(found) == ["ann", "bob", "cem"]
    assert found["ann"].origin == Origin(
        layout="nbgrader",
        name="ann",
        lms_id="ann",
        submitted="2026-11-30T15:59:00.123456+00:00",
    )
    assert found["bob"].origin.submitted == found["cem"].origin.submitted == ""
    assert found["cem"].fault is not None


def test_strangers_in_a_download_are_not_lost(tmp_path: Path) -> None:
    """A notebook that the teacher put beside the platform's folders is graded, and named."""
    put(tmp_path, f"Ann_12{FILE}/hh.ipynb", "by mail/Bob.ipynb", "solo.ipynb")
    assert list(entries(tmp_path)) == ["Ann_12", "by mail", "solo"]
    assert sentences(tmp_path)[-1] == (
        f"{tmp_path}: beside the platform's own names there are others, which were read as in any "
        "folder: by mail, solo.ipynb."
    )


def test_two_downloads_of_one_student_are_one_submission(tmp_path: Path) -> None:
    """Of two downloads given together the newer attempt counts, and the report says so."""
    put(tmp_path / "first", "leeann_12_345_hh.ipynb", "bob_14_346_hh.ipynb")
    put(tmp_path / "second", "leeann_12_500_hh.ipynb", "cem_15_501_hh.ipynb")
    for paths in (
        (tmp_path / "first", tmp_path / "second"),
        (tmp_path / "second", tmp_path / "first"),
    ):
        found = entries(*paths)
        assert list(found) == ["bob_14", "cem_15", "leeann_12"]
        assert found["leeann_12"].path.parent.name == "second"


def test_the_teacher_may_know_better(tmp_path: Path) -> None:
    """A layout that is named is taken, whatever the names look like."""
    put(tmp_path, "hh_2021_11_a.ipynb", "hh_2022_12_b.ipynb")
    assert list(entries(tmp_path)) == ["hh_2021", "hh_2022"]
    assert list(entries(tmp_path, layout="plain")) == ["hh_2021_11_a", "hh_2022_12_b"]
    put(tmp_path / "n", "ann/ps/hh.ipynb", "bob/ps/hh.ipynb")
    assert entries(tmp_path / "n", layout="nbgrader")["ann"].origin.layout == "nbgrader"


def test_students_own_archives_of_a_download(tmp_path: Path) -> None:
    """A zip that a student handed in counts as a folder, under the student's own number."""
    data = tmp_path / "in"
    data.mkdir()
    for name in ("leeann_12_345_work.zip", "bob_14_347_work.zip"):
        with zipfile.ZipFile(data / name, "w") as archive:
            archive.writestr("work/hh.ipynb", "{}")
            archive.writestr("work/.ipynb_checkpoints/hh-checkpoint.ipynb", "{}")
    (tmp_path / "scratch").mkdir()
    found, _ = collect([data], tmp_path / "scratch").select(None)
    assert [entry.id for entry in found] == ["bob_14", "leeann_12"]
    assert {entry.path.name for entry in found} == {"hh.ipynb"}
