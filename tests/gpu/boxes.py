"""``--device gpu`` in each sandbox: whether a notebook has the GPU, and has it alone."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from grader.sandbox import gpu
from grader.sandbox.detect import NAMES, try_sandbox
from tests.gpu.machine import Machine
from tests.gpu.parts import Part, Ran, run, variables
from tests.support.project import SOLUTION, results

TITLE = "--device gpu in each sandbox"
HEAD = ("sandbox", "notebooks ran on", "at a time", "marks", "seconds")
BEGAN = """\
import ctypes, json, time, jax
began, why = time.time(), ""
try:
    jax.local_devices(backend="gpu")
except RuntimeError as error:
    why = str(error)
    try:
        why += f"; cuInit says {ctypes.CDLL('libcuda.so.1').cuInit(0)}"
    except OSError as missing:
        why += f"; {missing}"
print(json.dumps({"began": began, "platform": jax.devices()[0].platform, "why": why}))
"""
ENDED = """\
import json, time, jax
place = next(iter(jax.numpy.zeros(3).devices()))
time.sleep(1)
print(json.dumps({"ended": time.time(), "platform": place.platform}))
"""


def try_boxes(here: Machine, folder: Path, until: float) -> Part:
    """Two right notebooks in each sandbox; without a GPU, how it is refused."""
    files = notebooks(folder)
    if not here.gpu:
        return refused(graded(files, folder, "auto", "gpu", until))
    rows, wrong, not_tried = [], [], []
    names = [name for name in NAMES if try_sandbox(name).config is not None]
    not_tried += [f"{TITLE}: {name} does not work here" for name in NAMES if name not in names]
    closed = [n for n in gpu.existing_paths(gpu.CARDS) if Path(n).stat().st_mode & 0o006 != 0o006]
    wrong += [f"{node} is closed to the boxes' user" for node in closed]
    for number, name in enumerate(names):
        now = time.monotonic()
        (place := folder / name).mkdir()
        mine = now + (until - now) / (len(names) - number)
        ran = graded(files, place, name, "gpu", mine)
        if ran.status is None:
            not_tried.append(f"{TITLE}: {name}, time was over")
            continue
        row, faults = told(name, place / "out", ran, time.monotonic() - now)
        rows.append(row)
        wrong += [f"{TITLE}: {name}: {fault}" for fault in faults]
    return Part(
        title=TITLE, head=HEAD, rows=tuple(rows), wrong=tuple(wrong), not_tried=tuple(not_tried)
    )


def notebooks(folder: Path) -> list[Path]:
    """The solution twice, with cells that say where it runs, and when."""
    (handed_in := folder / "handed-in").mkdir()
    solution = json.loads(SOLUTION.read_text("utf-8"))
    blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    first = {**blank, "id": "began", "source": BEGAN}
    last = {**blank, "id": "ended", "source": ENDED}
    whole = json.dumps({**solution, "cells": [first, *solution["cells"], last]})
    files = [handed_in / "one.ipynb", handed_in / "two.ipynb"]
    for file in files:
        file.write_text(whole, "utf-8")
    return files


def graded(files: list[Path], folder: Path, sandbox: str, device: str, until: float) -> Ran:
    """``grader grade`` of ``files`` into ``folder``'s "out", two at a time where it may."""
    asked = ["grade", *map(str, files), "-a", "hh", "-o", str(folder / "out"), "--lang", "en"]
    asked += ["--sandbox", sandbox, "--device", device, "--jobs", "2", "--seed", "18"]
    return run("grader", asked, variables(device), folder, until)


def told(sandbox: str, out: Path, ran: Ran, seconds: float) -> tuple[tuple[str, ...], list[str]]:
    """A row on what two notebooks met, and what is wrong about it."""
    faults = [ran.fault()] if ran.fault() else []
    found = results(out)
    scores = [result["score"] for result in found.values()]
    if scores != [100, 100]:
        faults.append(f"expected 100 points twice, got {scores}")
        faults += [str(r["run"]["error"]) for r in found.values() if r["run"]["error"]]
    spans, platforms, whys = [], set(), set()
    for id in found:
        said = _printed(out / id / "executed.ipynb")
        platforms |= {one["platform"] for one in said}
        whys |= {one["why"] for one in said if one.get("why")}
        spans.append((said[0]["began"], said[-1]["ended"]) if len(said) == 2 else (0.0, 0.0))
    if platforms != {"gpu"}:
        where = ", ".join(sorted(platforms)) or "nothing"
        faults.append("; ".join([f"ran on {where} instead of the GPU", *sorted(whys)]))
    overlap = len(spans) == 2 and min(s[1] for s in spans) > max(s[0] for s in spans)
    if overlap:
        faults.append("two notebooks had the GPU at once")
    where, marks = ", ".join(sorted(platforms)), ", ".join(f"{score}" for score in scores)
    return (sandbox, where, "2" if overlap else "1", marks, f"{seconds:.0f}"), faults


def _printed(notebook: Path) -> list[dict[str, Any]]:
    """What `BEGAN` and `ENDED` printed, in their order."""
    if not notebook.exists():
        return []
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    texts = [
        "".join(output.get("text", ""))
        for cell in cells
        for output in cell.get("outputs", [])
        if output["output_type"] == "stream"
    ]
    return [json.loads(line) for text in texts for line in text.splitlines() if "platform" in line]


def refused(ran: Ran) -> Part:
    """Without a GPU: ``--device gpu`` ends with status 2 and a sentence, and grades nothing."""
    last = (ran.errors.strip().splitlines() or [""])[-1]
    right = ran.status == 2 and "JAX sees no GPU" in ran.errors
    wrong = () if right else (f"--device gpu without a GPU: status {ran.status}: {last}",)
    said = (f"--device gpu without a GPU ends with status {ran.status}: {last}",)
    needs = (f"{TITLE}: needs a GPU",)
    return Part(title=TITLE, head=HEAD, rows=(), wrong=wrong, said=said, not_tried=needs)
