"""The message catalogue: complete in both languages, and every message exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from grader.assignment.load import load_assignment
from grader.core.messages import LANGUAGES, Catalogue, catalogue, format_value
from tests.support.project import ROOT, names_in

ASSIGNMENTS = sorted(file.parent for file in ROOT.glob("assignments/*/assignment.toml"))


@pytest.fixture(params=[None, *ASSIGNMENTS], ids=lambda f: f.name if f else "harness")
def both(request: pytest.FixtureRequest) -> tuple[Catalogue, Catalogue]:
    return catalogue("en", request.param), catalogue("zh", request.param)


def test_no_sentence_is_missing_in_a_language(both: tuple[Catalogue, Catalogue]) -> None:
    """Every sentence exists in English and in Chinese."""
    english, chinese = both
    assert sorted(english.sentences) == sorted(chinese.sentences)


def test_both_languages_name_the_same_values(both: tuple[Catalogue, Catalogue]) -> None:
    """A sentence asks for no value that its other language doesn't ask for."""
    english, chinese = both
    different = {
        id
        for id in english.sentences
        if names_in(english.sentences[id]) != names_in(chinese.sentences[id])
    }
    # A value may be left out where a language has no place for it, but only by design.
    assert different <= {"checks.base.wrong", "checks.title.parameter"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", ASSIGNMENTS, ids=lambda folder: folder.name)
def test_every_assignment_has_words_of_its_own(folder: Path, language: str) -> None:
    """The lesson's own for each parameter that is asked about: no report says "parameter E"."""
    assert (folder / "words" / f"{language}.toml").is_file()
    words, asked = catalogue(language, folder), load_assignment(folder)
    parameters = {check.parameter for check in asked.checks if check.kind == "parameter"}
    assert {name for name in parameters if not words.has(f"assignment.term.{name}")} == set()


def test_a_spike_and_a_pulse_are_two_words_in_chinese() -> None:
    """Handouts call what is injected 脉冲, so that no sentence may call a spike so."""
    for folder in (None, *ASSIGNMENTS):
        sentences = catalogue("zh", folder).sentences
        assert any("动作电位" in sentence for sentence in sentences.values())
        assert {id for id, sentence in sentences.items() if "脉冲" in sentence} == set()


@pytest.mark.parametrize("stop", [".", "。", ""])
def test_no_sentence_stops_twice(stop: str) -> None:
    """A value that ends in a full stop gives it up where the sentence goes on with its own."""
    error = f"TypeError: no such thing{stop}"
    english, chinese = (
        catalogue(language).render("run.hint.misplaced", cell=1, error=error)
        for language in ("en", "zh")
    )
    assert "no such thing. A channel" in english
    assert "no such thing。" in chinese
    assert not re.search(r"[.。]\s*[.。]", english + chinese)


def test_a_value_without_a_unit_leaves_no_gap() -> None:
    """And one with it keeps its distance."""
    words = catalogue("en")
    for unit, shown in (("", "0.25, not"), (" mV", "0.25 mV, not")):
        sentence = words.render("checks.parameter.wrong", term="x", name="K", found=0.25, unit=unit)
        assert shown in sentence


def test_every_message_that_the_code_names_exists() -> None:
    """No code can ask for a sentence that the catalogue lacks."""
    known = set(catalogue("en").sentences)
    families = {id.split(".")[0] for id in known}
    asked = {_full(file, node.value) for file, call in _calls() for node in _messages(call)}
    asked = {id for id in asked if id.split(".")[0] in families}
    assert len(asked) > 40
    assert asked - known == set()


ERRORS = {
    "AssignmentNotFound": "cli.place",
    "ClusterError": "cluster",
    "ExportError": "export.error",
    "GradebookError": "gradebook.error",
    "PassbackError": "passback.error",
    "NoResponse": "passback.error",
}


def test_every_error_that_the_code_raises_has_its_sentence_and_its_values() -> None:
    """No fault can end in a missing sentence, or in one that lacks a value."""
    sentences, seen = catalogue("en").sentences, 0
    for file, call in _calls():
        prefix = ERRORS.get(getattr(call.func, "id", ""))
        if prefix is None:
            continue
        values = {keyword.arg for keyword in call.keywords}
        for node in ast.walk(call.args[0]):
            id = f"{prefix}.{node.value}" if isinstance(node, ast.Constant) else ""
            if id in sentences and None not in values:
                assert names_in(sentences[id]) <= values, f"{file}: {id}"
                seen += 1
        if isinstance(call.args[0], ast.Constant):
            assert f"{prefix}.{call.args[0].value}" in sentences, file
    assert seen > 40


@cache
def _calls() -> list[tuple[Path, ast.Call]]:
    """Every call in the harness, with its file."""
    return [
        (file, node)
        for file in (ROOT / "grader").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
    ]


def _full(file: Path, id: str) -> str:
    """The report's own phrases are named without their first part."""
    return f"report.{id}" if "report" in file.parts and not id.startswith("report.") else id


def _messages(call: ast.Call) -> Iterator[ast.Constant]:
    """String constants given to a call as a message id, conditional ones too."""
    ids = [k.value for k in call.keywords if k.arg == "message_id"]
    if getattr(call.func, "attr", "") == "say" and call.args:
        ids.append(call.args[0])
    for value in ids:
        for node in [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node


def test_unknown_sentence_is_an_error() -> None:
    """A missing sentence raises, so that nothing is left blank in a report."""
    with pytest.raises(KeyError, match=r"no sentence 'checks\.nothing'"):
        catalogue("en").render("checks.nothing")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-54.387, "\N{MINUS SIGN}54.387"),
        (0.03, "0.03"),
        (1e-7, "1e-07"),
        (120.0, "120"),
        (None, "\N{EM DASH}"),
        (float("nan"), "NaN"),
        (8, "8"),
        ("a", "a"),
    ],
)
def test_values_are_shown_as_people_write_them(value: float, text: str) -> None:
    """Numbers lose no digit that matters and carry no zeros that don't."""
    assert format_value(value) == text
