"""The gradebook's file: two graders at once, a full disk, a torn file, another version."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.core.messages import catalogue
from grader.gradebook import store, tables
from grader.gradebook.records import StudentKey
from grader.gradebook.schema import APPLICATION, VERSIONS
from grader.gradebook.store import GradebookError, open_gradebook
from tests.support.gradebooks import all_standings, report, results_in, take_in
from tests.support.project import SOLUTION


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A gradebook with two students."""
    out = results_in(tmp_path / "two", {"ann": report(80), "bo": report(100)})
    take_in(tmp_path / "term.sqlite", out)
    return tmp_path / "term.sqlite"


def class_in(folder: Path, count: int, prefix: str = "s") -> Path:
    """Results of a class."""
    return results_in(folder, {f"{prefix}{n}": report(50, content=str(n)) for n in range(count)})


def names(book: Path) -> list[str]:
    return sorted(record.submission for record, _ in all_standings(book))


def sentence_of(problem: GradebookError) -> str:
    catalogue("zh").render(problem.note.message_id, **problem.note.values)
    return catalogue("en").render(problem.note.message_id, **problem.note.values)


def adding(
    book: Path, out: Path, before: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    """``grader gradebook add`` as a process of its own."""
    command = [sys.executable, "-m", "grader", "gradebook", "add", str(out), "-g", str(book)]
    return subprocess.Popen(
        [*command, "--lang", "en"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )


@pytest.mark.parametrize("is_new", [True, False], ids=["new", "kept"])
def test_two_graders_at_once_lose_nothing(book: Path, tmp_path: Path, is_new: bool) -> None:
    """Two processes make a gradebook, or add to one: the same students and others.

    A lock of our own holds both back until each has opened the file and waits.
    """
    if is_new:
        book = tmp_path / "new.sqlite"
    before = [] if is_new else names(book)
    shared = {"both": report(70, content="both")}
    outs = []
    for letter in "ab":
        own = {f"{letter}{n}": report(50, content=str(n)) for n in range(40)}
        outs.append(results_in(tmp_path / letter, {**own, **shared}))
    with contextlib.closing(sqlite3.connect(book, isolation_level=None)) as first:
        first.execute("BEGIN IMMEDIATE")
        running = [adding(book, out) for out in outs]
        while not all(waits_for(book, process.pid) for process in running):
            assert all(process.poll() is None for process in running), "it waited for nobody"
            time.sleep(0.01)
        first.execute("ROLLBACK")
    for process in running:
        printed, faults = process.communicate(timeout=120)
        assert process.returncode == 0, printed + faults
    added = [*(f"{letter}{n}" for letter in "ab" for n in range(40)), "both"]
    assert names(book) == sorted([*before, *added])
    with open_gradebook(book) as opening:
        found = opening.connection.execute("SELECT count(*) FROM result").fetchone()
    assert found == (len(before) + len(added),)


def waits_for(file: Path, process: int) -> bool:
    """Whether a process has a file open, and sleeps."""
    about = Path(f"/proc/{process}")
    with contextlib.suppress(OSError):
        sleeps = (about / "stat").read_text().rpartition(")")[2].split()[0] == "S"
        opened_files = {os.readlink(descriptor) for descriptor in (about / "fd").iterdir()}
        return sleeps and str(file.resolve()) in opened_files
    return False


def test_a_second_writer_waits_and_is_told(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits too long changes nothing and is told why."""
    monkeypatch.setattr(store, "WAITS", 0.1)
    with open_gradebook(book) as first, first.writing():
        with (
            pytest.raises(GradebookError) as caught,
            open_gradebook(book) as second,
            second.writing(),
        ):
            pass
        assert "another grader has been writing to it" in sentence_of(caught.value)
    with open_gradebook(book) as second, second.writing():
        pass


def test_a_full_disk_is_said_and_loses_nothing(book: Path, tmp_path: Path) -> None:
    """With no room for a class, nothing of it is in the gradebook, and all else is.

    The kernel itself refuses to let the files grow.
    """
    most = book.stat().st_size + 8192
    out = class_in(tmp_path / "many", 200)
    process = adding(book, out, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)))
    said, faults = process.communicate(timeout=120)
    assert process.returncode == 2, said + faults
    assert "Nothing of this command is in the gradebook, and nothing is lost" in faults
    assert "Traceback" not in faults
    assert names(book) == ["ann", "bo"]
    assert not list(tmp_path.glob(".*.part"))
    take_in(book, out)
    assert len(names(book)) == 202


def write_many(book: Path, pages: int) -> None:
    """Write more than ``pages`` further pages hold."""
    with open_gradebook(book) as opening:
        has = opening.connection.execute("PRAGMA page_count").fetchone()[0]
        opening.connection.execute(f"PRAGMA max_page_count = {has + pages}")
        with opening.writing() as connection:
            for number in range(2000):
                tables.put_student(connection, StudentKey("plain", str(number), ""), "a name" * 20)


def test_no_room_for_one_more_page_is_said(book: Path) -> None:
    """The same where SQLite itself finds the disk full in the middle of a transaction."""
    with pytest.raises(GradebookError) as caught:
        write_many(book, 2)
    assert "is full" in sentence_of(caught.value)
    with open_gradebook(book) as opening:
        assert opening.connection.execute("SELECT count(*) FROM student").fetchone() == (2,)


KILLED = """\
import os, signal, sys
from pathlib import Path
from grader.gradebook.store import open_gradebook
with open_gradebook(Path(sys.argv[1])) as book:
    book.connection.execute("PRAGMA cache_size = 1")  # so that pages reach the file at once
    with book.writing() as connection:
        for n in range(5000):
            values = ("plain", str(n), "", "x" * 99)
            connection.execute("INSERT INTO student VALUES (NULL, ?, ?, ?, ?)", values)
        connection.execute("UPDATE assignment SET title = 'half'")
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_writer_that_is_killed_leaves_what_was(book: Path) -> None:
    """Half a transaction lies in the file; whoever opens it next finds the state before."""
    size = book.stat().st_size
    done = subprocess.run([sys.executable, "-c", KILLED, str(book)], timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert book.stat().st_size > size  # torn indeed
    with open_gradebook(book) as opening:
        assert opening.connection.execute("SELECT title FROM assignment").fetchone() != ("half",)
        assert opening.connection.execute("SELECT count(*) FROM student").fetchone() == (2,)
    assert names(book) == ["ann", "bo"]


@pytest.mark.parametrize("cut", ["half", "last page", "one byte", "middle", "start"])
def test_a_torn_file_is_said_and_its_copy_named(book: Path, tmp_path: Path, cut: str) -> None:
    """Cut short or written over, every command refuses it, and the copy beside it is whole."""
    take_in(book, class_in(tmp_path / "more", 30))
    whole = book.read_bytes()
    middle = len(whole) // 2
    torn = {
        "half": whole[:middle],
        "last page": whole[:-1000],  # which is whole to SQLite, and full of zeros
        "one byte": whole[:1],
        "middle": whole[: middle - 4096] + b"\xa5" * 8192 + whole[middle + 4096 :],
        "start": b"\0" * 4096 + whole[4096:],
    }[cut]
    book.write_bytes(torn)
    for arguments in (("show",), ("add", str(tmp_path / "more"))):
        command = ["gradebook", *arguments, "-g", str(book), "--lang", "en"]
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 2, done.output
        assert f"{book}.bak; move that in its place" in done.stderr.replace("\n", " ")
        assert book.read_bytes() == torn
        assert Path(f"{book}.bak").read_bytes() != torn
    shutil.move(f"{book}.bak", book)
    assert names(book) == ["ann", "bo"]  # before the class was added


def test_a_file_that_is_gone_is_not_begun_anew(book: Path, tmp_path: Path) -> None:
    """While its copy lies there, an empty or missing gradebook is no new one."""
    take_in(book, class_in(tmp_path / "more", 3))
    for lose in (lambda: book.write_bytes(b""), book.unlink):
        lose()
        with pytest.raises(GradebookError) as caught:
            take_in(book, tmp_path / "more")
        assert "is gone or empty" in sentence_of(caught.value)


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    """Another program's database, a newer gradebook, a text, a folder, nothing: each is told."""
    (text := tmp_path / "a.txt").write_text("marks\n" * 1000)
    other = tmp_path / "b.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (x)")
    newer = tmp_path / "c.sqlite"
    with sqlite3.connect(newer) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute("PRAGMA user_version = 99")
    said = {
        text: "is damaged",
        other: "another program's file",
        newer: "written by a newer grader (version 99",
        tmp_path / "none.sqlite": "there is no gradebook",
        tmp_path / "no" / "where.sqlite": "there is no gradebook",
    }
    for path, expected in said.items():
        before = path.read_bytes() if path.exists() else None
        with pytest.raises(GradebookError) as caught, open_gradebook(path):
            pass
        assert expected in sentence_of(caught.value)
        assert (path.read_bytes() if path.exists() else None) == before
    with (
        pytest.raises(GradebookError) as caught,
        open_gradebook(tmp_path / "no" / "x.sqlite", make=True),
    ):
        pass
    assert "can't be opened" in sentence_of(caught.value)


def test_an_older_gradebook_is_brought_up_to_date(tmp_path: Path) -> None:
    """The first version's tables get what they lack; nothing in them is lost, a copy stays."""
    book = tmp_path / "old.sqlite"
    with sqlite3.connect(book) as connection:
        for statement in VERSIONS[0]:
            connection.execute(statement)
        connection.execute("INSERT INTO assignment VALUES ('hh', 'HH', 100, '{}')")
        connection.execute("INSERT INTO student VALUES (1, 'plain', 'ann', '', '')")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute("PRAGMA user_version = 1")
    with open_gradebook(book, write=True) as opening:
        found = opening.connection.execute("PRAGMA user_version").fetchone()
        assert found == (len(VERSIONS),)
        assert opening.connection.execute("SELECT number FROM student").fetchall() == [("ann",)]
        assert opening.connection.execute("SELECT count(*) FROM sending").fetchone() == (0,)
    with sqlite3.connect(f"{book}.bak") as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (1,)


@pytest.mark.parametrize("fault", ["no folder", "torn", "another file"])
def test_grade_says_first_that_a_gradebook_cannot_be_used(tmp_path: Path, fault: str) -> None:
    """Before a class is graded, and not after it; nothing was done."""
    book, out = tmp_path / "term.sqlite", tmp_path / "feedback"
    if fault == "no folder":
        book = tmp_path / "there" / "term.sqlite"
    elif fault == "torn":
        book.write_bytes(b"SQLite format 3\0" + bytes(2000))
    else:
        with sqlite3.connect(book) as other:
            other.execute("CREATE TABLE recipes (name)")
    before = book.read_bytes() if book.exists() else None
    given = ["grade", str(SOLUTION), "-a", "hh", "-o", str(out), "--gradebook", str(book)]
    done = CliRunner().invoke(main, [*given, "--lang", "en"])
    assert done.exit_code == 2, done.output
    assert str(book) in done.stderr.replace("\n", "")
    assert not out.exists()
    assert (book.read_bytes() if book.exists() else None) == before


def test_nobody_sees_more_of_the_copy_than_of_the_gradebook(book: Path, tmp_path: Path) -> None:
    """The copy beside it may be read by the same people."""
    book.chmod(0o600)
    take_in(book, class_in(tmp_path / "more", 1))
    assert Path(f"{book}.bak").stat().st_mode & 0o777 == 0o600
