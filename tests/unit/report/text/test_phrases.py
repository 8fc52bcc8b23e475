"""Tests of the reports' sentences: complete in both languages, used, and of no assignment."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import grader.report
from grader.core.messages import catalogue
from tests.support.project import names_in

FOLDER = Path(grader.report.__file__).parent
WORDS = FOLDER.parent / "core" / "messages"


def _report_sentences(language: str) -> dict[str, str]:
    sentences = catalogue(language).sentences
    return {id: text for id, text in sentences.items() if id.startswith("report.")}


def test_both_languages_say_the_same() -> None:
    """The same ids, and in each sentence the same names."""
    en, zh = _report_sentences("en"), _report_sentences("zh")
    assert len(en) > 100
    assert list(en) == list(zh)
    for id in en:
        assert names_in(en[id]) == names_in(zh[id]), id
        assert en[id].strip()
        assert zh[id].strip()


def test_every_sentence_is_there_and_used() -> None:
    """Each literal id exists, and no sentence is left that no code or template names."""
    files = [*FOLDER.rglob("*.py"), *FOLDER.glob("templates/*.j2")]
    text = "\n".join(file.read_text("utf-8") for file in files)
    literal = set(re.findall(r"""say\(f?["'](?:report\.)?([a-z_.0-9]+)["'],?""", text))
    known = {id.removeprefix("report.") for id in _report_sentences("en")}
    others = {id for id in catalogue("en").sentences if id.startswith("verify.")}  # their page
    assert {id for id in literal if not id.endswith(".")} <= known | others
    stems = set(re.findall(r"""["'](?:report\.)?([a-z_]+)\.(?:["']|\{)""", text))
    quoted = set(re.findall(r"""["']((?:report\.)?[a-z_]+(?:\.[a-z_0-9]+)?)["']""", text))
    quoted = {id.removeprefix("report.") for id in quoted}
    instead = {id for id in known if id.startswith(("for_teacher.", "for_own."))}
    assert {id.partition(".")[2] for id in instead} < known
    unused = {id for id in known - quoted - instead if id.split(".")[0] not in stems}
    assert unused == set()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_status_has_its_words(language: str) -> None:
    """Each status of a check, a run and a cell can be said."""
    words = catalogue(language)
    for id in (
        *(f"status.{s}" for s in ("pass", "partial", "fail", "skipped", "error")),
        *(
            f"run.{s}"
            for s in ("ok", "cell_error", "timeout", "memory", "kernel_died", "unreadable")
        ),
        *(f"cell.{s}" for s in ("ok", "error", "timeout", "died", "not_run")),
    ):
        assert words.has(f"report.{id}")


def test_the_reports_know_no_assignment() -> None:
    """No file of the harness names an assignment, a student's class or a channel."""
    files = [*FOLDER.rglob("*.*"), *WORDS.glob("*/report.toml")]
    assert {".py", ".j2", ".css", ".js", ".toml"} <= {file.suffix for file in files}
    named = [
        file.name
        for file in files
        if file.suffix in (".py", ".j2", ".css", ".js", ".toml")
        and re.search(r"\b(HH|IK|INa|IL|hh)\b", file.read_text("utf-8"))
    ]
    assert named == []


def test_reports_import_neither_models_nor_plots() -> None:
    """A report can be made where neither JAX, BrainPy nor matplotlib is installed."""
    ours = (
        "grader.core.types",
        "grader.core.messages",
        "grader.report",
        "grader.core.atomic",
        "grader.core.checksum",
        "grader.core.validation_faults",
    )
    imported = {
        (file.name, name)
        for file in FOLDER.rglob("*.py")
        for name in re.findall(r"(?m)^\s*(?:from|import) ([\w.]+)", file.read_text("utf-8"))
    }
    assert ("html.py", "grader.core.types") in imported
    foreign = {
        (file, name)
        for file, name in imported
        if name.split(".")[0] in ("jax", "brainpy", "matplotlib")
        or (name.startswith("grader") and not name.startswith(ours))
    }
    assert foreign == set()
