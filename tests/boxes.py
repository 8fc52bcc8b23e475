"""A program of the tests: runs cells in boxes, as the user that starts it.

    python boxes.py bwrap|landlock

One JSON request a line: {"cells": [...], "limits": {...}}; one JSON answer a line.
With "fill" the box may keep compiled programs, and later boxes see them; the answer to
"find" says whether they do.
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
from grader.box import programs
from grader.box.choose import finds_programs, look
from grader.box.manager import boxed_kernel
from grader.box.user import USER
from grader.box.warm import Link, WarmBox
from grader.run.session import open_session
from grader.stages import Cell, Submission


async def run(link: Link, folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """One submission in a box of its own."""
    cells = tuple(
        Cell(index=i, kind="code", source=source, id=f"cell-{i}")
        for i, source in enumerate(request["cells"])
    )
    submission = Submission(file="hostile.ipynb", sha256="", cells=cells)
    limits = Limits(**request.get("limits", {}))
    kernel = boxed_kernel(folder, link, limits, min(os.sched_getaffinity(0)))
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


def answer(warm: WarmBox, folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """What becomes of one request."""
    if "find" in request:
        return {"found": finds_programs(warm.link)}
    if "fill" not in request:
        return asyncio.run(run(warm.link, folder, request))
    made = folder / "made"
    made.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(made, USER, USER)
    done = asyncio.run(run(replace(warm.link, fill=str(made)), folder, request))
    programs.show(programs.collect(made), Path(warm.link.setup.programs))
    return done


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
        shown = Path(scratch) / "programs"
        programs.make_folder(shown)
        setup = replace(found.setup, scratch=scratch, private=private, programs=str(shown))
        warm = WarmBox(setup)
        warm.wait()
        print(json.dumps({"works": True, "uid": os.getuid(), "scratch": scratch}), flush=True)
        for number, line in enumerate(sys.stdin):
            folder = Path(scratch) / str(number)
            folder.mkdir(mode=0o700)
            print(json.dumps(answer(warm, folder, json.loads(line))), flush=True)
        warm.close()


if __name__ == "__main__":
    main()
