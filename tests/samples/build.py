"""Writes the sample submissions of the Hodgkin-Huxley homework to ``submissions/hh/``.

    python tests/samples/build.py            write them, and say what changed
    python tests/samples/build.py --check    only say what would change; 1 if anything would

``expected.toml`` beside them says what the grader should make of each. It is written
by hand, and this script leaves it alone.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from samples.files import files
from samples.handout import ROOT
from samples.right import right
from samples.wrong import wrong

FOLDER = ROOT / "submissions/hh"


def samples() -> dict[str, bytes]:
    """Every sample: file name to the bytes of the file."""
    drafts = [*right().items(), *wrong().items()]
    built = [*((name, draft.file()) for name, draft in drafts), *files().items()]
    names = [name for name, _ in built]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two samples of the same name: {', '.join(twice)}")
    return dict(built)


def changes(folder: Path) -> list[str]:
    """What a build would change in ``folder``, one sentence a file."""
    built = samples()
    there = {file.name: file.read_bytes() for file in folder.glob("*.ipynb")}
    return [
        *(f"{name}: is missing" for name in sorted(built.keys() - there.keys())),
        *(f"{name}: is built by nothing" for name in sorted(there.keys() - built.keys())),
        *(
            f"{name}: differs"
            for name in sorted(built)
            if there.get(name, built[name]) != built[name]
        ),
    ]


def write(folder: Path) -> None:
    """Make ``folder`` hold exactly the samples."""
    built = samples()
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.ipynb"):
        if file.name not in built:
            file.unlink()
    for name, content in built.items():
        (folder / name).write_bytes(content)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    found = changes(FOLDER)
    print("\n".join(found) or "nothing changed")
    if not check:
        write(FOLDER)
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
