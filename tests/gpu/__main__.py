"""Whether a GPU gives what the CPU gives, how fast each is, and a table of both.

    python -m tests.gpu                     at most eight minutes
    python -m tests.gpu --out gpu.md        the table as Markdown; as JSON in gpu.json

Exit status: 0 when all that could be tried agrees, 1 where something differs. What was not
tried is said in the last lines: without a GPU the GPU's part, and what time did not allow.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.gpu import boxes, machine, numbers, samples, table
from tests.gpu.parts import Part

SECONDS = 460.0  # of all parts; their ends take some more
SHARES: tuple[tuple[Callable[..., Part], float], ...] = (
    (boxes.try_boxes, 0.2),
    (numbers.compare_references, 0.2),
    (numbers.measure_speed, 0.2),
    (samples.compare_verdicts, 0.4),
)
"""Each part, and its share of the time; what one leaves over, the next ones have too."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try everything that can be tried here; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.gpu", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--out", type=Path, help="write the table to this file, .md or .json")
    out: Path | None = parser.parse_args(arguments).out
    if out is not None and out.suffix not in (".md", ".json"):
        parser.error(f"{out}: its name must end in .md or .json")
    start = time.monotonic()
    here = machine.look()
    print(here.in_words(), flush=True)
    parts, until = [], start
    with tempfile.TemporaryDirectory(prefix="grader-gpu-") as folder:
        Path(folder).chmod(0o711)  # as root, notebooks are run by another user
        for work, share in SHARES:
            until += share * SECONDS
            (place := Path(folder) / work.__name__).mkdir()
            print(f"... {work.__name__}", file=sys.stderr, flush=True)
            part = work(here, place, until)
            print(f"\n{table.of_part(part)}", flush=True)
            parts.append(part)
    whole = table.Outcome(here, tuple(parts), time.monotonic() - start)
    print(f"\n{whole.in_words()}")
    if out is not None:
        out.write_text(whole.as_json() if out.suffix == ".json" else whole.as_markdown(), "utf-8")
    return 1 if whole.differs else 0


if __name__ == "__main__":
    sys.exit(main())
