"""What a student is shown by `grader check`: the table, the language, and no answer."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.cli.check import check
from grader.cli.options import choose_language
from grader.core.messages import catalogue
from tests.support.sample_reports import (
    SECRETS,
    crashed,
    hostile,
    not_graded,
    partly_wrong,
    perfect,
    residual,
)
from tests.support.self_checks import as_self_check, one_line, shown

CHINESE = "膜电位 V 与门控变量 n 按下面的方程变化，请补全三个离子通道的反转电位和最大电导。"
ENGLISH = (
    "The membrane potential and its gates follow these equations; now fill in the blanks of "
    "the three channels below, and look at what the neuron does with them."
)


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_table_says_what_and_where(width: int) -> None:
    """Every public check is a line with a sign; what fails has a place, and a step to take."""
    text = shown(as_self_check(partly_wrong()), width)
    assert max(map(len, text.splitlines())) <= width
    for one in as_self_check(partly_wrong()).checks:
        assert re.search(rf"^[✓✗≈–] {re.escape(one.title)}", text, re.M), one.title
    assert "(cell 25, line 7)" in one_line(text)
    steps = text.split("What to try next")[1]
    assert re.findall(r"^(\d)\. ", steps, re.M) == ["1", "2"]
    assert "15 of 23 public checks pass; further stimuli are used when it is graded." in one_line(
        text
    )


def test_a_step_to_take_is_said_once() -> None:
    """A mistake that two exercises share is one step."""
    parts = tuple(replace(residual(), part=part) for part in ("The channel", "The neuron"))
    text = shown(replace(as_self_check(perfect()), residuals=parts))
    assert one_line(text).split("What to try next")[1].count(parts[0].mistake) == 1


def test_all_right_is_one_sentence() -> None:
    """It says that these are not all the stimuli, in both languages."""
    english, chinese = (shown(as_self_check(perfect(language))) for language in ("en", "zh"))
    assert english.rstrip().endswith(
        "All public checks pass; further stimuli are used when it is graded."
    )
    assert chinese.rstrip().endswith("公开检查全部通过；正式评分时还会使用其他刺激。")
    assert "next" not in english


def test_a_run_that_stopped_comes_first() -> None:
    """The error, its line, and to mend it before all else."""
    text = one_line(shown(as_self_check(crashed())))
    assert "NameError: name 'Il' is not defined" in text
    assert "1. Cell 26 stopped with an error." in text
    assert "All public checks" not in text


def test_a_fault_of_ours_is_no_fault_of_the_work() -> None:
    """Nothing counts as passed or failed then."""
    text = shown(as_self_check(not_graded()))
    assert "✗" not in text
    assert "public checks pass" not in text


@pytest.mark.parametrize("report", [hostile, partly_wrong, crashed], ids=lambda r: r.__name__)
def test_the_terminal_obeys_no_notebook(report: object) -> None:
    """No control character of a notebook's gets through, no colour, and nothing hidden."""
    assert callable(report)
    whole = report()
    assert [secret for secret in SECRETS if secret in repr(whole)]
    for text in (shown(as_self_check(whole)), shown(whole)):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", text)
        assert not [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize(
    ("text", "named", "locale", "language"),
    [
        (CHINESE, "", "en_GB.UTF-8", "zh"),
        (ENGLISH, "", "zh_CN.UTF-8", "en"),
        (CHINESE, "en", "zh_CN.UTF-8", "en"),
        (ENGLISH, "fr", "zh_CN.UTF-8", "en"),
        (CHINESE + ENGLISH, "", "zh_TW", "zh"),
        ("x = 1", "", "zh_CN.UTF-8", "zh"),
        ("x = 1", "", "de_DE.UTF-8", "en"),
        ("x = 1", "", "C", "en"),
    ],
    ids=range(8),
)
def test_the_notebooks_language_comes_before_the_locales(
    text: str,
    named: str,
    locale: str,
    language: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is asked for counts first, then what the notebook names or speaks, then the locale."""
    cells = [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell("x = 1")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["grader"] = {"language": named}
    nbformat.write(notebook, tmp_path / "a.ipynb")
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", locale)
    assert choose_language(None, tmp_path / "a.ipynb") == language
    assert {choose_language(other, tmp_path / "a.ipynb") for other in ("en", "zh")} == {"en", "zh"}


@pytest.mark.parametrize(
    "line",
    ["", "--help", "-h", "chekc a.ipynb", "--nix", "check", "check -h", "check --nix a.ipynb",
     "check a.ipynb b.ipynb", "check a.ipynb --lang fr", "check a.ipynb --cell-seconds 0",
     "check none.ipynb", "check a.ipynb -o a.txt", "check a.ipynb -a nix", "check a.ipynb"],
)  # fmt: skip
def test_the_command_speaks_chinese(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that a student may ask for or mistype is answered in click's own English."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    (tmp_path / "a.ipynb").write_text('{"cells": [', "utf-8")
    done = CliRunner().invoke(main, line.split())
    assert re.search("[一-鿿]{4}", done.output), done.output
    assert not re.search(r"Usage|Error|Options|[Nn]o such|Show|invalid|Missing|Try", done.output)
    assert done.exit_code == (0 if line in ("", "--help", "-h", "check -h") else 2)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_help_names_every_command_and_option(language: str) -> None:
    """Of the program and of `check`: the catalogue's text is not click's, and may fall behind."""
    words = catalogue(language)
    assert set(re.findall(r"^  grader ([a-z]+)", words.render("cli.main.help"), re.M)) == {
        *main.commands
    }
    options = {name for option in check.params for name in option.opts if name.startswith("-")}
    explained = set(re.findall(r"(?<!\S)--?[a-z-]+", words.render("cli.check.help")))
    assert options - {"--in-cell"} == explained - {"-h", "--help"}
