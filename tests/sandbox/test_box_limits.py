"""What a box may take, for every backend and user that there is here."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from grader.sandbox.limits import count_sharing_threads
from tests.support.greedy_cells import ATTEMPTS, FURTHER_NOTEBOOKS, LEFT, NOTEBOOKS
from tests.support.sandboxes import LARGE, SandboxServer, outputs

PROCESSES = 64  # that a box may hold


@dataclass
class Ended:
    """What became of notebooks that take too much, and of honest ones that ran beside them."""

    boxes: SandboxServer
    done: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> dict[str, Any]:
        """Of one notebook; those that run beside it are run when the first of them is asked for."""
        if name not in self.done:
            notebooks = NOTEBOOKS if name in NOTEBOOKS else FURTHER_NOTEBOOKS
            answers = self.boxes.run_all(list(notebooks.values()))
            self.done |= zip(notebooks, answers, strict=True)
        return self.done[name]


@pytest.fixture(scope="module")
def ended(boxes: SandboxServer) -> Ended:
    """The ends of this module's notebooks, in each sandbox."""
    return Ended(boxes)


@pytest.fixture(scope="module")
def attempts(ended: Ended) -> dict[str, str]:
    """What each of ``ATTEMPTS`` came to."""
    return outputs(ATTEMPTS, ended["attempts"])


def test_memory_is_limited(ended: Ended) -> None:
    """More memory than the limit ends the run, and it is called memory."""
    assert ended["memory"]["gone"] == ["the kernel died", False, "memory"]


def test_memory_in_sockets_is_limited(ended: Ended) -> None:
    """What waits in sockets to be read is memory, though it belongs to no process."""
    assert ended["memory-in-sockets"]["gone"] == ["the kernel died", False, "memory"]


@LARGE
def test_memory_of_many_processes_is_limited(ended: Ended) -> None:
    """The memory of all processes of a notebook counts, also where a first thread has ended."""
    for name in ("memory-of-many", "memory-without-first-thread"):
        assert ended[name]["gone"] == ["the kernel died", False, "memory"], name


def _is_cut(done: Mapping[str, Any]) -> None:
    assert done["gone"] == ["the kernel died", False, "output"]
    assert done["notebook"] < 20_000_000


def test_large_output_ends_no_run(ended: Ended) -> None:
    """What is printed, shown, or put out by a command is cut, and the cells below still run."""
    done = ended["output-printed"]
    assert done["gone"] is None
    assert [status for status, _, _ in done["runs"]] == ["ok"] * 4
    assert "y\n" * 100 in done["text"][2].replace("\r", "")  # JAX may warn of the fork before
    assert done["text"][3].strip() == "below"
    assert done["notebook"] < 4_000_000


@pytest.mark.parametrize("name", ["output-at-once", "output-in-pieces"])
def test_a_flood_of_output_is_cut(ended: Ended, name: str) -> None:
    """A flood past the kernel's own limits ends the run, before it grows the grader."""
    _is_cut(ended[name])


@LARGE
def test_a_flood_of_lines_is_cut(ended: Ended) -> None:
    """A flood of small messages ends the run just as well."""
    _is_cut(ended["output-line-by-line"])


def test_a_deaf_cell_is_killed(ended: Ended) -> None:
    """Code that ignores interrupts is killed, and that counts as a time limit."""
    assert ended["time"]["gone"] == ["a cell could not be interrupted", True, ""]
    assert ended["time"]["runs"][0][0] == "timeout"


def test_a_cell_is_interrupted_in_time(ended: Ended) -> None:
    """An endless loop is interrupted at its limit, and the cells after it still run."""
    assert [status for status, _, _ in ended["endless"]["runs"]] == ["timeout", "ok"]
    assert ended["endless"]["text"][1].strip() == "next"


def _is_full(boxes: SandboxServer, done: Mapping[str, Any]) -> None:
    """In bubblewrap the disk of a box is full; Landlock has none, and the run is ended."""
    assert "all" not in done["text"][0]
    if boxes.backend == "bwrap":
        ((status, error_name, error),) = done["runs"]
        assert (status, error_name, done["gone"]) == ("error", "OSError", None)
        assert "No space left on device" in error
    else:
        assert done["gone"] == ["the kernel died", False, "disk"]


