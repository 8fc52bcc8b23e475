"""The probe in a real kernel: what it sees of a model, and what it makes of replies."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import re
import subprocess
import sys
from difflib import SequenceMatcher
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jupyter_client.session import Session as KernelSession
from project import short_solution

from grader.assignment import Assignment, Limits
from grader.gather import Job, gather
from grader.probe import messages, replies
from grader.probe.inside.arrays import told
from grader.run.kernel import kernel_environment, plain_kernel
from grader.run.session import KernelBroken, KernelGone, open_session
from grader.run.start import start
from grader.stages import Cell, Drawn, Evidence, Panel, Submission


def _submission(*sources: str) -> Submission:
    cells = tuple(
        Cell(index=i, kind="code", source=source, id=f"c{i}") for i, source in enumerate(sources)
    )
    return Submission(file="n.ipynb", sha256="", cells=cells)


def _run(folder: Path, limits: Limits, *sources: str) -> Any:
    async def run() -> Any:
        submission = _submission(*sources)
        start = {"cwd": str(folder), "env": kernel_environment(folder)}
        async with open_session(submission, limits, plain_kernel(folder), **start) as session:
            return [await session.run_cell(cell.index) for cell in submission.cells]

    return asyncio.run(run())


def test_a_failing_cell_does_not_stop_the_rest(tmp_path: Path) -> None:
    """The error is kept with its line, and the cells after it still run."""
    first, second = _run(tmp_path, Limits(), "a = 1\n\nb = a / 0\n", "print(a)")
    assert (first.status, first.error_name, first.line) == ("error", "ZeroDivisionError", 3)
    assert second.status == "ok"


def test_a_cell_over_its_limit_is_interrupted(tmp_path: Path) -> None:
    """An endless loop costs its own cell, not the ones after it."""
    loop = "import time\nend = time.time() + 30\nwhile time.time() < end:\n    pass"
    first, second = _run(tmp_path, Limits(cell_seconds=2), loop, "print(1)")
    assert (first.status, second.status) == ("timeout", "ok")


def test_a_cell_that_ignores_the_interrupt_is_ended(tmp_path: Path) -> None:
    """A cell that catches the interrupt loses its kernel; the rest is not run."""
    deaf = (
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "end = time.time() + 40\nwhile time.time() < end:\n    pass"
    )
    first, second = _run(tmp_path, Limits(cell_seconds=2), deaf, "print(1)")
    assert (first.status, second.status) == ("timeout", "not_run")


def test_a_kernel_that_dies_is_told_from_a_time_limit(tmp_path: Path) -> None:
    """Code that ends Python is a dead kernel, whatever the clock says."""
    first, second = _run(tmp_path, Limits(), "import os\nos._exit(1)", "print(1)")
    assert (first.status, second.status) == ("died", "not_run")


def test_a_kernel_that_never_was_ready_is_our_fault(tmp_path: Path) -> None:
    """One that dies before a cell has run is no submission's doing."""

    async def run() -> None:
        start = {"cwd": str(tmp_path), "env": {"PYTHONHOME": str(tmp_path / "nowhere")}}
        async with open_session(_submission("1"), Limits(), plain_kernel(tmp_path), **start):
            pytest.fail("there is no kernel")

    with pytest.raises(KernelBroken, match="never was ready"):
        asyncio.run(run())


def test_a_process_that_is_gone_before_it_is_a_kernel_is_our_fault(tmp_path: Path) -> None:
    """It is seen as one that never was ready, whenever it ended."""

    async def run() -> None:
        environment = kernel_environment(tmp_path)
        waiting = start(environment)
        waiting.kill()
        waiting.wait()
        options = {"cwd": str(tmp_path), "env": environment}
        kernel = plain_kernel(tmp_path, waiting)
        async with open_session(_submission("1"), Limits(), kernel, **options):
            pytest.fail("there is no kernel")

    with pytest.raises(KernelBroken, match="never was ready"):
        asyncio.run(run())


def test_a_probe_without_end_is_ended(tmp_path: Path) -> None:
    """A question that the kernel never answers raises within its time and kills the kernel."""

    async def run() -> None:
        submission = _submission("1")
        start = {"cwd": str(tmp_path), "env": kernel_environment(tmp_path)}
        async with open_session(submission, Limits(), plain_kernel(tmp_path), **start) as session:
            with pytest.raises(KernelGone, match="time limit"):
                await session.ask("__import__('time').sleep(30)", 1.0)
            assert not await session.kernel.is_alive()

    asyncio.run(run())


