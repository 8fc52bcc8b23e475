"""The notebooks that are graded: right copies that differ in a comment, and the samples."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "submissions" / "hh"
RIGHT = SAMPLES / "right-plain.ipynb"


def copies(number: int, folder: Path) -> list[Path]:
    """``number`` right notebooks, each with a comment of its own in every code cell."""
    files = []
    for copy in range(number):
        notebook = json.loads(RIGHT.read_text("utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["source"] = "".join(cell["source"]) + f"\n# copy {copy}"
        files.append(folder / f"copy-{copy:03}.ipynb")
        files[-1].write_text(json.dumps(notebook, ensure_ascii=False), "utf-8")
    return files


def samples(number: int, folder: Path) -> list[Path]:
    """``number`` samples that run to their end, from right to wrong, evenly spread."""
    table = tomllib.loads((SAMPLES / "expected.toml").read_text("utf-8"))
    whole = [SAMPLES / s["file"] for s in table["samples"] if s.get("run") == "ok"]
    chosen = [whole[i * len(whole) // number] for i in range(min(number, len(whole)))]
    return [Path(shutil.copy(file, folder / file.name)) for file in chosen]
