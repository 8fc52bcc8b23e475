"""Long or large output is cut, counted and reported, and costs nothing; a kernel goes on."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.session import Session as KernelSession

from grader.assignment.schema import Limits
from grader.core.types import LARGEST_PICTURE, LARGEST_TEXT, CellRun, Figure
from grader.run.probe import replies, requests
from grader.untrusted.box.output_limit import limit
from tests.support.large_outputs import CELLS, notebook
from tests.support.project import checks, results, run_grader
from tests.support.warm_kernels import COLD, Kernels, submission_of

SLOW = ("logged-lines", "progress", "text-by-programs")
"""Cells that take ten seconds, most of them in the kernel's own streams."""
RUNS_ON = [name for name in CELLS if name not in (*SLOW, "error", "text-without-end")]
EITHER_KERNEL = pytest.mark.parametrize("cold", [False, pytest.param(True, marks=pytest.mark.full)])


class Ran:
    """What became of cells in one kernel."""

    def __init__(self, kernels: Kernels, *sources: str, limits: Limits | None = None) -> None:
        async def run() -> None:
            submission = submission_of(*sources)
            async with kernels.session(submission, limits or Limits()) as session:
                self.runs = [await session.run_cell(cell.index) for cell in submission.cells]
                self.gone = session.kernel_exit
                self.figures = session.figures()
                self.notebook = nbformat.reads(session.notebook(), as_version=4)

        self.runs: list[CellRun] = []
        self.figures: list[Figure] = []
        asyncio.run(run())

    def text(self, index: int) -> str:
        """What a cell printed."""
        return "".join(output.get("text", "") for output in self.notebook.cells[index].outputs)


@pytest.fixture
def kernels(cold: bool, warm: Kernels) -> Kernels:
    """Forks of the warm process, or with ``--full`` also kernels without a box."""
    return COLD if cold else warm


@EITHER_KERNEL
def test_a_kernel_goes_on_after_large_output(kernels: Kernels) -> None:
    """Each kind of large output ends no run, and the cell says how much was left out."""
    ran = Ran(kernels, *(CELLS[name] for name in RUNS_ON))
    assert ran.gone is None
    assert {name: run.status for name, run in zip(RUNS_ON, ran.runs, strict=True)} == dict.fromkeys(
        RUNS_ON, "ok"
    )
    left = dict(zip(RUNS_ON, (run.omitted for run in ran.runs), strict=True))
    assert left["text-in-one-line"].bytes_written == 10_000_001
    assert left["text-in-one-line"].bytes_kept <= LARGEST_TEXT
    assert left["repr"].bytes_written > 30_000_000 > 300_000 > left["repr"].bytes_kept
    assert left["table"].bytes_written > 20_000_000 > 300_000 > left["table"].bytes_kept
    assert (
        left["error-caught"].bytes_written > 20_000_000 > 300_000 > left["error-caught"].bytes_kept
    )
    assert left["widget"].bytes_written > 40_000_000
    assert left["widget"].bytes_kept == 0
    figures = {name: run.figures for name, run in zip(RUNS_ON, ran.runs, strict=True)}
    assert {name: count for name, count in figures.items() if count} == {
        "picture": 1,
        "pictures": 2000,
        "vector-picture": 1,
    }
    assert (left["picture"].pictures_shrunk, left["picture"].pictures_dropped) == (1, 0)
    assert left["picture"].largest_picture > 7_000_000
    assert left["vector-picture"].pictures_dropped == 1
    assert 0 < left["pictures"].pictures_dropped < 2000
    (smaller,) = [f for f in ran.figures if f.cell == RUNS_ON.index("picture")]
    assert base64.b64decode(smaller.data).startswith(b"\x89PNG")
    assert 100_000 < len(smaller.data) <= LARGEST_PICTURE


@EITHER_KERNEL
def test_a_cell_leaves_room_for_those_below(kernels: Kernels) -> None:
    """Where cells have put out more than is kept, the picture of a later one is still kept."""
    later = "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show(); print('below')"
    ran = Ran(kernels, *[CELLS["pictures"]] * 4, later, limits=Limits(output_mb=8))
    assert ran.gone is None
    assert [run.figures for run in ran.runs] == [2000] * 4 + [1]
    (figure,) = [figure for figure in ran.figures if figure.cell == 4]
    assert base64.b64decode(figure.data).startswith(b"\x89PNG")
    assert ran.text(4) == "below\n"


@EITHER_KERNEL
def test_many_small_pieces_of_text_are_all_kept(kernels: Kernels) -> None:
    """Text that comes in many pieces is kept whole and in order, in few outputs."""
    pieces = "import sys\nfor i in range(3000): print(i, file=sys.stderr, flush=True)"
    ran = Ran(kernels, pieces, "print('next')")
    assert ran.text(0).split() == [str(i) for i in range(3000)]
    assert len(ran.notebook.cells[0].outputs) < 150
    assert ran.runs[0].omitted.bytes_written == 0
    assert ran.text(1) == "next\n"


@EITHER_KERNEL
def test_an_endless_print_loop_is_a_time_limit(kernels: Kernels) -> None:
    """It ends by its time limit, nothing else is lost, and how much it printed is known."""
    limits = Limits(cell_seconds=1.5)
    ran = Ran(kernels, CELLS["text-without-end"], "print('next')", limits=limits)
    assert [run.status for run in ran.runs] == ["timeout", "ok"]
    assert ran.text(1) == "next\n"
    assert ran.runs[0].omitted.bytes_kept < 500_000 < ran.runs[0].omitted.bytes_written


