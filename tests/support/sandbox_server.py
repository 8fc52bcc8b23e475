"""A program of the tests: runs cells in boxes, as the user that starts it.

    python sandbox_server.py bwrap|landlock [ABI]

A line is a JSON list of requests, {"cells": [...], "limits": {...}}, which are run side by
side, SIDE_BY_SIDE at most; the answer is a line with a list of theirs. With ABI no newer
version of Landlock is used. With "fill" a box may keep compiled programs, and later boxes
see them; the answer to "find" says whether they do. A box that broke for a fault of ours
has "broken" in its answer, and no runs.
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

from grader.assignment.schema import Limits
from grader.core.types import Cell, Submission
from grader.run.kernel.session import HarnessError, open_session
from grader.sandbox import SandboxError, compiled_programs
from grader.sandbox.detect import programs_are_found, try_sandbox
from grader.sandbox.kernel_manager import boxed_kernel
from grader.sandbox.privileges import user_for_a_box
from grader.sandbox.warm_process import SandboxClient, WarmProcess

SIDE_BY_SIDE = 8  # most of these notebooks sleep most of the time


async def run_all(
    warm: WarmProcess, scratch: Path, requests: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """A box for each request, every one in a folder of its own."""
    free, cores = asyncio.Semaphore(SIDE_BY_SIDE), sorted(os.sched_getaffinity(0))

    async def one(number: int, request: dict[str, Any]) -> dict[str, Any]:
        async with free:
            folder = Path(tempfile.mkdtemp(dir=scratch))
            return await answer(warm, folder, request, cores[number % len(cores)])

    return await asyncio.gather(*(one(n, request) for n, request in enumerate(requests)))


async def answer(
    warm: WarmProcess, folder: Path, request: dict[str, Any], core: int
) -> dict[str, Any]:
    """What becomes of one request."""
    if "find" in request:
        return {"found": programs_are_found(warm.client)}
    if "fill" not in request:
        return await run(warm.client, folder, request, core)
    made = folder / "made"
    made.mkdir(mode=0o700)
    done = await run(replace(warm.client, programs_folder=str(made)), folder, request, core)
    compiled_programs.show(compiled_programs.collect(made), Path(warm.client.config.programs))
    return done


async def run(
    link: SandboxClient, folder: Path, request: dict[str, Any], core: int
) -> dict[str, Any]:
    """One submission in a box of its own."""
    cells = tuple(
        Cell(index=i, kind="code", source=source, id=f"cell-{i}")
        for i, source in enumerate(request["cells"])
    )
    submission = Submission(file="hostile.ipynb", sha256="", cells=cells)
    limits = Limits(**request.get("limits", {}))
    kernel = boxed_kernel(folder, link, limits, core)
    try:
        async with open_session(submission, limits, kernel) as session:
            for cell in cells:
                await session.run_cell(cell.index)
            gone = session.kernel_exit
            outputs = [
                "".join(str(o.get("text", "")) for o in session.client.nb.cells[c.index].outputs)
                for c in cells
            ]
    except (HarnessError, SandboxError) as fault:
        return {"broken": str(fault), "runs": [], "text": [], "gone": ["broken", False, ""]}
    return {
        "runs": [[r.status, r.error_name, r.error_text] for r in session.runs],
        "text": outputs,
        "gone": None if gone is None else [str(gone), gone.timeout, gone.limit_exceeded],
        "figures": [figure.mime for figure in session.figures()],
        "notebook": len(session.notebook()),
    }


def main() -> None:
    """Serve requests until standard input ends."""
    with tempfile.TemporaryDirectory(prefix="grader-test-") as scratch:
        if os.geteuid() == 0:
            os.chmod(scratch, 0o711)
        found = try_sandbox(sys.argv[1])  # type: ignore[arg-type]
        if found.config is None:
            print(
                json.dumps({"works": False, "why": f"{found.problem} {found.detail}"}), flush=True
            )
            return
        private = (str(Path(__file__).parents[2] / "reference"),)
        abi = min(found.config.abi, *map(int, sys.argv[2:3] or ["99"]))
        shown = Path(scratch) / "programs"
        compiled_programs.make_folder(shown)
        setup = replace(found.config, scratch=scratch, private=private, abi=abi)
        warm = WarmProcess(replace(setup, programs=str(shown)))
        warm.wait()
        works = {"works": True, "boxed_user": user_for_a_box(sys.argv[1]), "scratch": scratch}
        print(json.dumps(works), flush=True)
        for line in sys.stdin:
            answers = asyncio.run(run_all(warm, Path(scratch), json.loads(line)))
            print(json.dumps(answers), flush=True)
        warm.close()


if __name__ == "__main__":
    main()
