"""Writes the hostile notebooks to this folder: the teacher's solution with an attack added.

    python -m tests.data.hostile.build            write them, and say what changed
    python -m tests.data.hostile.build --check    only say what would change; 1 if anything would

Each file of ``attacks/`` is one cell. Its first line says on what it stands and where it
goes: ``# right, last``. With ``last and first`` it makes a second notebook, ``early-...``.
``expected.toml``, written by hand, says what it tries and what must come of it. Every attack
is bounded in itself: at most 60 s, 200 processes, 300 MB and 1.1 GB of messages, nothing but
loopback, and no file but canaries with ``grader-hostile`` in their names. So a run without a
box hurts no machine.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tests.data.samples.handout import Draft, code, filled, released
from tests.support.generated_notebooks import main

HERE = Path(__file__).resolve().parent
CELLS = ("imports", "channel-IK", "channel-INa", "channel-IL", "HH", "HH-run")
HEAD = re.compile(r"# (right|wrong), (first|last|last and first|instead of the class)\n")


def base(kind: str) -> Draft:
    """What an attack stands on, cut down to the cells that count.

    ``wrong`` has all six parameters wrong: what it gets honestly is all that an attack
    on it may get.
    """
    wrong = released().fill(
        IK="IK(size, E=77., g_max=20.)",
        INa="INa(size, E=-50., g_max=200.)",
        IL="IL(size, E=-70., g_max=0.3)",
    )
    draft = (filled() if kind == "right" else wrong).only(CELLS)
    run, show, _ = draft["HH-run"].source.partition("plt.show()\n")  # one figure is enough
    draft = draft.write("HH-run", run + show)
    return replace(draft, metadata={"grader": draft.metadata["grader"]})


def hostile(source: str) -> list[Draft]:
    """The notebooks of one attack. Raises ``ValueError`` for a first line of another kind."""
    head = HEAD.match(source)
    if head is None:
        raise ValueError(f"the first line must be like '# right, last', not {source[:40]!r}")
    attack = source[head.end() :]
    draft = base(head[1]).insert(code("prelude", prelude(attack)), after="imports")
    cell = code("attack", attack)
    first, last = draft.insert(cell, after="prelude"), draft.append(cell)
    match head[2]:
        case "instead of the class":
            return [draft.write("HH", attack)]
        case "first":
            return [first]
        case "last":
            return [last]
    return [last, first]


def prelude(attack: str) -> str:
    """The parts of ``prelude.py`` that ``attack`` needs."""
    names, *functions = (HERE / "prelude.py").read_text("utf-8").split("\n\n\n")
    kept = [names]
    for function in reversed(functions):  # marked() needs call()
        if function.split("(")[0].removeprefix("def ") + "(" in attack + "".join(kept[1:]):
            kept.insert(1, function)
    return "\n\n\n".join(kept)


def notebooks() -> dict[str, bytes]:
    """Every hostile notebook: file name to the bytes of the file."""
    built = {"honest-wrong.ipynb": base("wrong").file()}
    for file in sorted((HERE / "attacks").glob("*.py")):
        late, *early = hostile(file.read_text("utf-8"))
        built[f"{file.stem}.ipynb"] = late.file()
        built |= {f"early-{file.stem}.ipynb": draft.file() for draft in early}
    return built


def on_wrong_model() -> list[str]:
    """The names of the notebooks whose attack stands on the wrong model."""
    return [
        name
        for file in sorted((HERE / "attacks").glob("*.py"))
        if file.read_text("utf-8").startswith("# wrong, ")
        for name in (f"{file.stem}.ipynb", f"early-{file.stem}.ipynb")
        if (HERE / name).is_file()
    ]


def with_canaries(notebook: bytes, names: Mapping[str, str | int]) -> bytes:
    """A notebook with ``names`` in the place of the prelude's: CANARIES, PORT, BYSTANDER.

    What is graded differs from what is committed in these values alone.
    """
    text = notebook.decode()
    for name, value in names.items():
        shown = f'\\"{value}\\"' if isinstance(value, str) else str(value)
        text = re.sub(rf'(?<=\\n){name} = (\\"[^"]*\\"|\d+)', lambda _: f"{name} = {shown}", text)  # noqa: B023
    return text.encode()


if __name__ == "__main__":
    sys.exit(main(__doc__ or "", notebooks, HERE))
