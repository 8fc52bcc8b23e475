"""The labels of samples, which say what is right for each: the reader of ``expected.toml``.

    [[samples]]
    file = "right-plain.ipynb"
    about = "one sentence: what kind of student made this"
    outcome = "graded"              # or "not_graded"
    run = "ok"                      # or cell_error, timeout, memory, kernel_died, unreadable
    score = [100, 100]              # the lowest and the highest score that is right
    loses = []                      # ids of checks, globs allowed, none of which may pass
    keeps = ["*.parameters.*"]      # ids of checks, globs allowed, all of which must pass
    notes = []                      # words that the notes or messages must hold

``load_samples`` reads it strictly, ``disagreements`` holds a ``result.json`` against one
of its entries.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeGuard, get_args

from grader.core.types import Outcome, RunStatus
from grader.core.validation_faults import suggest_name

OUTCOMES: tuple[str, ...] = get_args(Outcome)
RUNS: tuple[str, ...] = get_args(RunStatus)
SLACK = 1e-9  # points are sums of floats

ValueRule = tuple[str, Callable[[object], bool]]
"""The words for what is expected as a value, and the test of one."""


class ExpectedError(ValueError):
    """``expected.toml`` is wrong; the message names every fault, one a line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One labelled submission; ``score`` is an inclusive range of points."""

    file: str
    about: str
    outcome: str
    run: str
    score: tuple[float, float]
    loses: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


KEYS = tuple(field.name for field in fields(Sample))
REQUIRED = tuple(field.name for field in fields(Sample) if field.default is MISSING)


def load_samples(folder: Path) -> tuple[Sample, ...]:
    """Return the entries of ``folder``'s ``expected.toml``, in its order.

    Raises ``ExpectedError`` with all faults of the file at once.
    """
    return parse_samples(read_entries(folder))


def read_entries(folder: Path) -> list[Any]:
    """Return the ``[[samples]]`` tables of ``folder``'s ``expected.toml``, unchecked."""
    file = folder / "expected.toml"
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ExpectedError(f"{file.name}: {error}") from error
    faults = [f"{key}: unknown key" for key in data if key != "samples"]
    entries = data.get("samples")
    if not isinstance(entries, list) or not entries:
        faults.append("samples: expected at least one [[samples]] table")
        entries = []
    if faults:
        raise ExpectedError("\n".join(f"{file.name}: {fault}" for fault in faults))
    return entries


def parse_samples(entries: Sequence[Any], more: Sequence[str] = ()) -> tuple[Sample, ...]:
    """Make samples of tables. ``more``: faults found already, reported with those found here."""
    faults = list(more)
    for i, entry in enumerate(entries):
        faults += [f"samples[{i}]{fault}" for fault in _faults(entry)]
    names = [entry.get("file") for entry in entries if isinstance(entry, dict)]
    faults += [
        f"samples[{i}].file: {name!r} has an entry already"
        for i, name in enumerate(names)
        if name in names[:i]
    ]
    if faults:
        raise ExpectedError("\n".join(f"expected.toml: {fault}" for fault in faults))
    return tuple(_sample(entry) for entry in entries)


def _sample(entry: Mapping[str, Any]) -> Sample:
    lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
    return Sample(**{**entry, **lists})


def disagreements(sample: Sample, result: Mapping[str, Any]) -> list[str]:
    """Every way in which a ``result.json`` differs from what is expected, in words.

    Nothing that is missing from ``result`` counts as agreement.
    """
    checks: Sequence[Mapping[str, Any]] = result.get("checks") or ()
    status = {check["id"]: check["status"] for check in checks}
    run = result.get("run") or {}
    found = []
    if result.get("outcome") != sample.outcome:
        found.append(f"outcome: expected {sample.outcome}, got {result.get('outcome')}")
    if run.get("status") != sample.run:
        why = f" ({run['error']})" if run.get("error") else ""
        found.append(f"run.status: expected {sample.run}, got {run.get('status')}{why}")
    found += _score(sample, result.get("score"))
    for pattern in sample.loses:
        found += _held(pattern, status, "lost", lambda one: one != "pass")
    for pattern in sample.keeps:
        found += _held(pattern, status, "passed", lambda one: one == "pass")
    words = _words(result)
    found += [f"notes: {note!r} does not occur" for note in sample.notes if not _says(words, note)]
    return found


def _score(sample: Sample, score: object) -> list[str]:
    low, high = sample.score
    asked = f"score: expected {low:g}" if low == high else f"score: expected {low:g} to {high:g}"
    if not _is_number(score):
        return [f"{asked}, got {score!r}"]
    return [] if low - SLACK <= score <= high + SLACK else [f"{asked}, got {score:g}"]


def _held(
    pattern: str, status: Mapping[str, str], asked: str, is_right: Callable[[str], bool]
) -> list[str]:
    """Return what speaks against the checks that ``pattern`` names; that it names none, too."""
    named = {id: one for id, one in status.items() if fnmatchcase(id, pattern)}
    if not named:
        return [f"{pattern}: expected to be {asked}, but the result has no such check"]
    return [
        f"{id}: expected to be {asked}, got {one}" for id, one in named.items() if not is_right(one)
    ]


def _words(result: Mapping[str, Any]) -> str:
    """All that a result says in words."""
    notes = (result.get("submission") or {}).get("notes") or ()
    return "\n".join(
        [*notes, *(check.get("message") or "" for check in result.get("checks") or ())]
    )


def _says(words: str, note: str) -> bool:
    """Tell whether ``note`` occurs as it is, and not as a part of a longer number or word."""
    return bool(re.search(rf"(?<![\dA-Za-z_.]){re.escape(note)}(?![\dA-Za-z_]|\.\d)", words))


def _faults(entry: object) -> list[str]:
    """Return what is wrong with one ``[[samples]]`` table, each with its key in front."""
    if not isinstance(entry, dict):
        return [": expected a table"]
    faults = []
    for key in entry.keys() - set(KEYS):
        faults.append(f".{key}: unknown key{suggest_name(key, KEYS)}")
    faults += [f".{key}: is missing" for key in REQUIRED if key not in entry]
    faults += [
        f".{key}: expected {expected}, got {entry[key]!r}"
        for key, (expected, is_right) in VALUES.items()
        if key in entry and not is_right(entry[key])
    ]
    return sorted(faults)


def _is_words(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_list_of_words(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_words, value))


def _is_range(value: object) -> bool:
    if not isinstance(value, list) or len(value) != 2 or not all(map(_is_number, value)):
        return False
    return bool(0 <= value[0] <= value[1])


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


_LIST_OF_WORDS: ValueRule = ("a list of words", _is_list_of_words)
VALUES: Mapping[str, ValueRule] = {
    "file": ("words", _is_words),
    "about": ("words", _is_words),
    "outcome": (f"one of {', '.join(OUTCOMES)}", OUTCOMES.__contains__),
    "run": (f"one of {', '.join(RUNS)}", RUNS.__contains__),
    "score": ("[lowest, highest]", _is_range),
    "loses": _LIST_OF_WORDS,
    "keeps": _LIST_OF_WORDS,
    "notes": _LIST_OF_WORDS,
}
"""The rule for the value of each key."""
