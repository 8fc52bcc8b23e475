"""A program of the tests: runs cells in boxes, as the user that starts it.

    python boxes.py bwrap|landlock

One JSON request a line: {"cells": [...], "limits": {...}}; one JSON answer a line.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from grader.assignment import Limits
from grader.box.choose import look
from grader.box.manager import boxed_kernel
from grader.box.warm import WarmBox
from grader.run.session import open_session
from grader.stages import Cell, Submission


async def run(warm: WarmBox, folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """One submission in a box of its own."""
    cells = tuple(
        Cell(index=i, kind="code", source=source, id=f"cell-{i}")
        for i, source in enumerate(request["cells"])
    )
    submission = Submission(file="hostile.ipynb", sha256="", cells=cells)
    limits = Limits(**request.get("limits", {}))
    kernel = boxed_kernel(folder, warm.link, limits, min(os.sched_getaffinity(0)))
    async with open_session(submission, limits, kernel) as session:
        for cell in cells:
            await session.run_cell(cell.index)
        gone = session.gone
        outputs = [
            "".join(str(o.get("text", "")) for o in session.client.nb.cells[c.index].outputs)
            for c in cells
        ]
    return {
        "runs": [[r.status, r.error_name, r.error_text] for r in session.runs],
        "text": outputs,
        "gone": None if gone is None else [str(gone), gone.timeout, gone.excess],
        "notebook": len(session.notebook()),
    }


def main() -> None:
    """Serve requests until standard input ends."""
    with tempfile.TemporaryDirectory(prefix="grader-test-") as scratch:
        if os.geteuid() == 0:
            os.chmod(scratch, 0o711)
        found = look(sys.argv[1])  # type: ignore[arg-type]
        if found.setup is None:
            print(
                json.dumps({"works": False, "why": f"{found.why_not} {found.detail}"}), flush=True
            )
            return
        private = (str(Path(__file__).parents[1] / "reference"),)
        warm = WarmBox(replace(found.setup, scratch=scratch, private=private))
        warm.wait()
        print(json.dumps({"works": True, "uid": os.getuid(), "scratch": scratch}), flush=True)
        for number, line in enumerate(sys.stdin):
            folder = Path(scratch) / str(number)
            folder.mkdir(mode=0o700)
            answer = asyncio.run(run(warm, folder, json.loads(line)))
            print(json.dumps(answer), flush=True)
        warm.close()


if __name__ == "__main__":
    main()
