"""The hostile notebooks: what is committed is what is built, and its labels make sense."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.data.hostile import build
from tests.data.hostile.expected import OF_THE_BOX, ExpectedError, load_hostile
from tests.support.generated_notebooks import changes
from tests.support.hostile import batch
from tests.support.hostile.outside import outside, spellings
from tests.support.project import ROOT

FOLDER = Path(build.HERE)
HOSTILE = load_hostile(FOLDER)


def test_committed_notebooks_are_what_the_script_builds() -> None:
    """Nobody edits a hostile notebook by hand, and nobody forgets to build them."""
    assert changes(build.notebooks(), FOLDER) == []


def test_every_notebook_has_an_entry_and_every_entry_a_notebook() -> None:
    """expected.toml and the folder name the same notebooks, and there are enough."""
    assert sorted(h.file for h in HOSTILE) == sorted(f.name for f in FOLDER.glob("*.ipynb"))
    assert len(HOSTILE) >= 103


def test_the_box_is_tried_by_whatever_it_has_a_part_in() -> None:
    """What must be refused, reach nothing or leave nothing is tried in every kind of box."""
    without = [h.file for h in HOSTILE if set(h.must_not) & set(OF_THE_BOX) and not h.box]
    assert without == []
    assert {h.promise for h in HOSTILE if h.box} >= {
        *("cannot_read_home", "cannot_write_outside", "cannot_signal_others", "has_no_network"),
        *("bounds_memory", "bounds_files", "ends_in_time", "leaves_nothing_running"),
    }


def test_the_small_batch_has_an_attack_of_each_important_kind() -> None:
    """The tests without an option try secrets, network, processes, marks, limits and markup."""
    small = [h for h in HOSTILE if h.small]
    assert {h.promise for h in small} >= {
        *("cannot_read_secrets", "cannot_read_reference", "cannot_write_outside"),
        *("has_no_network", "cannot_signal_others", "earns_what_it_shows", "shows_no_markup"),
        *("bounds_memory", "leaves_nothing_running", "ends_in_time"),
    }
    assert len(small) <= 12


def test_an_attack_that_must_be_refused_says_so() -> None:
    """Where nothing may be reached the notebook must have spoken: silence is no refusal."""
    assert [h.file for h in HOSTILE if "reached" in h.must_not and "ATTACK" not in h.says] == []


def test_what_is_looked_for_is_what_there_is() -> None:
    """The teacher's sentences stand in the teacher's files, the markup in the attacks."""
    for name, sentence in batch.TEACHERS.items():
        assert sentence in (ROOT / name).read_text("utf-8"), name
    attacks = "".join(f.read_text("utf-8") for f in (FOLDER / "attacks").glob("*.py"))
    for sign in batch.MARKUP:
        assert sign in attacks or sign.encode("unicode_escape").decode() in attacks, sign


def test_what_surrounds_a_batch_notices_everything(tmp_path: Path) -> None:
    """Changed and new canaries, every way to a listener, a stopped bystander: all are named."""
    with outside(tmp_path, None, sys.executable) as around:
        assert (around.changed(), around.disturbed(), around.heard) == ([], [], [])
        (around.home / "grader-hostile.txt").write_text("changed")
        (around.home / "grader-hostile-1").touch()
        (tmp_path / "feedback" / "grader-hostile.txt").unlink()
        assert around.changed() == [
            *("feedback/grader-hostile.txt", "home/grader-hostile-1", "home/grader-hostile.txt")
        ]
        os.kill(around.bystander.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, around.bystander.pid, os.WSTOPPED | os.WNOWAIT)
        assert around.disturbed() == ["is stopped"]
        abstract = f"\0grader-hostile-{around.port}"
        for family, kind, address in (
            (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", around.port)),
            (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", around.port)),
            (socket.AF_UNIX, socket.SOCK_STREAM, abstract),
            (socket.AF_UNIX, socket.SOCK_DGRAM, f"{abstract}-datagrams"),
        ):
            with socket.socket(family, kind) as one:
                one.connect(address)
                if kind == socket.SOCK_DGRAM:
                    one.send(b"x")
        ends = time.monotonic() + 60
        expected = ["TCP", "UDP", "abstract datagrams", "an abstract name"]
        while sorted(around.heard) != expected and time.monotonic() < ends:
            time.sleep(0.05)
        assert sorted(around.heard) == expected


_LEAVES = """\
import ctypes, os, pathlib, sys, time
out, over, ends = map(pathlib.Path, sys.argv[1:])
if os.fork() == 0:
    os.setsid()
    ctypes.CDLL(None).prctl(15, b"gh-sign", 0, 0, 0)
    while not ends.exists():
        time.sleep(0.1)
    os._exit(0)
