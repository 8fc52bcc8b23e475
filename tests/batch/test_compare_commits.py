"""``python -m tests.compare_commits``: what it calls a difference, and what it does not."""

from __future__ import annotations

import argparse
import html
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from tests.compare_commits import Side, cache_key, compare
from tests.support.graded_corpus import Corpus
from tests.support.graded_differences import Difference, differences, only_what_is_compared
from tests.support.project import ROOT

ID = "hh-lesson"
SAMPLE = "IK-n-cubed"
MESSAGE = "checks[lesson.IK.n].message"


@pytest.fixture
def graded(corpus: Corpus, tmp_path: Path) -> Path:
    """A copy of graded samples, as ``grader grade`` left them."""
    return Path(shutil.copytree(corpus.graded(ID), tmp_path / "graded"))


def changed(folder: Path, change: Callable[[Path], None]) -> dict[str, list[Difference]]:
    """What differs after ``change``, by file; files without a difference are left out."""
    after = Path(shutil.copytree(folder, folder.with_name("changed")))
    change(after)
    for one in (folder, after):
        only_what_is_compared(one)
    return {path: each for path, each in differences(folder, after).items() if each}


def rewrite(file: Path, old: str, new: str) -> None:
    """Another text for each that the pattern ``old`` finds; there must be one."""
    text, count = re.subn(old, new, file.read_text("utf-8"))
    assert count > 0, (file.name, old)
    file.write_text(text, "utf-8")


def rewrite_result(file: Path, change: Callable[[Any], object]) -> None:
    result = json.loads(file.read_text("utf-8"))
    change(result)
    file.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", "utf-8")


def another_run(out: Path) -> None:
    """What each run has of its own: times, digests of files with times in them, random figures."""
    sample = out / SAMPLE

    def change(result: Any) -> None:
        result["run"]["seconds"] = 99.5
        result["seal"] = result["provenance"]["evidence"] = "0" * 64
        result["provenance"]["code"] = result["assignment"]["digest"] = "1" * 64
        result["assignment"]["files"] = dict.fromkeys(result["assignment"]["files"], "2" * 64)
        result["pages"] = dict.fromkeys(result["pages"], "3" * 64)

    rewrite_result(sample / "result.json", change)
    rewrite(out / "summary.json", r'"seconds": [\d.]+', '"seconds": 99.5')
    rewrite(out / "junit.xml", r' time="[\d.]+"', ' time="99.500"')
    rewrite(out / "index.html", r"Graded in [\d.]+ s", "Graded in 99.5 s")
    for page in ("result.html", "teacher.html"):
        rewrite(sample / page, r"<span>[\d.]+ s</span>", "<span>99.5 s</span>")
        rewrite(sample / page, r"(data:image/\w+;base64,)[^\"]+", r"\1AAAA")
    rewrite(sample / "teacher.html", r"\b[0-9a-f]{64}(?=</dd></div>\n<div><dt>code)", "4" * 64)
    rewrite(sample / "executed.ipynb", r"T\d\d:\d\d:[\d.]+Z", "T00:00:00.000000Z")
    (sample / "probe.json").unlink()


def another_message(out: Path) -> None:
    def change(result: Any) -> None:
        [check] = [c for c in result["checks"] if f"checks[{c['id']}].message" == MESSAGE]
        check["message"] = "Another sentence."

    rewrite_result(out / SAMPLE / "result.json", change)


def another_bit(out: Path) -> None:
    with np.load(out / SAMPLE / "evidence.npz") as file:
        arrays = {name: file[name] for name in file.files}
    array = max(arrays.values(), key=lambda array: array.size)
    array.ravel().view(np.uint8)[0] ^= 1
    np.savez(out / SAMPLE / "evidence.npz", **arrays)


def no_page(out: Path) -> None:
    (out / SAMPLE / "result.md").unlink()


def another_file(out: Path) -> None:
    (out / "new.txt").write_text("new", "utf-8")


def another_score(out: Path) -> None:
    rewrite(out / "grades.csv", rf"({SAMPLE}\.ipynb,graded,ok,)[\d.]+", r"\g<1>1.25")


def another_word_on_a_page(out: Path) -> None:
    rewrite(out / SAMPLE / "result.html", r"<title>", "<title>Other ")


def test_two_runs_of_one_commit_do_not_differ(graded: Path) -> None:
    """Times, digests of files with times in them and students' random figures count for nothing."""
    assert changed(graded, another_run) == {}


