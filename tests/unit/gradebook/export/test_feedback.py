"""Feedback for upload: students' files alone, the same file each time, no link followed."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from grader.gradebook.export import moodle as to_moodle
from grader.gradebook.export.results import read_mark_sheet
from grader.report import write_report
from tests.support.exports import grader, sentences
from tests.support.graded_folders import SECRETS, graded, moodle
from tests.support.sample_reports import perfect


def test_feedback_has_students_files_only(from_moodle: Path) -> None:
    """Two pages a student, under Moodle's unchanged names; nothing of the teacher's, nowhere."""
    done = to_moodle.zip_feedback(read_mark_sheet(from_moodle))
    with zipfile.ZipFile(io.BytesIO(done.content)) as archive:
        names = archive.namelist()
        texts = [archive.read(name).decode() for name in names]
    assert names == [
        "Ann Lee_12_assignsubmission_file/result.html",
        "Ann Lee_12_assignsubmission_file/result.md",
        "李雷_13_assignsubmission_file/result.html",
        "李雷_13_assignsubmission_file/result.md",
        "Jo Kim_14_x_file_result.html",
        "Jo Kim_14_x_file_result.md",
    ]
    assert not any(
        secret in text for text in texts for secret in SECRETS.values() if len(secret) > 2
    )
    assert not any("the answer" in text for text in texts)
    assert (done.count, done.is_complete) == (3, False)


def test_the_same_feedback_is_the_same_file(from_moodle: Path) -> None:
    """Not a byte tells when the archive was made."""
    batch = read_mark_sheet(from_moodle)
    done = to_moodle.zip_feedback(batch)
    with zipfile.ZipFile(io.BytesIO(done.content)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert done.content == to_moodle.zip_feedback(batch).content


def test_feedback_follows_no_link(tmp_path: Path) -> None:
    """A page that is a link to something else is left out, and said."""
    out = graded(tmp_path / "f", {"a": (moodle("A", "1"), 1.0), "b": (moodle("B", "2"), 1.0)})
    for name in ("result.html", "result.md"):
        (out / "a" / name).unlink()
        (out / "a" / name).symlink_to(out / "a" / "teacher.html")
    done = to_moodle.zip_feedback(read_mark_sheet(out))
    assert done.count == 1
    with zipfile.ZipFile(io.BytesIO(done.content)) as archive:
        assert [archive.read(name) for name in archive.namelist()] == [b"<p>b</p>", b"# b"]
    assert "so left out (1)" in sentences(done)[0]
    assert sentences(done)[0].endswith(": a")


@pytest.mark.parametrize("page", ["result.html", "result.md"])
def test_feedback_with_a_damaged_page_is_named(tmp_path: Path, page: str) -> None:
    """Who has one page that is empty or edited is named and left out, and the exit status is 1."""
    out = tmp_path / "feedback"
    graded(out, {name: (moodle(name, str(k)), 1.0) for k, name in enumerate("abcd")})
    for name in "abcd":
        write_report(replace(perfect(), submission_id=name), out / name)
    (out / "a" / page).write_bytes(b"")
    (out / "b" / page).write_text("<p>Full marks</p>")
    (out / "c" / page).unlink()
    done = grader("export", "moodle-feedback", "-f", out, "-o", tmp_path / "a.zip")
    assert done.exit_code == 1, done.output
    assert "so left out (3). Grade once more, into the same folder: a; b; c" in done.stdout
    assert "1 of 4 submissions" in done.stdout
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert {name.split("_")[0] for name in archive.namelist()} == {"d"}


@pytest.mark.parametrize("folder", [".hidden", "~x", "../up", "a/b", "a\\b"])
def test_feedback_stays_where_it_is_unpacked(tmp_path: Path, folder: str) -> None:
    """A folder name that Moodle ignores, or that leads elsewhere, is not written."""
    out = graded(
        tmp_path / "f",
        {"a": (moodle("A", "1", folder=folder), 1.0), "b": (moodle("B", "2"), 1.0)},
    )
    with zipfile.ZipFile(
        io.BytesIO(to_moodle.zip_feedback(read_mark_sheet(out)).content)
    ) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"B_2_assignsubmission_file"}