time.sleep(0.5)
(out / "sign").mkdir(parents=True)
(out / "sign" / "result.json").touch()
kept = bytearray(os.urandom(1000)) * 200_000
while not over.exists():
    time.sleep(0.1)
"""


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
@pytest.mark.parametrize("outlives", ["the command", "its submission"])
def test_what_watches_a_batch_names_what_is_left(outlives: str, tmp_path: Path) -> None:
    """A process that outlives the command or its own submission is named; memory is counted."""
    report, out, over, never = (tmp_path / name for name in ("report", "out", "over", "never"))
    ends = never if outlives == "the command" else over
    leaves = [sys.executable, "-c", _LEAVES, out, over, ends]
    watch = [sys.executable, str(ROOT / "tests" / "support" / "hostile" / "watch.py"), report, out]
    with subprocess.Popen([*watch, *leaves]):
        time.sleep(4 if outlives == "the command" else 15)
        over.touch()
    seen = json.loads(report.read_text())
    assert [words.split(":")[0] for words in seen["left"]] == ["gh-sign"]
    assert seen["largest"] > 200_000_000


def test_the_folder_stays_small() -> None:
    """Notebooks, attacks and labels together take less than 700 kB."""
    files = [f for f in FOLDER.rglob("*") if f.is_file() and "__pycache__" not in f.parts]
    assert sum(file.stat().st_size for file in files) < 7e5


def test_attacks_touch_only_what_is_named_for_them() -> None:
    """Each notebook gets the harness's canaries, and none has an address beyond loopback."""
    names = {"CANARIES": "/somewhere/else", "PORT": 12345, "BYSTANDER": 77}
    for name, content in build.notebooks().items():
        told = build.with_canaries(content, names)
        assert json.loads(told)
        if name != batch.TWIN:
            assert b'CANARIES = \\"/somewhere/else\\"' in told, name
            assert b"PORT = 12345 " in told, name
            assert b"BYSTANDER = 77 " in told, name
        addresses = set(re.findall(rb"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", content))
        assert addresses <= {b"127.0.0.1"}, name


def test_an_attack_without_its_first_line_is_an_error() -> None:
    """The script says what the first line of an attack must be."""
    with pytest.raises(ValueError, match="must be like '# right, last'"):
        build.hostile("import os\n")


def test_all_faults_of_the_labels_come_at_once(tmp_path: Path) -> None:
    """A wrong promise, fact, ending and key are all named, each with its place."""
    (tmp_path / "expected.toml").write_text(
        '[[samples]]\nfile = "a.ipynb"\nabout = "x"\noutcome = "graded"\nrun = ["ok", "lost"]\n'
        'score = [0, 1]\npromise = "No Name"\nmust_not = ["fly"]\nsay = "x"\n'
    )
    with pytest.raises(ExpectedError) as caught:
        load_hostile(tmp_path)
    for words in ("samples[0].run", "samples[0].promise", "unknown fact 'fly'", "samples[0].say"):
        assert words in str(caught.value)


def test_a_canary_is_found_in_every_spelling() -> None:
    """A canary is recognised inside base64 at any offset, in hex and backwards."""
    import base64

    canary = "grader-hostile-key-0123456789"
    for before in (b"", b"x", b"xy", b"xyz"):
        text = base64.b64encode(before + canary.encode() + b" and more")
        assert any(spelling in text for spelling in spellings(canary)), before