def test_how_many_messages_a_cell_printed_in_does_not_differ(tmp_path: Path) -> None:
    """Lines that came in one message or in two are the same; other lines are not."""

    def graded_with(name: str, *parts: list[str]) -> Path:
        outputs = [{"output_type": "stream", "name": "stdout", "text": part} for part in parts]
        (folder := tmp_path / name / "sample").mkdir(parents=True)
        notebook = {"cells": [{"cell_type": "code", "outputs": outputs}]}
        (folder / "executed.ipynb").write_text(json.dumps(notebook), "utf-8")
        return folder.parent

    one = graded_with("one", ["a\n", "b\n"])
    two = graded_with("two", ["a\n"], ["b\n"])
    other = graded_with("other", ["a\n"], ["c\n"])
    assert not any(differences(one, two).values())
    assert any(differences(one, other).values())


def test_names_of_the_probe_in_tracebacks_do_not_differ(tmp_path: Path) -> None:
    """A frame of the probe's own, and where a cut text begins; the student's own lines do."""

    def graded_with(name: str, frame: str, line: str) -> Path:
        text = f'tail of {frame}\n  File "<grader {frame}\n{line}'
        page = f'<pre class="detail">{html.escape(text)}</pre>'
        page = page.replace("&quot;", "&#34;")
        (folder := tmp_path / name / "sample").mkdir(parents=True)
        (folder / "result.json").write_text(json.dumps({"detail": text}), "utf-8")
        (folder / "teacher.html").write_text(page, "utf-8")
        return folder.parent

    old = graded_with("old", 'look>", line 40, in look', "x = 1")
    renamed = graded_with("renamed", 'describe>", line 9, in <lambda>', "x = 1")
    other = graded_with("other", 'look>", line 40, in look', "x = 2")
    assert not any(differences(old, renamed).values())
    assert all(differences(old, other).values())


def test_each_change_is_named_and_nothing_else(graded: Path) -> None:
    """A message, number, word, file or bit of a trace that is another shows itself alone."""
    expected: dict[Callable[[Path], None], tuple[str, list[str], list[str]]] = {
        another_message: (f"{SAMPLE}/result.json", [MESSAGE], [f'{MESSAGE}: "Another sentence."']),
        another_bit: (f"{SAMPLE}/evidence.txt", ["float64"], ["float64"]),
        no_page: (f"{SAMPLE}/result.md", ["the file"], []),
        another_file: ("new.txt", [], ["the file"]),
        another_score: ("grades.csv", [f"{SAMPLE}.ipynb"], [",1.25,"]),
        another_word_on_a_page: (f"{SAMPLE}/result.html", ["<title>"], ["<title>Other "]),
    }

    def change(out: Path) -> None:
        for one in expected:
            one(out)

    found = changed(graded, change)
    assert sorted(found) == sorted(file for file, _, _ in expected.values())
    for file, old, new in expected.values():
        for words, lines in (
            (old, [line for one in found[file] for line in one.old]),
            (new, [line for one in found[file] for line in one.new]),
        ):
            assert len(lines) == len(words), (file, lines)
            assert all(word in line for word, line in zip(words, lines, strict=True)), lines


def test_a_changed_sentence_is_printed_once(graded: Path, tmp_path: Path) -> None:
    """The table counts the files, the difference stands below it once, the exit status is 1."""
    old, new = (Side(ROOT, letter * 40) for letter in "ab")
    samples = old.samples(ID)
    kept = [tmp_path / "cache" / cache_key(side.commit, samples) / ID for side in (old, new)]
    for place in kept:
        shutil.copytree(graded, place)
        only_what_is_compared(place)
    said: dict[str, str] = {}
    options = argparse.Namespace(old="A", new="B", assignment=[ID], cache=tmp_path / "cache")

    def status(name: str) -> int:
        console = Console(file=(file := io.StringIO()), width=110)
        code = compare(old, new, options, console)
        said[name] = file.getvalue()
        return code

    assert status("same") == 0
    for page in ("result.html", "teacher.html"):
        rewrite(kept[1] / SAMPLE / page, r"</h1>", "</h1><p>A new sentence.</p>")
    assert status("changed") == 1
    assert "differences" not in said["same"]
    assert f"{ID}: 1 differences" in said["changed"]
    assert f"--- {SAMPLE}/result.html, {SAMPLE}/teacher.html\n" in said["changed"]
    assert said["changed"].count("+<p>A new sentence.") == 1
    assert re.search(rf"{ID} +│ +{len(samples)} │ +\d+ │ +2 │ +kept │ +kept", said["changed"])