def test_disk_is_limited(boxes: SandboxServer, ended: Ended) -> None:
    """Many files, each small enough, can't fill the disk."""
    _is_full(boxes, ended["disk"])


@LARGE
@pytest.mark.parametrize("name", ["disk-removed", "disk-unreadable", "disk-deep"])
def test_hidden_files_are_limited(boxes: SandboxServer, ended: Ended, name: str) -> None:
    """Nor can removed ones that are held open, or files where nobody can look."""
    _is_full(boxes, ended[name])


@pytest.mark.parametrize("name", ["exit", "abort", "kill"])
def test_a_dead_kernel_is_told_from_a_limit(ended: Ended, name: str) -> None:
    """A kernel that ends itself died; that is neither time nor memory nor our fault."""
    assert ended[name]["gone"] == ["the kernel died", False, ""]


def _goes_on(done: Mapping[str, Any]) -> None:
    assert (done["gone"], done["text"][0].strip()) == (None, "42")


def test_neighbours_of_those_that_are_ended_go_on(ended: Ended) -> None:
    """An honest notebook that runs beside them doesn't notice."""
    _goes_on(ended["neighbour"])


@LARGE
def test_neighbours_of_many_go_on(ended: Ended) -> None:
    """Nor does one beside notebooks that fill the disk and multiply their processes."""
    _goes_on(ended["neighbour-of-many"])


def test_processes_are_limited(boxes: SandboxServer, ended: Ended) -> None:
    """A bounded fork bomb stops at the limit on processes; the next box works."""
    done = ended["processes"]
    apart = boxes.user == "root"  # then a box under Landlock has a user of its own
    if boxes.backend == "bwrap":
        apart = count_sharing_threads("bwrap", boxes.boxed_user, os.uname().release) is None
    if apart:
        assert done["gone"] is None
        assert 0 < int(done["text"][0].split()[-1]) < PROCESSES
    else:  # this user's other processes count as well: the watchdog counts the box's own
        assert done["gone"] == ["the kernel died", False, "processes"]
    assert boxes.output("print(6 * 7)") == "42"


@LARGE
def test_a_sibling_that_takes_all_its_processes_disturbs_nobody(ended: Ended) -> None:
    """Beside boxes that hold as many processes as they get, others start all their threads."""
    assert int(ended["greedy"]["text"][0].split()[-1]) > PROCESSES // 2
    assert int(ended["greedy-too"]["text"][0].split()[-1]) > PROCESSES // 2
    assert ended["honest"]["gone"] is None
    assert ended["honest"]["text"][0].strip() == "(50, 1)"


@LARGE
def test_nothing_of_a_box_runs_when_its_end_is_told(ended: Ended) -> None:
    """Processes that each began a session of their own have ended when the notebook is done."""
    assert ended["sessions"]["runs"]
    names = []
    for file in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            names.append(file.read_text().strip())
    assert LEFT not in names


def test_large_files_are_refused(attempts: Mapping[str, str]) -> None:
    """A file grows up to the limit on one and not beyond it."""
    assert attempts["large-file"] == "refused EFBIG"
    assert attempts["size-of-large-file"] == "128"  # MiB


def test_nothing_of_a_deep_folder_is_left(
    boxes: SandboxServer, attempts: Mapping[str, str]
) -> None:
    """Folders that are nested deeper than our stack are removed, and are no fault of ours."""
    where, dug = attempts["deep-folder"].splitlines()
    assert dug == "dug"
    assert where.startswith(boxes.scratch if boxes.backend == "landlock" else "/tmp/")
    assert list(Path(boxes.scratch).rglob("box")) == []


def test_keeps_to_one_processor(attempts: Mapping[str, str]) -> None:
    """A box keeps to the processor that it was given, also when it asks for more."""
    assert attempts["processors"] == "1"


@pytest.mark.parametrize("name", ["memfd", "shared-mapping", "device-of-zeros"])
def test_cannot_hide_memory(attempts: Mapping[str, str], name: str) -> None:
    """Memory that is held without being any process's own can't be had."""
    assert attempts[name].startswith("refused E")


def test_is_ended_first_when_memory_runs_out(attempts: Mapping[str, str]) -> None:
    """The machine's own choice falls on a notebook, not on the grader."""
    assert attempts["first-to-end"] == "500"
    assert attempts["last-to-end"].startswith("refused E")