def test_structure_of_the_solution(solution: Evidence) -> None:
    """The probe names channels, classes, parameters, gates and master types as they are."""
    probe = solution.attempts["HH"].probe
    seen = {
        c.name: (c.kind, c.from_notebook, c.master_types, c.states, dict(c.parameters))
        for c in probe.channels
    }
    master = ("HHTypedNeuron",)
    assert seen == {
        "IK": ("channel", True, master, ("n",), {"E": -77.0, "g_max": 36.0}),
        "INa": ("channel", True, master, ("m", "h"), {"E": 50.0, "g_max": 120.0}),
        "IL": ("channel", True, master, (), {"E": -54.39, "g_max": 0.03}),
    }
    assert probe.lineage[0] == "CondNeuGroup"


def test_parameters_are_read_off_the_current(solution: Evidence) -> None:
    """E and g_max measured from the current equal the attributes."""
    for channel in solution.attempts["HH"].probe.channels:
        assert dict(channel.measured) == pytest.approx(dict(channel.parameters), rel=1e-9)


def test_answers_of_the_solution_are_whole(solution: Evidence, assignment: Assignment) -> None:
    """Every stimulus and every drawn state is answered with finite numbers, in float64."""
    attempt = solution.attempts["HH"]
    assert attempt.panel is not None
    assert assignment.rubric is not None
    assert len(attempt.panel.names) == len(assignment.stimuli) + len(assignment.rubric.stimuli)
    assert set(attempt.answers.traces) == {"V", "IK.n", "INa.m", "INa.h"}
    assert all(np.isfinite(trace).all() for trace in attempt.answers.traces.values())
    assert all(np.isfinite(slope).all() for slope in attempt.answers.field.values())
    assert (attempt.answers.precision, attempt.answers.one_by_one) == ("float64", False)


def test_same_submission_gets_the_same_stimuli(solution: Evidence, assignment: Assignment) -> None:
    """The seed depends on submission, secret and what is asked, and on nothing else."""
    from grader.digests import asked
    from grader.stimuli import seed_for

    sha256, digest = solution.submission.sha256, asked(assignment)
    assert solution.seed == seed_for(b"tests", sha256, digest)
    assert solution.seed != seed_for(b"other", sha256, digest)


SETTINGS = """\
def settings():
    import random
    import brainstate, jax
    names = vars(sys.modules[bm.clear_name_cache.__module__])
    return (bm.get_dt(), bm.get_mode(), bm.get_float(), jax.config.jax_enable_x64,
            brainstate.environ.get_precision(), jax.config.jax_debug_nans,
            dict(names["_typed_names"]), random.getstate()[1],
            np.random.get_state()[1].tolist(), str(bm.random.DEFAULT.value), jax.config.values)

import sys
import jax
bm.set_dt(0.05)
bm.set_mode(bm.training_mode)
jax.config.update("jax_debug_nans", True)
jax.config.update("jax_disable_most_optimizations", True)
own = IL(3)
was = settings()
"""


def test_a_notebook_finds_every_setting_as_it_left_it(
    tmp_path: Path, assignment: Assignment
) -> None:
    """dt, mode, precision, names and random numbers are after a question what they were."""
    file = short_solution(
        tmp_path / "n.ipynb", SETTINGS, "now = settings()\nassert now == was, (now, was)"
    )
    job = Job(notebook=file, assignment=assignment, limits=assignment.limits, secret=b"tests")
    evidence = gather(job)
    assert evidence.attempts["HH"].answers.traces, evidence.attempts["HH"].answers.faults
    assert [(run.status, run.error_text) for run in evidence.executed.cells] == [("ok", "")] * 7


def test_all_runs_together_keep_to_the_time_of_one(tmp_path: Path, assignment: Assignment) -> None:
    """A model that never answers leads to a second run, in the time that is left and no more."""
    asleep = (
        "import time\ntime.sleep(5)\n\n"
        "class Slow(bp.dyn.CondNeuGroup):\n"
        "    def __init__(self, size):\n        time.sleep(30)\n\n"
    )
    file = short_solution(tmp_path / "n.ipynb", asleep, "HH = 1")
    notebook = json.loads(file.read_text("utf-8"))
    notebook["cells"][5]["source"] = "class HH(Slow):\n    IK, INa, IL = IK, INa, IL\n"
    file.write_text(json.dumps(notebook), "utf-8")
    limits = Limits(cell_seconds=60, notebook_seconds=12, probe_seconds=1)
    evidence = gather(Job(notebook=file, assignment=assignment, limits=limits, secret=b"tests"))
    assert evidence.executed.status == "timeout"
    assert not evidence.attempts["HH"].probe.population
    assert evidence.executed.cells[-1].status != "ok"  # the second run had no time for it


