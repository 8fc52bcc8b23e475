"""What differs between two folders that ``grader grade`` filled, line by line.

Each file becomes lines of text: a JSON file one line for each value, with its path in front, so
that a difference says which check it belongs to. What is never the same twice is struck out first,
by name: ``STRUCK_OUT`` says what, in which files, and why. Nothing here imports the grader, so that
two versions of it can be compared whose modules have other names.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

NOT_COMPARED = {
    "probe.json": "stored evidence, whose keys are the code's own names; its arrays are compared",
    "executed.ipynb of a run that was cut": "how far it came is a matter of moments",
}
_CUT = ("timeout", "memory", "kernel_died")
_MARK = "(struck out)"
_SHOWN_LINES = 6  # of each side of a difference
_SHOWN_WIDTH = 160


@dataclass(frozen=True)
class StruckOut:
    """The group of ``pattern``, in a line of a file named like ``files``, is no difference."""

    what: str
    files: str
    pattern: re.Pattern[str]

    def strike(self, line: str) -> str:
        return self.pattern.sub(_without_group, line)


def _without_group(match: re.Match[str]) -> str:
    start, end = (match.start(1) - match.start(), match.end(1) - match.start())
    return match[0][:start] + _MARK + match[0][end:]


def _struck(what: str, files: str, pattern: str) -> StruckOut:
    return StruckOut(what, files, re.compile(pattern))


_PROBE_FRAME = r"  File (?:\\?\"|&#34;)(?:<|&lt;)grader "
_CUT_TEXT = re.compile(rf"\A(?!Traceback).*?(?=^{_PROBE_FRAME})", re.MULTILINE | re.DOTALL)
_CUT_DETAIL = re.compile(
    r"(?<=<pre class=\"detail\">)(?!Traceback)"
    rf"(?=[^<]*?{_PROBE_FRAME})"
    r"(?:(?:[^<\n]*\n){40}(?=(?:[^<\n]*\n){39}[^<\n]*</pre>)"
    rf"|[^<]*?(?=^{_PROBE_FRAME}))",
    re.MULTILINE,
)
"""The beginning of a traceback of which the last characters are kept, up to the probe's first
frame: where it begins depends on how long the names of the probe are. A page shows 40 lines of
each end, and ``result.json`` all of them."""
_PICTURE = r"image/\w+;base64,([^\"]+\" width=\"\d+\" height=\"\d+)"

STRUCK_OUT: Sequence[StruckOut] = (
    # What a commit may change without changing a result.
    _struck(
        "digests of the assignment", "*/result.json", r"^assignment\.(?:digest|files\..*): (.*)"
    ),
    _struck("digests of the assignment", "*.html", r"<dt>Assignment digest</dt><dd[^>]*>(\w+)<"),
    _struck("digests of the assignment", "*", r"Assignment [\w-]+, version ([0-9a-f]{12})\b"),
    _struck("digests of the code", "*/result.json", r"^provenance\.(?:code|intake): (.*)"),
    _struck("digests of the code", "*.html", r"<dt>(?:code|intake)</dt><dd>(\w+)<"),
    _struck(
        "where the probe's own code was in a traceback",
        "*",
        rf"{_PROBE_FRAME}(\w+(?:>|&gt;)(?:\\\"|&#34;), line \d+, in \S+?)\"?$",
    ),
    _struck("version of the grader", "*/result.json", r"^provenance\.grader: (.*)"),
    _struck("version of the grader", "*.html", r"<dt>grader</dt><dd>([^<]+)<"),
    _struck("version of the grader", "*", r"Graded by grader (\S+) ·"),
    # Digests of files that hold what no two runs agree on; those files are compared themselves.
    _struck("digests of files with times in them", "*/result.json", r"^(?:pages\..*|seal): (.*)"),
    _struck("digests of files with times in them", "*/result.json", r"^provenance\.evidence: (.*)"),
    _struck("digests of files with times in them", "*.html", r"<dt>evidence</dt><dd>(\w+)<"),
    # How long things took, and when.
    _struck("seconds", "*/result.json", r"^run\.seconds: ([\d.e-]+)"),
    _struck("seconds", "summary.json", r"^seconds: ([\d.e-]+)"),
    _struck("seconds", "index.html", r"<td role=\"cell\">([\d.]+)</td><td role=\"cell\">$"),
    _struck("seconds", "index.html", r"<p>Graded in ([\d.]+) s\."),
    _struck("seconds", "*.html", r"<span>([\d.]+) s</span>"),
    _struck("seconds", "*/teacher.html", r"<td role=\"cell\" class=\"number\">(\d+\.\d\d)</td>"),
    _struck("seconds", "junit.xml", r"<testsuites? .*?\btime=\"([\d.]+)\""),
    _struck(
        "times", "*/executed.ipynb", r"\.metadata\.execution\.[\w.]+: \"(\d{4}-[\d-]+T[\d:.]+Z)\""
    ),
    _struck("seconds", "console.txt", r" graded in (\d+) s;"),
    _struck("seconds", "right-warnings/executed.ipynb", r"DEBUG:jax.* in ([\d.]+) sec"),
    # Most notebooks start their own simulation at random, so its figures and records are others
    # each time. How many there are, where and of what kind, is compared.
    _struck("figures that students drew", "*.html", rf"<img src=\"data:{_PICTURE}\""),
    _struck("figures that students drew", "*/executed.ipynb", r"\.data\.image/[\w+]+: \"(.*)\""),
    _struck(
        "numbers that students' own random runs printed",
        "right-exploration-*/executed.ipynb",
        r"outputs\[0\]\.text\[0\]: \"(?:最大值|float64) (-?[\d.]+)\"",
    ),
    _struck("what students' own random runs recorded", "*/evidence.txt", r"^\w+ \(1,\) (\w+)"),
)


def only_what_is_compared(folder: Path) -> None:
    """Leave out of a graded folder what is not compared, and digests for the evidence's arrays.

    A digest covers an array to its last bit, in some bytes instead of a megabyte. They are
    sorted: what an array is called is the code's own matter.
    """
    (folder / ".lock").unlink(missing_ok=True)
    for result in folder.glob("*/result.json"):
        result.with_name("probe.json").unlink(missing_ok=True)
        if json.loads(result.read_text("utf-8"))["run"]["status"] in _CUT:
            result.with_name("executed.ipynb").unlink(missing_ok=True)
    for file in folder.glob("*/evidence.npz"):
        with np.load(file, allow_pickle=False) as arrays:
            each = sorted(f"{a.dtype} {a.shape} {_digest(a)}" for a in map(arrays.get, arrays))
        file.with_suffix(".txt").write_text("\n".join(each), "utf-8")
        file.unlink()


def _digest(array: np.ndarray) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()


def _lines(file: Path) -> Iterable[str]:
    text = file.read_text("utf-8")
    if file.suffix == ".ipynb":
        return _flat(_with_joined_streams(json.loads(text)))
    if file.suffix == ".json":
        return _flat(json.loads(text))
    if file.suffix == ".html":  # a tag or a table's row a line: pages have some very long ones
        text = _CUT_DETAIL.sub(f"{_MARK}\n", text)
        text = re.sub(r">(?=<(?!(?:t[dh]|dd)\b))", ">\n", text)
    return text.split("\n")


def _with_joined_streams(notebook: dict[str, Any]) -> dict[str, Any]:
    """Make one of the parts in which a cell printed: how many there are is a matter of moments."""
    for cell in notebook["cells"]:
        joined: list[dict[str, Any]] = []
        for output in cell.get("outputs", ()):
            before = joined[-1] if joined else {}
            if output["output_type"] == "stream" and before.get("name") == output["name"]:
                before["text"] = [*before["text"], *output["text"]]
            else:
                joined.append(output)
        if "outputs" in cell:
            cell["outputs"] = joined
    return notebook


def _flat(value: object, path: str = "") -> Iterator[str]:
    """Each value below ``value`` with its path, each line of a text as one of its own."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for i, item in enumerate(value):
            name = item.get("id", i) if isinstance(item, dict) else i
            yield from _flat(item, f"{path}[{name}]")
    else:
        if isinstance(value, str):
            value = _CUT_TEXT.sub(f"{_MARK}\n", value)
        for part in value.split("\n") if isinstance(value, str) else [value]:
            yield f"{path}: {json.dumps(part, ensure_ascii=False)}"


