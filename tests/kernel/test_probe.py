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

from grader.assignment.schema import Assignment, Limits
from grader.core.types import CellRun, Evidence, ProbeRequest, StimulusSet
from grader.run.collect_evidence import collect_evidence
from grader.run.kernel.plain import kernel_environment, plain_kernel
from grader.run.kernel.prestart import start_process
from grader.run.kernel.session import HarnessError, KernelExit, open_session
from grader.run.probe import replies
from grader.run.probe import requests as messages
from grader.untrusted.probe.arrays import encode
from tests.support.project import short_solution
from tests.support.warm_kernels import COLD, Kernels, submission_of

EITHER_KERNEL = pytest.mark.parametrize(
    "kernels", ["warm", pytest.param("cold", marks=pytest.mark.full)], indirect=True
)
"""A fork of the warm process, as `grader grade` makes them; with ``--full`` a cold kernel too."""


@pytest.fixture
def kernels(request: pytest.FixtureRequest) -> Kernels:
    """The kernels that a test names."""
    if request.param == "cold":
        return COLD
    warm: Kernels = request.getfixturevalue("warm")
    return warm


def _run(kernels: Kernels, limits: Limits, *sources: str) -> list[CellRun]:
    """What becomes of cells with these sources, one after the other in one kernel."""

    async def run() -> list[CellRun]:
        submission = submission_of(*sources)
        async with kernels.session(submission, limits) as session:
            return [await session.run_cell(cell.index) for cell in submission.cells]

    return asyncio.run(run())


@EITHER_KERNEL
def test_a_failing_cell_does_not_stop_the_rest(kernels: Kernels) -> None:
    """The error is kept with its line, and the cells after it still run."""
    first, second = _run(kernels, Limits(), "a = 1\n\nb = a / 0\n", "print(a)")
    assert (first.status, first.error_name, first.line) == ("error", "ZeroDivisionError", 3)
    assert second.status == "ok"


@EITHER_KERNEL
def test_a_cell_over_its_limit_is_interrupted(kernels: Kernels) -> None:
    """An endless loop costs its own cell, not the ones after it."""
    first, second = _run(kernels, Limits(cell_seconds=1), "while True:\n    pass", "print(1)")
    assert (first.status, second.status) == ("timeout", "ok")


