"""From paths to submissions: every layout that teachers have, ids that are safe and stable."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.core.messages import catalogue
from grader.submission.intake import IntakeError, SubmittedFile, find_submissions
from grader.submission.intake.safe_names import make_unique, safe_name


def put(root: Path, *names: str) -> None:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")


def ids(*paths: Path) -> dict[str, str]:
    """Ids of what is found, to the path below the first folder named."""
    entries, _ = find_submissions(paths)
    root = paths[0] if paths[0].is_dir() else paths[0].parent
    return {entry.id: os.path.relpath(entry.path, root) for entry in entries}


def sentences(*paths: Path) -> list[str]:
    """The notes in English; Chinese must have them too, and none is for students."""
    _, notes = find_submissions(paths)
    for note in notes:
        catalogue("zh").render(note.message_id, **note.values)
        assert not note.for_student
    return [catalogue("en").render(note.message_id, **note.values) for note in notes]


def test_one_file(tmp_path: Path) -> None:
    """A file is called after itself."""
    put(tmp_path, "work.ipynb")
    file = tmp_path / "work.ipynb"
    assert find_submissions([file]) == ([SubmittedFile(id="work", path=file)], [])


def test_no_submission_takes_the_name_of_a_page(tmp_path: Path) -> None:
    """A notebook called like a file of the batch gets a folder of another name."""
    put(tmp_path, "index.html.ipynb", "Grades.CSV.ipynb", "ann.ipynb")
    assert set(ids(tmp_path)) == {"index.html-2", "Grades.CSV-2", "ann"}


def test_folder_of_notebooks(tmp_path: Path) -> None:
    """Each notebook of a folder is called after its file; other files are left alone."""
    put(tmp_path, "李 雷.ipynb", "han-mei.IPYNB", "grades.csv", "x.json", "noending", "y.ipynb.txt")
    assert ids(tmp_path) == {"han-mei": "han-mei.IPYNB", "李 雷": "李 雷.ipynb"}
    assert sentences(tmp_path) == []


def test_folder_per_student(tmp_path: Path) -> None:
    """A folder with one notebook gives its own name, one with several both names."""
    put(
        tmp_path,
        "Ann/hh.ipynb",
        "Bob/work/deep/hh.ipynb",
        "Cem/hh.ipynb",
        "Cem/hh (1).ipynb",
        "Dan_12_assignsubmission_file_/My Notebook.ipynb",
        "group/Eva/hh.ipynb",
        "group/Fay/hh.ipynb",
    )
    assert ids(tmp_path) == {
        "Ann": "Ann/hh.ipynb",
        "Bob": "Bob/work/deep/hh.ipynb",
        "Cem-hh": "Cem/hh.ipynb",
        "Cem-hh (1)": "Cem/hh (1).ipynb",
        "Dan_12": "Dan_12_assignsubmission_file_/My Notebook.ipynb",
        "group-Eva": "group/Eva/hh.ipynb",
        "group-Fay": "group/Fay/hh.ipynb",
    }


def test_students_folders_named_one_by_one(tmp_path: Path) -> None:
    """``grade batch/*`` names the folders; they give their names all the same."""
    put(tmp_path, "Ann/hh.ipynb", "Bob/hh.ipynb", "Cem/hh.ipynb", "Cem/two.ipynb")
    assert list(ids(tmp_path / "Ann", tmp_path / "Bob", tmp_path / "Cem")) == [
        "Ann",
        "Bob",
        "hh",
        "two",
    ]


def test_what_systems_leave_behind_is_skipped(tmp_path: Path) -> None:
    """Checkpoints, resource forks and hidden files are nobody's submission."""
    put(
        tmp_path,
        "a.ipynb",
        ".ipynb_checkpoints/a-checkpoint.ipynb",
        "__MACOSX/._a.ipynb",
        "._a.ipynb",
        ".hidden/b.ipynb",
    )
    assert (ids(tmp_path), sentences(tmp_path)) == ({"a": "a.ipynb"}, [])


def test_folder_called_like_a_notebook(tmp_path: Path) -> None:
    """A folder is a folder, whatever its name ends in."""
    put(tmp_path, "a.ipynb/b.ipynb")
    assert ids(tmp_path) == {"a.ipynb": "a.ipynb/b.ipynb"}


@pytest.mark.parametrize("name", ["work.json", "work", "work.ipynb.txt", "work.ipynb.json", ".h"])
def test_a_file_by_its_name_is_always_taken(tmp_path: Path, name: str) -> None:
    """What is named explicitly is taken; reading it will say what it is."""
    put(tmp_path, name)
    assert list(ids(tmp_path / name)) == ["h" if name == ".h" else "work"]


def test_same_names_never_collide(tmp_path: Path) -> None:
    """Equal names, in case too, are numbered, and the teacher is told which is which."""
    put(tmp_path, "one/ann.ipynb", "one/bob.ipynb", "two/ann.ipynb", "two/ann-2.ipynb")
    put(tmp_path, "two/Bob.ipynb")
    found = ids(tmp_path / "one", tmp_path / "two")
    assert found == {
        "ann": "ann.ipynb",
        "ann-2": "../two/ann-2.ipynb",
        "ann-3": "../two/ann.ipynb",
        "Bob": "../two/Bob.ipynb",
        "bob-2": "bob.ipynb",
    }
    assert ids(tmp_path / "two", tmp_path / "one").keys() == found.keys()
    again = "another submission has the same name; this one is called"
    assert sorted(sentences(tmp_path / "one", tmp_path / "two")) == [
        f"{tmp_path}/one/bob.ipynb: {again} bob-2.",
        f"{tmp_path}/two/ann.ipynb: {again} ann-3.",
    ]


def test_order_of_paths_changes_nothing(tmp_path: Path) -> None:
    """Ids depend on names, not on the order in which paths are given."""
    put(tmp_path, "b/x.ipynb", "b/y.ipynb", "a/x.ipynb", "a/y.ipynb", "c.ipynb")
    paths = [tmp_path / name for name in ("a", "b", "c.ipynb")]
    assert find_submissions(paths) == find_submissions(paths[::-1])


def test_one_file_named_twice_is_graded_once(tmp_path: Path) -> None:
    """A file inside a folder that is named too is one submission."""
    put(tmp_path, "a.ipynb", "b.ipynb")
    assert list(ids(tmp_path, tmp_path / "a.ipynb", tmp_path)) == ["a", "b"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link in a folder leads to no file outside, and the teacher reads of it."""
    put(tmp_path, "outside/secret.ipynb", "in/a.ipynb")
    (tmp_path / "in" / "b.ipynb").symlink_to(tmp_path / "outside" / "secret.ipynb")
    (tmp_path / "in" / "folder").symlink_to(tmp_path / "outside")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / ".venv").symlink_to(tmp_path / "outside")
    (tmp_path / "in" / "gone.ipynb").symlink_to(tmp_path / "nothing")
    assert ids(tmp_path / "in") == {"a": "a.ipynb"}
    assert sentences(tmp_path / "in") == [
        f"{tmp_path}/in/{name}: a link was not followed. Copy the notebook into the folder if it "
        "is to be graded."
        for name in ("b.ipynb", "folder", "gone.ipynb", "loop")
    ]


def test_students_without_a_notebook_are_named(tmp_path: Path) -> None:
    """A folder with the wrong file, or none, is not passed over in silence."""
    put(tmp_path, "Ann/hh.ipynb", "Bob/report.pdf", "Cem/a.txt", "Cem/b.txt", "Cem/c.txt")
    put(tmp_path, "Cem/d.txt", "Dan/work.zip")
    (tmp_path / "Eva").mkdir()
    entries, _ = find_submissions([tmp_path])
    assert {entry.id: entry.fault and entry.fault.message_id for entry in entries} == {
        "Ann": None,
        "Bob": "read.fault.no_notebook",
        "Cem": "read.fault.no_notebook",
        "Dan": "read.fault.not_unpacked",
        "Eva": "read.fault.nothing_handed_in",
    }
    assert sentences(tmp_path) == [
        f"{tmp_path}/Dan/work.zip: an archive inside the folder was left out. Unpack it if there "
        "are submissions in it.",
        "Without a notebook, so 0 points and to be looked at (4): Bob, Cem, Dan, Eva.",
    ]


def test_a_folder_beside_notebooks_is_nobodys(tmp_path: Path) -> None:
    """Where notebooks lie flat, a folder of pictures is no student, but it is named."""
    put(tmp_path, "Ann.ipynb", "Bob.ipynb", "figures/a.png", "figures/b.png")
    assert list(ids(tmp_path)) == ["Ann", "Bob"]
    assert sentences(tmp_path) == [
        f"{tmp_path}/figures: no notebook (.ipynb) here, so nothing was graded. The folder holds: "
        "a.png, b.png. Ask the student for the notebook, or give the file by its name."
    ]


def test_empty_folder(tmp_path: Path) -> None:
    """A folder without notebooks gives none, and a sentence."""
    assert find_submissions([tmp_path])[0] == []
    assert sentences(tmp_path) == [
        f"{tmp_path}: there is no notebook (.ipynb) in this folder. Give the folder that holds "
        "the submissions, or a file by its name."
    ]


def test_missing_path_raises(tmp_path: Path) -> None:
    """A path that doesn't exist stops everything, with a sentence."""
    with pytest.raises(IntakeError) as caught:
        find_submissions([tmp_path, tmp_path / "none"])
    assert str(caught.value) == (
        f"{tmp_path}/none: there is no such file or folder. Check the spelling; put a name with "
        "spaces in quotes."
    )
    assert catalogue("zh").render(caught.value.note.message_id, **caught.value.note.values) == (
        f"{tmp_path}/none：没有这个文件或文件夹。请检查拼写；名称中有空格时请加引号。"
    )


@pytest.mark.parametrize("name", ["a.rar", "a.7z", "a.tar.xz"])
def test_archive_raises(tmp_path: Path, name: str) -> None:
    """An archive of a kind that is not read stops everything, with a sentence."""
    put(tmp_path, name)
    with pytest.raises(IntakeError) as caught:
        find_submissions([tmp_path / name])
    assert str(caught.value) == (
        f"{tmp_path}/{name}: this kind of archive is not read. Unpack it and give the folder "
        "instead; zip, tar, tar.gz and tar.bz2 are read as they are."
    )


def test_pipe_is_no_submission(tmp_path: Path) -> None:
    """What would block on opening is never opened."""
    os.mkfifo(tmp_path / "pipe.ipynb")
    with pytest.raises(IntakeError, match="this is neither a file nor a folder"):
        find_submissions([tmp_path / "pipe.ipynb"])
    assert find_submissions([tmp_path])[0] == []


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """Bytes in a file's name that are no UTF-8 reach neither id nor sentence."""
    (tmp_path / os.fsdecode(b"caf\xe9.ipynb")).write_text("{}")
    (tmp_path / os.fsdecode(b"\xff")).mkdir()
    entries, notes = find_submissions([tmp_path])
    assert [entry.id for entry in entries] == ["caf"]
    repr(notes).encode()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("李雷 - Zoë_1 (2)", "李雷 - Zoë_1 (2)"),
        ("../../etc/passwd", "etc-passwd"),
        ("..", "submission"),
        ("", "submission"),
        (".hidden", "hidden"),
        ("~tilde", "tilde"),
        ("--sandbox", "sandbox"),
        ("ends. . ", "ends"),
        ("a\0b\nc\u202ed\u200be", "abcde"),
        ('a<b>c:d"e\\f|g?h*i', "a-b-c-d-e-f-g-h-i"),
        ("CON", "CON_"),
        ("nul.txt", "nul_.txt"),
        ("Com1", "Com1_"),
        ("console", "console"),
        ("e\u0301", "\u00e9"),
    ],
)
def test_safe_names(name: str, expected: str) -> None:
    """A name is safe as a folder's on every disk, and keeps what may stay."""
    assert safe_name(name) == expected


def test_long_names_are_cut_between_letters() -> None:
    """A long name fits, stays valid UTF-8, and differs from another with the same beginning."""
    one, other = safe_name("神经元" * 100), safe_name("神经元" * 101)
    assert one != other
    assert len(one.encode()) <= 120
    assert one.startswith("神经元神经元")
    assert safe_name("神经元" * 100) == one


def test_make_unique_keeps_what_is_unique() -> None:
    """Numbering one name never takes another's."""
    assert make_unique(["a", "A", "a-2", "ſ", "s", "a"]) == ["a", "A-3", "a-2", "ſ", "s-2", "a-4"]
