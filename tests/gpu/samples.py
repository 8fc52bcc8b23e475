"""Twenty labelled samples with ``--device cpu`` and ``--device gpu``: verdicts and labels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from grader.authoring.verify.sample_labels import disagreements, load_samples
from tests.gpu.machine import Machine
from tests.gpu.parts import ROOT, Part, run, variables

SAMPLES: Mapping[str, tuple[str, ...]] = {
    "thalamic": ("right-plain", "ICaT-on-potassium", "unfilled"),
    "hh-from-scratch": ("right-plain", "right-euler-by-hand", "V-starts-at-minus-65"),
    "hh-lesson": ("right-plain", "IK-n-cubed", "monitors-exchanged"),
    "hh": (
        *("right-plain", "right-printed-formula", "right-gates-p-q", "right-float32-state"),
        *("right-own-exponential-euler", "g_Na-20-percent-off", "n-cubed", "E_K-sign"),
        *("two-of-three", "channels-of-the-library", "NameError-in-init"),
    ),
}
"""Twenty, those of one assignment in one batch."""

Results = dict[str, dict[str, Any]]


def compare_verdicts(here: Machine, folder: Path, until: float) -> Part:
    """Every check of every sample, on the CPU, on the GPU where there is one, and its label."""
    rows, wrong, not_tried = [], [], []
    number = sum(map(len, SAMPLES.values()))
    devices = ("cpu", "gpu") if here.gpu else ("cpu",)
    with ThreadPoolExecutor(max(1, min(len(SAMPLES), here.processors // 4))) as pool:
        batches = {
            (id, device): pool.submit(graded, id, folder, device, until)
            for device in devices
            for id in SAMPLES
        }
    for id in SAMPLES:
        found = {device: batches[id, device].result() for device in devices}
        faults = {device: fault for device, (_, fault) in found.items() if fault}
        wrong += [f"{id}, --device {device}: {fault}" for device, fault in faults.items()]
        row, apart, missing = held(id, {device: results for device, (results, _) in found.items()})
        rows.append(row)
        wrong += apart
        if missing and not faults:
            not_tried.append(f"samples of {id}, time was over: {', '.join(missing)}")
    title = f"Verdicts of {number} labelled samples"
    if not here.gpu:
        not_tried.append(f"{title} with --device gpu: needs a GPU")
    head = ("assignment", "graded with --device cpu", "and gpu", "the same", "as labelled")
    return Part(
        title=title, head=head, rows=tuple(rows), wrong=tuple(wrong), not_tried=tuple(not_tried)
    )


def graded(id: str, folder: Path, device: str, until: float) -> tuple[Results, str]:
    """Results of one batch by the sample's name, and how it failed; less where time is over."""
    (place := folder / f"{id}-{device}").mkdir()
    files = [str(ROOT / "submissions" / id / f"{name}.ipynb") for name in SAMPLES[id]]
    asked = ["grade", *files, "-a", id, "-o", str(place / "out"), "--lang", "en"]
    ran = run("grader", [*asked, "--device", device], variables(device), place, until)
    found = {}
    for file in place.glob("out/*/result.json"):
        result = json.loads(file.read_text("utf-8"))
        found[Path(result["submission"]["file"]).stem] = result
    return found, ran.fault()


def held(id: str, by_device: Mapping[str, Results]) -> tuple[tuple[str, ...], list[str], list[str]]:
    """A row on the samples of one assignment, in what they differ, and which are missing."""
    labels = {Path(one.file).stem: one for one in load_samples(ROOT / "submissions" / id)}
    wrong, missing, same, labelled = [], [], 0, 0
    for name in SAMPLES[id]:
        results = {device: found[name] for device, found in by_device.items() if name in found}
        missing += [f"{name} on the {device}" for device in by_device if device not in results]
        off = {device: disagreements(labels[name], one) for device, one in results.items()}
        wrong += [f"{id}/{name}, --device {d}: {in_short(way)}" for d, way in off.items() if way]
        labelled += bool(results) and not any(off.values())
        if len(results) == 2:
            apart = differences(results["cpu"], results["gpu"])
            same += not apart
            wrong += [f"{id}/{name}: {in_short(apart)}"] if apart else []
    counts = [
        str(len(by_device[device])) if device in by_device else "" for device in ("cpu", "gpu")
    ]
    row = (id, *counts, str(same) if "gpu" in by_device else "", str(labelled))
    return row, wrong, missing


def in_short(ways: Sequence[str]) -> str:
    """The first of them, and how many there are beside it."""
    more = len(ways) - 1
    return f"{ways[0]}{f' (and {more} more)' if more else ''}"


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """In what two results differ: outcome, end of the run, score, and every check's verdict."""
    first, second = verdict(one), verdict(other)
    return [
        f"{what}: {first.get(what)} on the CPU, {second.get(what)} on the GPU"
        for what in sorted(first.keys() | second.keys())
        if first.get(what) != second.get(what)
    ]


def verdict(result: Mapping[str, Any]) -> dict[str, Any]:
    """What may not differ between devices."""
    checks = {c["id"]: (c["status"], c["points"], c["message_id"]) for c in result["checks"]}
    run_ = result["run"]["status"]
    return {"outcome": result["outcome"], "run": run_, "score": result["score"], **checks}