SEEN = "get_ipython().kernel.get_parent()['header']['msg_id']"


def test_the_next_request_can_t_be_told_from_those_before(tmp_path: Path) -> None:
    """A kernel that knows every request so far does not know the next one's id.

    With ids that are counted up, as jupyter_client makes them, it does.
    """

    async def run() -> list[str]:
        submission = _submission(f"print({SEEN})", f"print({SEEN})")
        start = {"cwd": str(tmp_path), "env": kernel_environment(tmp_path)}
        async with open_session(submission, Limits(), plain_kernel(tmp_path), **start) as session:
            for cell in submission.cells:
                await session.run_cell(cell.index)
            replies = [await session.ask(SEEN, 20) for _ in range(3)]
            cells = json.loads(session.notebook())["cells"]
        told = ["".join(cell["outputs"][0]["text"]).strip() for cell in cells]
        shown = [reply["content"]["user_expressions"]["reply"]["data"] for reply in replies]
        return told + [data["text/plain"].strip("'") for data in shown]

    ids = asyncio.run(run())
    assert len(set(ids)) == 5
    assert all(re.fullmatch("[0-9a-f]{32}", id) for id in ids)
    assert not _followed(ids)
    counting = KernelSession()
    assert _followed([counting.msg_id for _ in range(5)])


def _followed(ids: list[str]) -> bool:
    """Whether some id has a part of an earlier one: what a guess could start from."""
    return any(
        SequenceMatcher(None, one, other, autojunk=False).find_longest_match().size > 12
        for one, other in itertools.combinations(ids, 2)
    )


ELSEWHERE = """
import runpy, sys
from jax.extend import backend
from jaxlib.xla_client import make_cpu_client
backend.register_backend_factory("elsewhere", make_cpu_client, priority=10_000)
import brainpy
import jax

settings = runpy.run_path(sys.argv[1])

def platform():
    client = next(iter(jax.jit(lambda: jax.numpy.ones(1))().devices())).client
    return next(name for name, known in backend.backends().items() if known is client)

print(platform())
with settings["put_back"]():
    settings["tidy"](0.1, True)
    print(platform())
print(platform())
"""


def test_models_are_questioned_on_the_cpu() -> None:
    """Where a notebook's code runs elsewhere, as on a GPU, its model is questioned on the CPU."""
    settings = resources.files("grader.probe.inside").joinpath("settings.py")
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(settings)],
        env={**os.environ, "JAX_PLATFORMS": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["elsewhere", "cpu", "elsewhere"]


DRAWN = Drawn(
    panel=Panel(names=("a",), dt=0.1, current=np.zeros((3, 1)), V0=np.zeros(1), public=1),
    field_states={"V": np.zeros(2)},
    map_states={"V": np.zeros(2)},
    map_steps=(1,),
    finer_steps=1,
)


THREE = base64.b64encode(np.arange(3.0).tobytes()).decode()


@pytest.mark.parametrize(
    ("reply", "complaint"),
    [
        ("{", "fault at"),
        ("[" * 100_000, "fault at"),
        ("__import__('os').system('true')", "fault at"),
        ('{"traces": 5}', "fault at"),
        ('{"traces": {"V": {"shape": [4, 1], "line": 1}}}\nAAAA', "shape"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 1}}}\nAAAA', "another length"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 1}}}\n***', "no base64"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 1}}}\n\u00e9', "no base64"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 1}}}\n' + THREE + "\r", "no base64"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 1}}}', "without its values"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 2}}}\n' + THREE, "without its values"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 0}}}\n' + THREE, "fault at"),
        (
            '{"traces": {"V": {"shape": [3, 1], "line": 1}, "n": {"shape": [3, 1], "line": 1}}}\n'
            + THREE,
            "another length",
        ),
        (json.dumps({"maps": {str(n): {"shape": [1], "line": 1} for n in range(1001)}}), "fault"),
        ('{"traces": {"V": {"shape": [3, 1], "line": 1}}}' + "\n" * 10**6, "another length"),
        ('{"traces": {"V": {"shape": [3, 99999999999], "line": 1}}}\n', "fault at"),
        ('{"faults": [{"error_text": "%s"}]}' % ("x" * 9000), "fault at"),
        ('{"traces": {"IK.n": {"shape": [3, 1], "line": 1}}}\n' + THREE, "none of V"),
    ],
    ids=range(18),
)
def test_a_malformed_answer_is_refused(reply: str, complaint: str) -> None:
    """A reply that is not what was asked for raises one known exception, nothing else."""
    with pytest.raises(replies.BadReply, match=complaint):
        replies.read_answer(reply, DRAWN)