@EITHER_KERNEL
def test_a_cell_that_ignores_the_interrupt_is_ended(
    kernels: Kernels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell that ignores the interrupt loses its kernel; the rest is not run."""
    monkeypatch.setattr("grader.run.kernel.session.GRACE", 1.0)
    deaf = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(30)"
    first, second = _run(kernels, Limits(cell_seconds=1), deaf, "print(1)")
    assert (first.status, second.status) == ("timeout", "not_run")


@EITHER_KERNEL
def test_a_kernel_that_dies_is_told_from_a_time_limit(kernels: Kernels) -> None:
    """Code that ends Python is a dead kernel, whatever the clock says."""
    first, second = _run(kernels, Limits(), "import os\nos._exit(1)", "print(1)")
    assert (first.status, second.status) == ("died", "not_run")


def test_limits_hold_in_a_cold_kernel() -> None:
    """As students check their work: interrupted, in error, dead, and what comes after each."""

    async def run() -> list[CellRun]:
        loop, after, end = "while True:\n    pass", "print(1)", "import os\nos._exit(1)"
        submission = submission_of(loop, after, "1 / 0", after, end, after)
        async with COLD.session(submission, Limits(cell_seconds=1)) as session:
            first = await session.run_cell(0)
            session.limits = Limits()  # that a process is gone is seen a second later
            return [first, *[await session.run_cell(index) for index in range(1, 6)]]

    runs = asyncio.run(run())
    assert [run.status for run in runs] == ["timeout", "ok", "error", "ok", "died", "not_run"]


def test_a_kernel_that_never_was_ready_is_our_fault(tmp_path: Path) -> None:
    """One that dies before a cell has run is no submission's doing."""

    async def run() -> None:
        start = {"cwd": str(tmp_path), "env": {"PYTHONHOME": str(tmp_path / "nowhere")}}
        kernel = plain_kernel(tmp_path, Limits())
        async with open_session(submission_of("1"), Limits(), kernel, **start):
            pytest.fail("there is no kernel")

    with pytest.raises(HarnessError, match="never was ready"):
        asyncio.run(run())


def test_a_process_that_is_gone_before_it_is_a_kernel_is_our_fault(tmp_path: Path) -> None:
    """It is seen as one that never was ready, whenever it ended."""

    async def run() -> None:
        environment = kernel_environment(tmp_path)
        waiting = start_process(environment)
        waiting.kill()
        waiting.wait()
        options = {"cwd": str(tmp_path), "env": environment}
        kernel = plain_kernel(tmp_path, Limits(), waiting)
        async with open_session(submission_of("1"), Limits(), kernel, **options):
            pytest.fail("there is no kernel")

    with pytest.raises(HarnessError, match="never was ready"):
        asyncio.run(run())


@EITHER_KERNEL
def test_a_probe_without_end_is_ended(kernels: Kernels) -> None:
    """A question that the kernel never answers raises within its time and kills the kernel."""

    async def run() -> None:
        async with kernels.session(submission_of("1"), Limits()) as session:
            with pytest.raises(KernelExit, match="time limit"):
                await session.ask("__import__('time').sleep(30)", 1.0)
            assert not await session.kernel.is_alive()

    asyncio.run(run())


def test_structure_of_the_solution(solution: Evidence) -> None:
    """The probe names channels, classes, parameters, gates and master types as they are."""
    probe = solution.exercises["HH"].probe
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
    for channel in solution.exercises["HH"].probe.channels:
        assert dict(channel.measured) == pytest.approx(dict(channel.parameters), rel=1e-9)


def test_answers_of_the_solution_are_whole(solution: Evidence, assignment: Assignment) -> None:
    """Every stimulus and every drawn state is answered with finite numbers, in float64."""
    attempt = solution.exercises["HH"]
    assert attempt.stimuli is not None
    assert assignment.rubric is not None
    assert len(attempt.stimuli.names) == len(assignment.stimuli) + len(assignment.rubric.stimuli)
    assert set(attempt.answers.traces) == {"V", "IK.n", "INa.m", "INa.h"}
    assert all(np.isfinite(trace).all() for trace in attempt.answers.traces.values())
    assert set(attempt.answers.field) == set(attempt.answers.traces)
    states = {slope.shape for slope in attempt.answers.field.values()}
    assert states == {(assignment.rubric.field.count,)}
    assert all(np.isfinite(slope).all() for slope in attempt.answers.field.values())
    assert (attempt.answers.precision, attempt.answers.single_neuron) == ("float64", False)


def test_same_submission_gets_the_same_stimuli(solution: Evidence, assignment: Assignment) -> None:
    """The seed depends on submission, secret and what is asked, and on nothing else."""
    from grader.assignment.digests import asked
    from grader.assignment.stimuli import seed_for

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
names = {*globals(), "names"}
"""
CHANGES = "sorted(name for name in globals() if name not in names and name[:2] != '_i')"
SAME_SETTINGS = f"""\
now = settings()
assert now == was, (now, was)
new = {CHANGES}
assert new == ["HH", "now"], new
"""


def test_a_notebook_finds_every_setting_as_it_left_it(
    tmp_path: Path, assignment: Assignment, warm: Kernels
) -> None:
    """dt, mode, precision, names and random numbers are after a question what they were."""
    file = short_solution(tmp_path / "n.ipynb", SETTINGS, SAME_SETTINGS)
    evidence = collect_evidence(warm.job(file, assignment))
    assert evidence.exercises["HH"].answers.traces, evidence.exercises["HH"].answers.faults
    assert [(run.status, run.error_text) for run in evidence.executed.cells] == [("ok", "")] * 7


def test_all_runs_together_keep_to_the_time_of_one(
    tmp_path: Path, assignment: Assignment, warm: Kernels
) -> None:
    """A model that never answers leads to a second run, in the time that is left and no more."""
    asleep = (
        "import time\ntime.sleep(1.5)\n\n"
        "class Slow(bp.dyn.CondNeuGroup):\n"
        "    def __init__(self, size):\n        time.sleep(30)\n\n"
    )
    file = short_solution(tmp_path / "n.ipynb", asleep, "HH = 1")
    notebook = json.loads(file.read_text("utf-8"))
    notebook["cells"][5]["source"] = "class HH(Slow):\n    IK, INa, IL = IK, INa, IL\n"
    file.write_text(json.dumps(notebook), "utf-8")
    limits = Limits(cell_seconds=60, notebook_seconds=3, probe_seconds=0.5)
    evidence = collect_evidence(warm.job(file, assignment, limits))
    assert evidence.executed.status == "timeout"
    assert not evidence.exercises["HH"].probe.population
    assert evidence.executed.cells[-1].status != "ok"  # the second run had no time for it


SEEN = "get_ipython().kernel.get_parent()['header']['msg_id']"


@EITHER_KERNEL
def test_the_next_request_can_t_be_told_from_those_before(kernels: Kernels) -> None:
    """A kernel that knows every request so far does not know the next one's id.

    With ids that are counted up, as jupyter_client makes them, it does.
    """

    async def run() -> list[str]:
        submission = submission_of(f"print({SEEN})", f"print({SEEN})")
        async with kernels.session(submission, Limits()) as session:
            for cell in submission.cells:
                await session.run_cell(cell.index)
            replies = [await session.ask(SEEN, 20) for _ in range(3)]
            cells = json.loads(session.notebook())["cells"]
        of_cells = ["".join(cell["outputs"][0]["text"]).strip() for cell in cells]
        values = [reply["content"]["user_expressions"]["reply"]["data"] for reply in replies]
        return of_cells + [data["text/plain"].strip("'") for data in values]

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
with settings["restored_settings"]():
    settings["apply_settings"](0.1, True)
    print(platform())
print(platform())
"""


def test_models_are_questioned_on_the_cpu() -> None:
    """Where a notebook's code runs elsewhere, as on a GPU, its model is questioned on the CPU."""
    settings = resources.files("grader.untrusted.probe").joinpath("settings.py")
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(settings)],
        env={**os.environ, "JAX_PLATFORMS": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["elsewhere", "cpu", "elsewhere"]


DRAWN = ProbeRequest(
    stimuli=StimulusSet(names=("a",), dt=0.1, current=np.zeros((3, 1)), V0=np.zeros(1), public=1),
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
        replies.read_simulation(reply, DRAWN)


def test_values_stand_in_lines_of_their_own() -> None:
    """What the kernel tells of an array is what is read of it, to the last bit."""
    V = np.array([[0.1], [-np.inf], [np.nan]])
    read = replies.read_simulation(encode({"traces": {"V": V}, "resets": 2}).text, DRAWN)
    np.testing.assert_array_equal(read.traces["V"], V)
    assert read.resets == 2
    with pytest.raises(TypeError, match="bool"):
        encode({"resets": np.bool_(True)})


def test_a_channel_can_be_named_only_once() -> None:
    """A reply that names a channel twice is refused: what it earns must not be doubled."""
    channel = {"name": "IK", "kind": "channel"}
    replies.read_description(json.dumps({"found": True, "channels": [channel]}))
    with pytest.raises(replies.BadReply, match="twice"):
        replies.read_description(json.dumps({"found": True, "channels": [channel, channel]}))


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


@EITHER_KERNEL
def test_the_probe_leaves_no_name_behind(kernels: Kernels) -> None:
    """After a question the notebook's names are those that it had before."""
    new_names = "[name for name in globals() if name not in before and name[:2] != '_i']"

    async def run() -> str:
        submission = submission_of("before = set(globals())", f"print({new_names})")
        async with kernels.session(submission, Limits()) as session:
            await session.run_cell(0)
            question = messages.expression("snapshot_class", {"exercise": "X", "class_name": "A"})
            reply = await session.ask(question, 20)
            assert replies.reply_text(reply) == "null"
            await session.run_cell(1)
            return "".join(json.loads(session.notebook())["cells"][1]["outputs"][0]["text"])

    assert asyncio.run(run()).strip() == "['before']"


@EITHER_KERNEL
def test_a_model_meets_no_setting_of_the_one_before_it(kernels: Kernels) -> None:
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
        submission = submission_of(*cells)
        async with kernels.session(submission, Limits()) as session:
            ends = []
            for cell in submission.cells:
                if cell.index:
                    reply = await session.ask(messages.expression("reset_settings", {}), 60.0)
                    assert replies.reply_text(reply) == "null"
                ran = await session.run_cell(cell.index)
                ends.append(f"{ran.status} {ran.error_text}")
            return ends

    assert asyncio.run(run()) == ["ok "] * 5


def test_a_model_that_resets_only_once_is_answered_for(
    tmp_path: Path, assignment: Assignment, warm: Kernels
) -> None:
    """A channel that can't be reset again costs nothing: a new model is asked, reset once."""
    once = (
        "class IK(IK):\n"
        "  def reset_state(self, V, *args, **kwargs):\n"
        "    assert not hasattr(self, 'n'), 'only once'\n"
        "    super(IK, self).reset_state(V, *args, **kwargs)\n"
    )
    file = short_solution(tmp_path / "n.ipynb", once)
    attempt = collect_evidence(warm.job(file, assignment)).exercises["HH"]
    assert attempt.answers.traces
    assert (attempt.probe.population, attempt.answers.resets) == (64, 64)
    assert not attempt.answers.single_neuron
