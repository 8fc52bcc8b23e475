"""The reference on both devices, and how fast a panel and a population are on each."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.judge.devices import GPU_FROM
from tests.gpu.machine import Machine
from tests.gpu.parts import Part, run, variables

SIZES = (16, 64, 256, 1024, 4096, 16384)
STEPS = 500
KINDS = {"panel": "reference, float64", "population": "BrainPy, float32"}
OF_GPU = 0.6  # of the time for speed: there every program is compiled for longer


def compare_references(here: Machine, folder: Path, until: float) -> Part:
    """How far the reference on the GPU is from the CPU's, over what each check allows."""
    title = "The reference on the GPU, as the CPU's"
    head = ("assignment", "measures", "farthest, of what is allowed", "at")
    if not here.gpu:
        return Part(title=title, head=head, rows=(), not_tried=(f"{title}: needs a GPU",))
    ran = run("tests.gpu.work", ["reference", "gpu"], variables("gpu"), folder, until)
    return judged(title, head, ran.lines(), ran.fault(), complete=ran.status == 0)


def judged(
    title: str, head: tuple[str, ...], lines: Sequence[Any], fault: str, *, complete: bool
) -> Part:
    """What the measures say; one that is no number is beyond what is allowed."""
    counts = Counter(line["assignment"] for line in lines)
    rows, wrong = [], [f"{title}: {fault}"] if fault else []
    for id, number in counts.items():
        own = [line for line in lines if line["assignment"] == id]
        worst = max(own, key=_share)
        rows.append((id, str(number), f"{_share(worst):.1e}", worst["what"]))
        wrong += [
            f"{id}, {line['what']}: {line['far']:.3g} apart, allowed {line['allowed']:.3g}"
            for line in own
            if not line["far"] <= line["allowed"]
        ]
    late = () if complete or fault else (f"{title}: time was over after {len(lines)} measures",)
    return Part(title=title, head=head, rows=tuple(rows), wrong=tuple(wrong), not_tried=late)


def _share(line: Mapping[str, Any]) -> float:
    share = line["far"] / line["allowed"]
    return math.inf if math.isnan(share) else share


def measure_speed(here: Machine, folder: Path, until: float) -> Part:
    """Milliseconds of each size on each device, and from which size the GPU is faster."""
    title = f"Milliseconds of {STEPS} steps, and how many times faster the GPU is"
    found: dict[tuple[str, str], dict[int, float]] = {}
    wrong: list[str] = []
    said: list[str] = []
    not_tried: list[str] = []
    for device in ("cpu", "gpu") if here.gpu else ("cpu",):
        for number, kind in enumerate(KINDS):
            now = time.monotonic()
            last = device == "gpu" or not here.gpu
            mine = (until - now) * (1.0 if last else 1.0 - OF_GPU) / (2 - number)
            (place := folder / f"{device}-{kind}").mkdir()
            asked = ["speed", kind, str(STEPS), *map(str, SIZES)]
            ran = run("tests.gpu.work", asked, variables(device), place, now + mine)
            lines = ran.lines()
            found[device, kind] = {line["neurons"]: line["seconds"] for line in lines}
            if ran.fault():
                wrong.append(f"{kind} on the {device}: {ran.fault()}")
            elsewhere = {line["computes_on"] for line in lines} - {device}
            wrong += [f"{kind} for the {device} was computed on the {one}" for one in elsewhere]
            if ran.status is None:
                left = [str(size) for size in SIZES if size not in found[device, kind]]
                not_tried.append(f"{kind} on the {device}, time was over: {', '.join(left)}")
    if not here.gpu:
        not_tried.append("speed on a GPU: needs a GPU")
    else:
        at = faster_from(found["cpu", "panel"], found["gpu", "panel"])
        here_from = "at no size" if at is None else f"from {at:,} neurons on"
        said.append(f"--device auto takes a GPU from {GPU_FROM:,}; here it is faster {here_from}")
    head = ["neurons"]
    for kind, what in KINDS.items():
        head += [f"{kind} ({what}), CPU", "GPU", "CPU / GPU"]
    rows = tuple(_row(size, found) for size in SIZES)
    return Part(
        title=title,
        head=tuple(head),
        rows=rows,
        wrong=tuple(wrong),
        said=tuple(said),
        not_tried=tuple(not_tried),
    )


def _row(size: int, found: Mapping[tuple[str, str], Mapping[int, float]]) -> tuple[str, ...]:
    cells = [f"{size:,}"]
    for kind in KINDS:
        cpu, gpu = (found.get((device, kind), {}).get(size) for device in ("cpu", "gpu"))
        cells += [f"{1000 * each:.3g}" if each else "" for each in (cpu, gpu)]
        cells.append(f"{cpu / gpu:.2g}" if cpu and gpu else "")
    return tuple(cells)


def faster_from(cpu: Mapping[int, float], gpu: Mapping[int, float]) -> int | None:
    """The size from which the GPU is faster at all that were measured; None where at none."""
    fastest = None
    for size in sorted(cpu.keys() & gpu.keys(), reverse=True):
        if gpu[size] >= cpu[size]:
            break
        fastest = size
    return fastest
