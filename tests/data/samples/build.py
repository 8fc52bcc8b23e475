"""Writes the sample submissions of each homework to its folder in ``submissions/``.

    python -m tests.data.samples.build            write them, and say what changed
    python -m tests.data.samples.build --check    only say what would change; 1 if anything would

``expected.toml`` beside them says what the grader should make of each. It is written
by hand, and this script leaves it alone.
"""

from __future__ import annotations

import sys

from tests.data.samples.files import files
from tests.data.samples.handout import ROOT
from tests.data.samples.lesson import lesson
from tests.data.samples.right import right
from tests.data.samples.scratch import scratch
from tests.data.samples.steps import wrong_steps
from tests.data.samples.thalamic import thalamic
from tests.data.samples.wrong import wrong
from tests.support.generated_notebooks import main


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
