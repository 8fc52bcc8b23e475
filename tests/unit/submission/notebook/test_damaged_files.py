"""Files that are no notebook, or a damaged one: a sentence says what is wrong."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from grader.submission.notebook.read import read_notebook
from tests.support.notebook_texts import RELEASED, Reader, code, notebook, released, sentences

FAULTS = {
    b"": "read.fault.empty",
    b" \r\n\0\0": "read.fault.empty",
    b"\xef\xbb\xbf": "read.fault.empty",
    b"<!DOCTYPE html><html><title>Log in</title>": "read.fault.html",
    b"import numpy as np\nprint(1)\n": "read.fault.script",
    b"# %%\nx = [1]\n": "read.fault.script",
    b"%PDF-1.7 ...": "read.fault.other_kind",
    b"PK\x03\x04....": "read.fault.other_kind",
    b"\x1f\x8b\x08": "read.fault.other_kind",
    b"hello": "read.fault.not_json",
    b"\xff\xfe\xfd\xfc": "read.fault.not_json",
    b"null": "read.fault.not_notebook",
    b"[1, 2]": "read.fault.not_notebook",
    b"{}": "read.fault.not_notebook",
    b'{"cells": null}': "read.fault.not_notebook",
    b'{"cells": {}}': "read.fault.not_notebook",
    b'{"worksheets": 3}': "read.fault.not_notebook",
    b'{"cells": []}': "read.fault.no_code",
    b'{"cells": [], "nbformat": ' + b"9" * 5000 + b"}": "read.fault.not_notebook",
    b'{"cells": ' + b"[" * 100_000: "read.fault.too_nested",
    b'{"cells": [], "metadata": ' + b'{"a":' * 100_000: "read.fault.too_nested",
    b'{"cells": [],}': "read.fault.broken",
    b'{"cells": [} , {"cell_type": "code", "source": ""}]}': "read.fault.broken",
    b'{\n<<<<<<< HEAD\n"cells": []\n=======\n>>>>>>> mine\n}': "read.fault.conflict",
}


@pytest.mark.parametrize(("data", "message"), FAULTS.items(), ids=lambda x: repr(x)[:30])
def test_what_is_no_notebook_gets_a_sentence(read: Reader, data: bytes, message: str) -> None:
    """A file that can't be read says what it is, and is still hashed."""
    submission = read(data)
    assert submission.fault is not None
    assert (submission.fault.message_id, submission.cells) == (message, ())
    assert submission.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("share", [0.01, 0.1, 0.33, 0.5, 0.77, 0.9, 0.999])
def test_truncated_file_is_called_truncated(read: Reader, share: float) -> None:
    """Wherever a file breaks off, the student reads that it broke off."""
    data = RELEASED.read_bytes().rstrip()
    submission = read(data[: int(len(data) * share)])
    assert sentences(submission) == [
        "The file breaks off in the middle: the saving or the upload was interrupted. Save the "
        "notebook in Jupyter once more, check that it opens again, and hand in that file."
    ]


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"kernelspec": {"name": "ir", "language": "R"}}, "R"),
        ({"kernelspec": {"name": "ir"}}, "R"),
        ({"language_info": {"name": "julia"}}, "julia"),
        ({"kernelspec": {"name": "julia-1.10"}}, "Julia"),
    ],
)
def test_another_language_is_named(read: Reader, metadata: dict[str, Any], language: str) -> None:
    """A notebook in another language is not run; the sentence names the language."""
    submission = read(notebook(code(), **metadata))
    assert submission.language == language
    assert sentences(submission) == [
        f"The notebook is set to the language {language}; this homework is done in Python. In "
        "Jupyter choose Kernel > Change Kernel > Python 3, run all cells, save, and hand it in "
        "again."
    ]


@pytest.mark.parametrize(
    "metadata",
    [
        {"kernelspec": {"name": "my-own-env", "display_name": "conda"}},
        {"kernelspec": {"name": "python2", "language": "python"}},
        {"kernelspec": {"name": "x", "language": "R"}, "language_info": {"name": "python"}},
        {"language_info": {"name": "ipython"}},
        {"kernelspec": None, "language_info": [1]},
        {"kernelspec": {"name": 3, "language": None}},
        {},
    ],
)
def test_any_python_kernel_will_do(read: Reader, metadata: dict[str, Any]) -> None:
    """A kernel's name that doesn't exist here makes no difference."""
    assert read(notebook(code(), **metadata)).fault is None


def test_metadata_may_be_anything(read: Reader) -> None:
    """Metadata that are no object are taken for none."""
    for metadata in (None, [], "x", {"grader": 1}, {"grader": {"assignment": 3}}):
        submission = read({**notebook(code()), "metadata": metadata})
        assert (submission.fault, submission.assignment) == (None, None)


def test_huge_file_is_refused(tmp_path: Path) -> None:
    """Beyond 100 MB a file is not read, and the sentence says how to make it small."""
    file = tmp_path / "big.ipynb"
    with file.open("wb") as stream:
        stream.truncate(101_000_000)
    submission = read_notebook(file)
    assert sentences(submission) == [
        "The file has 101 MB; notebooks of up to 100 MB are read. In Jupyter choose Edit > Clear "
        "Outputs of All Cells, save, and hand it in again: no output is needed for grading."
    ]
    assert submission.sha256 == hashlib.sha256(bytes(101_000_000)).hexdigest()


def test_file_that_cannot_be_opened_is_not_the_student_s_fault(tmp_path: Path) -> None:
    """A missing file raises: that costs no student a mark."""
    with pytest.raises(FileNotFoundError):
        read_notebook(tmp_path / "none.ipynb")


@pytest.mark.parametrize(
    ("encoding", "messages"),
    [
        ("utf-8", []),
        ("utf-8-sig", ["read.mended.byte_order_mark"]),
        ("utf-16", ["read.mended.encoding"]),
        ("utf-16-le", ["read.mended.encoding"]),
        ("utf-16-be", ["read.mended.encoding"]),
        ("gb18030", ["read.mended.encoding"]),
    ],
)
def test_encodings(read: Reader, encoding: str, messages: list[str]) -> None:
    """A notebook in another encoding says the same as in UTF-8."""
    tree = released()
    submission = read(json.dumps(tree, ensure_ascii=False).encode(encoding))
    assert submission.cells == read_notebook(RELEASED).cells
    assert [note.message_id for note in submission.notes] == messages


def test_a_damaged_byte_costs_one_character(read: Reader) -> None:
    """UTF-8 with a broken byte stays UTF-8."""
    data = json.dumps(notebook(code("a = '离子通道离子通道'")), ensure_ascii=False).encode()
    submission = read(data.replace("道离".encode(), "道".encode() + b"\xff", 1))
    assert submission.cells[0].source == "a = '离子通道\ufffd子通道'"
    assert [note.message_id for note in submission.notes] == ["read.mended.damaged"]


def test_text_behind_the_notebook_is_ignored(read: Reader) -> None:
    """What two programs wrote over each other still holds the notebook."""
    submission = read(RELEASED.read_bytes() + b"\n}\n")
    assert len(submission.cells) == 27
    assert [note.message_id for note in submission.notes] == ["read.mended.trailing"]
    assert read(RELEASED.read_bytes() + b"\0" * 512).notes == ()
