"""What of the hidden checks stands in the files that students of a graded folder get."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.core.messages import format_value
from grader.report.formats import FORMATS
from tests.support.project import ROOT, results

_DERIVATIVE = re.compile(r"d[\w.]+/dt$")


def reached(graded: Path, id: str) -> dict[str, set[str]]:
    """By file: names, stimuli, values and sentences of hidden checks, and the seed.

    The folder was graded with every format.
    """
    rubric = tomllib.loads((ROOT / "reference" / id / "rubric.toml").read_text("utf-8"))
    stimuli = {stimulus["name"] for stimulus in rubric["stimuli"]}
    by_folder = results(graded)
    public = set().union(*(_said(result, "public") for result in by_folder.values()))
    found: dict[str, set[str]] = {}
    for folder, result in by_folder.items():
        secrets = (_said(result, "hidden") - public) | stimuli | {str(result["provenance"]["seed"])}
        for name in {"result.html", "result.md", *(format.file for format in FORMATS.values())}:
            path = graded / folder / name
            text = (path if path.is_file() else graded / name).read_text("utf-8")
            visible = re.sub(r"data:image/[a-z]+;base64,[A-Za-z0-9+/=]+", "", text)
            there = {s for s in secrets if s in visible and _as_a_word(s, visible)}
            found |= {f"{folder}/{name}": there} if there else {}
    return found


def _as_a_word(said: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(said)}(?!\w)", text) is not None


def _said(result: Mapping[str, Any], visibility: str) -> set[str]:
    """What checks of one visibility say: ids, titles, details, messages of faults, numbers.

    A number counts where nobody could come upon it by chance. A title that is a derivative's
    mere symbol doesn't: a report draws where a student's equations differ.
    """
    said: set[str] = set()
    for check in (c for c in result["checks"] if c["visibility"] == visibility):
        numbers = [value for value in check["measured"].values() if isinstance(value, float)]
        said |= {
            form
            for v in numbers
            for form in (repr(v), format_value(v))
            if len(form.strip("−-")) > 4
        }
        said |= {check["id"], check["detail"]}
        said |= set() if _DERIVATIVE.search(check["title"]) else {check["title"]}
        said |= {check["message"]} if check["status"] in ("fail", "partial") else set()
    return said - {""}