def test_a_long_error_keeps_its_line(warm: Kernels) -> None:
    """An exception with a text of 20 MB is that cell's error, with its line and its name."""
    (run,) = Ran(warm, "x = 1\n" + CELLS["error"]).runs
    assert (run.status, run.error_name, run.line) == ("error", "ValueError", 2)
    assert run.error_text.startswith("zzz")


class Limited:
    """A kernel's own session with limits; what it would send is what it returns."""

    def __init__(self, text: int = 1000, picture: int = 1000, everything: int = 100_000) -> None:
        self.session = KernelSession()
        limit(self.session, text, picture, everything)

    def show(self, data: dict[str, Any]) -> Any:
        """Send the data of an output."""
        return self.session.send(None, "display_data", {"data": data, "metadata": {}})

    def reply(self, **content: Any) -> Any:
        """Send the reply to a cell."""
        return self.session.send(None, "execute_reply", {"status": "ok", **content})


def test_what_is_no_picture_is_left_out_as_one() -> None:
    """Bytes that can't be made smaller are dropped; the text beside them stays, and it counts."""
    limited = Limited()
    noise = base64.b64encode(bytes(5000)).decode()
    sent = limited.show({"image/png": noise, "text/plain": "<Figure>"})
    assert sent["content"]["data"] == {"text/plain": "<Figure>"}
    assert limited.reply()["metadata"]["grader_left_out"] == {
        **{"bytes_written": 0, "bytes_kept": 0, "pictures_shrunk": 0},
        **{"pictures_dropped": 1, "largest_picture": len(noise) * 3 // 4},
    }
    assert limited.reply()["metadata"] == {}


def test_answers_are_never_cut() -> None:
    """The reply's own values are kept whole, and a large payload loses all but quit()."""
    payload = [{"source": "page", "data": "x" * 100_000}, {"source": "ask_exit"}]
    sent = Limited().reply(user_expressions={"reply": "y" * 500_000}, payload=payload)
    assert sent["content"]["user_expressions"] == {"reply": "y" * 500_000}
    assert sent["content"]["payload"] == [{"source": "ask_exit"}]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The result of a right notebook with the large output of many cells above its classes."""
    place = tmp_path_factory.mktemp("large")
    file = notebook([CELLS[name] for name in RUNS_ON], place / "large.ipynb")
    done = run_grader("grade", file, "-a", "hh", "-o", place / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    return results(place / "out")["large"]


def test_large_output_costs_nothing_and_is_reported(graded: dict[str, Any]) -> None:
    """A right notebook keeps full marks; the report says which cells put out too much."""
    assert (graded["run"]["status"], graded["score"]) == ("ok", graded["max_score"])
    notes = "\n".join(graded["submission"]["notes"])
    for sentence in ("MB of output, and", "appear smaller", "They count as pictures"):
        assert sentence in notes


@pytest.mark.parametrize(
    "sandbox",
    [
        pytest.param("bwrap", marks=pytest.mark.exhaustive),
        pytest.param("landlock", marks=pytest.mark.full),
        pytest.param("none", marks=pytest.mark.exhaustive),
    ],
)
def test_each_kind_alone_costs_nothing(sandbox: str, tmp_path: Path) -> None:
    """In each sandbox and without one, each kind of large output alone costs nothing."""
    (place := tmp_path / "in").mkdir()
    for name, source in CELLS.items():
        short = source.replace("100_000", "20_000")
        notebook([short], place / f"{name}.ipynb")
    out = tmp_path / "out"
    limits = ("--cell-seconds", "20", "--notebook-seconds", "90")
    done = run_grader("grade", place, "-a", "hh", "-o", out, "--sandbox", sandbox, *limits)
    if done.returncode == 2 and not out.exists():
        pytest.skip(done.stderr)
    found = results(out)
    lost = {
        name: [id for id, check in checks(result).items() if check["points"] < check["max_points"]]
        for name, result in found.items()
    }
    ended = ("error", "text-without-end")
    expected = {name: ["hh.execution.runs"] if name in ended else [] for name in CELLS}
    assert lost == expected, json.dumps({name: r["run"] for name, r in found.items()})


def test_a_saved_picture_that_is_too_large_counts(warm: Kernels) -> None:
    """Saved pictures that are not carried to the report, for their size or number, still count."""
    saves = (
        "for name, size in {'a.png': 9_000_000, 'b.png': 10, 'c.pdf': 10, 'd.png': 0}.items():\n"
        "    with open(name, 'wb') as file: file.write(bytes(size))"
    )

    async def run() -> list[tuple[Figure, float]]:
        async with warm.session(submission_of(saves), Limits()) as session:
            await session.run_cell(0)
            asked = requests.expression("read_figures", {"max_bytes": requests.MAX_FIGURES})
            return replies.read_figures(replies.reply_text(await session.ask(asked, 30)))

    assert sorted((f.name, f.mime) for f, _ in asyncio.run(run())) == [
        ("", ""),
        ("", ""),
        ("b.png", "image/png"),
    ]
