"""What must come of each hostile notebook: the reader of ``expected.toml``.

It has the keys of ``grader.authoring.verify.sample_labels`` and these:

    run = ["ok", "memory"]          # a list where more than one ending is right
    promise = "cannot_read_home"    # the promise that the notebook tests
    must_not = ["reached", "leak"]  # what must not happen; see FACTS
    says = "grader-hostile"         # words among its outputs: the attack was really tried
    box = true                      # the box has a part in what comes of it: tried in each kind
    small = true                    # tried by the tests that run without an option, too
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grader.authoring.verify.sample_labels import (
    RUNS,
    ExpectedError,
    Sample,
    disagreements,
    parse_samples,
    read_entries,
)

FACTS = {
    "reached": "an attempt that must be refused got through, by the notebook's own word",
    "leak": "a canary that only the outside knows occurs in what the grader wrote about it",
    "markup": "the notebook's markup stands on a page as markup",
    "touched": "a canary file was changed, moved, or a new one made",
    "planted": "a file for the next submission lies where the notebook put it",
    "connected": "a listener outside heard something",
    "disturbed": "a process of somebody else was stopped, ended or slowed",
    "left": "a process was still running after the grader had ended",
    "grown": "the grader's own processes grew beyond a gigabyte",
    "sibling": "an honest submission of the same batch lost a point",
}
OF_THE_BOX = ("reached", "planted", "connected", "disturbed", "left")
"""What the box keeps from happening, whichever notebook tries it."""

OWN_KEYS = ("promise", "must_not", "says", "box", "small")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hostile:
    """One hostile notebook; ``runs`` are the endings that are right."""

    sample: Sample
    runs: tuple[str, ...]
    promise: str
    must_not: tuple[str, ...]
    says: str = "ATTACK "
    box: bool = False
    small: bool = False

    @property
    def name(self) -> str:
        """The notebook's name without its ending."""
        return Path(self.file).stem

    @property
    def file(self) -> str:
        """The notebook's name."""
        return self.sample.file


def load_hostile(folder: Path) -> tuple[Hostile, ...]:
    """The entries of ``folder``'s ``expected.toml``. Raises ``ExpectedError`` with all faults."""
    entries = read_entries(folder)
    own = [_own(entry) for entry in entries]
    faults = [f"samples[{i}]{fault}" for i, entry in enumerate(own) for fault in _faults(entry)]
    plain = [_plain(entry) for entry in entries]
    samples = parse_samples(plain, faults)
    return tuple(
        Hostile(
            sample=sample,
            runs=tuple(table["run"]),
            promise=table["promise"],
            must_not=tuple(table["must_not"]),
            says=table.get("says", "ATTACK "),
            box=table.get("box", False),
            small=table.get("small", False),
        )
        for sample, table in zip(samples, own, strict=True)
    )


def wrong_verdict(expected: Hostile, result: Mapping[str, Any]) -> list[str]:
    """Every way in which a ``result.json`` is not the verdict that was asked for, in words."""
    status = (result.get("run") or {}).get("status")
    run = status if status in expected.runs else " or ".join(expected.runs)
    return disagreements(replace(expected.sample, run=run), result)


def _own(entry: object) -> dict[str, Any]:
    """The keys of ours, with ``run`` as a list."""
    if not isinstance(entry, dict):
        return {}
    run = entry.get("run")
    return {key: entry[key] for key in OWN_KEYS if key in entry} | {
        "run": run if isinstance(run, list) else [run]
    }


def _plain(entry: object) -> object:
    """The keys that ``verify.sample_labels`` knows, with one ending for ``run``."""
    if not isinstance(entry, dict):
        return entry
    table = {key: value for key, value in entry.items() if key not in OWN_KEYS}
    if isinstance(table.get("run"), list):
        table["run"] = table["run"][0] if table["run"] else None
    return table


def _faults(own: Mapping[str, Any]) -> list[str]:
    faults = []
    if not all(run in RUNS for run in own.get("run", ())):
        faults.append(f".run: expected some of {', '.join(RUNS)}, got {own['run']!r}")
    promise = own.get("promise")
    if not (isinstance(promise, str) and re.fullmatch(r"[a-z][a-z_]*[a-z]", promise)):
        faults.append(f".promise: expected a_name_like_this, got {promise!r}")
    named = own.get("must_not")
    if not isinstance(named, list) or not named:
        faults.append(f".must_not: expected a list of facts, got {named!r}")
    else:
        faults += [f".must_not: unknown fact {fact!r}" for fact in named if fact not in FACTS]
    if not isinstance(own.get("says", ""), str):
        faults.append(f".says: expected words, got {own['says']!r}")
    for key in ("box", "small"):
        if not isinstance(own.get(key, False), bool):
            faults.append(f".{key}: expected true or false, got {own[key]!r}")
    return faults


__all__ = ["FACTS", "OF_THE_BOX", "ExpectedError", "Hostile", "load_hostile", "wrong_verdict"]