def test_values_stand_in_lines_of_their_own() -> None:
    """What the kernel tells of an array is what is read of it, to the last bit."""
    V = np.array([[0.1], [-np.inf], [np.nan]])
    read = replies.read_answer(told({"traces": {"V": V}, "resets": 2}).text, DRAWN)
    np.testing.assert_array_equal(read.traces["V"], V)
    assert read.resets == 2
    with pytest.raises(TypeError, match="bool"):
        told({"resets": np.bool_(True)})


def test_a_channel_can_be_named_only_once() -> None:
    """A reply that names a channel twice is refused: what it earns must not be doubled."""
    channel = {"name": "IK", "kind": "channel"}
    replies.read_look(json.dumps({"found": True, "channels": [channel]}))
    with pytest.raises(replies.BadReply, match="twice"):
        replies.read_look(json.dumps({"found": True, "channels": [channel, channel]}))


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"user_expressions": None},
        {"user_expressions": {"reply": {"status": "error", "ename": "E", "evalue": "e"}}},
        {"user_expressions": {"reply": {"data": {"text/plain": ""}}}},
        {"user_expressions": {"reply": {"data": {"text/plain": ["{}"]}}}},
        {"user_expressions": {"reply": {"data": {"text/plain": "x" * (replies.MAX_REPLY + 1)}}}},
    ],
    ids=range(6),
)
def test_a_reply_is_text(content: dict[str, Any]) -> None:
    """Nothing else is taken out of a reply, and not more of it than is read at once."""
    with pytest.raises(replies.BadReply):
        replies.reply_text({"content": content})


def test_the_probe_leaves_no_name_behind(tmp_path: Path) -> None:
    """After a question the notebook's names are those that it had before."""

    async def run() -> Any:
        submission = _submission("before = set(globals())", "print(set(globals()) - before)")
        start = {"cwd": str(tmp_path), "env": kernel_environment(tmp_path)}
        async with open_session(submission, Limits(), plain_kernel(tmp_path), **start) as session:
            await session.run_cell(0)
            await session.ask(
                messages.expression("before", {"exercise": "X", "class_name": "A"}), 20
            )
            await session.run_cell(1)
            return json.loads(session.notebook())["cells"][1]["outputs"][0]["text"]

    added = asyncio.run(run())
    assert "_grader" not in "".join(added)


def test_a_model_meets_no_setting_of_the_one_before_it(tmp_path: Path) -> None:
    """dt, mode, precision and names are for each of several models what the first one met."""
    function = SETTINGS.partition("import sys\n")[0]
    first = f"import sys\nimport numpy as np, brainpy as bp, brainpy.math as bm\n{function}"
    leaves = (
        "bm.enable_x64()\nbm.set_dt(0.05)\nbm.set_mode(bm.BatchingMode(2))\n"
        "bp.share.save(dt=0.01)\nown = bp.dyn.IL(3)\nassert settings() != was"
    )
    stays = "now = settings()\nassert now == was, (now, was)"
    cells = [f"{first}\nwas = settings()", leaves, stays, leaves, stays]

    async def run() -> list[str]:
        submission = _submission(*cells)
        start = {"cwd": str(tmp_path), "env": kernel_environment(tmp_path)}
        async with open_session(submission, Limits(), plain_kernel(tmp_path), **start) as session:
            told = []
            for cell in submission.cells:
                if cell.index:
                    reply = await session.ask(messages.expression("afresh", {}), 60.0)
                    assert replies.reply_text(reply) == "null"
                ran = await session.run_cell(cell.index)
                told.append(f"{ran.status} {ran.error_text}")
            return told

    assert asyncio.run(run()) == ["ok "] * 5


def test_a_model_that_resets_only_once_is_answered_for(
    tmp_path: Path, assignment: Assignment
) -> None:
    """A channel that can't be reset again costs nothing: a new model is asked, reset once."""
    once = (
        "class IK(IK):\n"
        "  def reset_state(self, V, *args, **kwargs):\n"
        "    assert not hasattr(self, 'n'), 'only once'\n"
        "    super(IK, self).reset_state(V, *args, **kwargs)\n"
    )
    file = short_solution(tmp_path / "n.ipynb", once)
    job = Job(notebook=file, assignment=assignment, limits=assignment.limits, secret=b"tests")
    attempt = gather(job).attempts["HH"]
    assert attempt.answers.traces
    assert (attempt.probe.population, attempt.answers.resets) == (64, 64)
    assert not attempt.answers.one_by_one
