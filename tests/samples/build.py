"""Writes the sample submissions of each homework to its folder in ``submissions/``.

    python tests/samples/build.py            write them, and say what changed
    python tests/samples/build.py --check    only say what would change; 1 if anything would

``expected.toml`` beside them says what the grader should make of each. It is written
by hand, and this script leaves it alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from generated_notebooks import main

from samples.files import files
from samples.handout import ROOT
from samples.lesson import lesson
from samples.right import right
from samples.scratch import scratch
from samples.steps import wrong_steps
from samples.thalamic import thalamic
from samples.wrong import wrong


def samples() -> dict[str, bytes]:
    """Every sample of the Hodgkin-Huxley homework: file name to the bytes of the file."""
    drafts = [*right().items(), *wrong().items(), *wrong_steps().items()]
    built = [*((name, draft.file()) for name, draft in drafts), *files().items()]
    names = [name for name, _ in built]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two samples of the same name: {', '.join(twice)}")
    return dict(built)


SAMPLES = {"hh": samples, "hh-from-scratch": scratch, "hh-lesson": lesson, "thalamic": thalamic}
"""Assignment to what builds its samples."""

if __name__ == "__main__":
    done = [main(__doc__ or "", build, ROOT / "submissions" / id) for id, build in SAMPLES.items()]
    sys.exit(max(done))