def _struck_out(line: str, path: str) -> str:
    for one in STRUCK_OUT:
        if fnmatchcase(path, one.files):
            line = one.strike(line)
    return line


@dataclass(frozen=True)
class Difference:
    """Lines that stand in the old file only, and those that stand there in the new one."""

    old: tuple[str, ...]
    new: tuple[str, ...]

    def shown(self) -> str:
        """As a unified diff shows it, a bounded part of it."""
        pairs = zip(*(side[0] if side else "" for side in (self.old, self.new)), strict=False)
        shared = next((i for i, (a, b) in enumerate(pairs) if a != b), 0)
        return "\n".join([*_shown("-", self.old, shared), *_shown("+", self.new, shared)])


def _shown(sign: str, lines: Sequence[str], shared: int) -> Iterator[str]:
    for line in lines[:_SHOWN_LINES]:
        start = max(0, shared - _SHOWN_WIDTH // 2) if len(line) > _SHOWN_WIDTH else 0
        cut = line[start : start + _SHOWN_WIDTH]
        yield f"{sign}{'…' * (start > 0)}{cut}{'…' * (start + len(cut) < len(line))}"
    if len(lines) > _SHOWN_LINES:
        yield f"{sign}… {len(lines) - _SHOWN_LINES} more lines"


def differences(old: Path, new: Path) -> dict[str, list[Difference]]:
    """What differs between two graded folders, by file; every file has an entry."""
    before, after = _files(old), _files(new)
    found = {}
    for path in sorted({*before, *after}):
        if path not in after:
            found[path] = [Difference((f"the file {path}",), ())]
        elif path not in before:
            found[path] = [Difference((), (f"the file {path}",))]
        else:
            found[path] = list(
                _between(*(_compared(files[path], path) for files in (before, after)))
            )
    return found


def _files(folder: Path) -> dict[str, Path]:
    return {str(file.relative_to(folder)): file for file in folder.rglob("*") if file.is_file()}


def _compared(file: Path, path: str) -> list[str]:
    """The lines of a file, with everything struck out that is no difference."""
    return [_struck_out(line, path) for line in _lines(file)]


def _between(old: Sequence[str], new: Sequence[str]) -> Iterator[Difference]:
    if old == new:  # quicker
        return
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new).get_opcodes():
        if tag != "equal":
            yield Difference(tuple(old[a:b]), tuple(new[c:d]))


def by_difference(found: Mapping[str, Iterable[Difference]]) -> dict[Difference, list[str]]:
    """The files of each difference: one sentence that changed stands in hundreds of them."""
    files: dict[Difference, list[str]] = {}
    for path, each in found.items():
        for one in dict.fromkeys(each):
            files.setdefault(one, []).append(path)
    return files
