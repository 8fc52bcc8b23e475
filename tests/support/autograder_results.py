"""Results of an autograder, and cells that break one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HOSTILE = """
import glob, os, time
found = glob.glob("{place}/**/rubric.toml", recursive=True)
text = "".join(open(path).read() for path in found)
if text:
    raise RuntimeError("FOUND " + text)
for path in glob.glob("{place}/*/results/results.json") + glob.glob("{place}/*/*/fault.json"):
    try:
        open(path, "w").write('{{"score": 100000}}')
    except OSError:
        pass
for n in range(120):  # the first is a daemon; an error where one is refused
    if os.fork() == 0:
        os.setsid()
        time.sleep(20 if n else 100)
        os._exit(0)
time.sleep(20)
"""
FILLS_DISK = """
kept = []
for n in range(8):
    kept.append(open(f"f{n}", "wb", 0))
    for part in range(80):
        kept[-1].write(bytes(1 << 20))
import time
time.sleep(5)
"""
FILLS_MEMORY = """
kept = [b"x" * (100 << 20) for n in range(24)]
"""


def score_of(results: dict[str, Any]) -> float | None:
    """The mark in percent; None where there is none."""
    if "gradable" in results:
        return 100 * results["score"] if results["gradable"] else None
    score: float | None = results.get("score")
    return score


def marks(results: dict[str, Any]) -> dict[str, Any]:
    """The score and what each test says of it, without the texts: they name the submission."""
    texts = ("output", "message", "description")
    rows = [results, *results.get("tests", ())]
    found = [{key: row[key] for key in row if key not in (*texts, "tests")} for row in rows]
    return {"all": found[0], "tests": found[1:]}


def is_our_fault(results: dict[str, Any]) -> bool:
    """Neither a score nor tests, and a sentence for the student."""
    text = json.dumps(results)
    return score_of(results) is None and "tests" not in results and "tell your teacher" in text


def one_cell(file: Path, source: str) -> Path:
    """A notebook with this cell and no other."""
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "source": source}
    cells = [{**cell, "execution_count": None}]
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    file.write_text(json.dumps(whole), "utf-8")
    return file
