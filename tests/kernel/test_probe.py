"""The probe in a real kernel: what it sees of a model, and what it leaves as it was."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from grader.assignment.schema import Assignment, Limits
from grader.core.types import Evidence
from grader.run.collect_evidence import collect_evidence
from grader.run.kernel.session import KernelExit
from grader.run.probe import replies, requests
from tests.support.either_kernel import EITHER_KERNEL
from tests.support.project import short_solution
from tests.support.warm_kernels import Kernels, submission_of


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
    from grader.assignment.digests import run_inputs
    from grader.assignment.stimuli import seed_for

    sha256, digest = solution.submission.sha256, run_inputs(assignment)
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


@EITHER_KERNEL
def test_the_probe_leaves_no_name_behind(kernels: Kernels) -> None:
    """After a question the notebook's names are those that it had before."""
    new_names = "[name for name in globals() if name not in before and name[:2] != '_i']"

    async def run() -> str:
        submission = submission_of("before = set(globals())", f"print({new_names})")
        async with kernels.session(submission, Limits()) as session:
            await session.run_cell(0)
            question = requests.expression("snapshot_class", {"exercise": "X", "class_name": "A"})
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
                    reply = await session.ask(requests.expression("reset_settings", {}), 60.0)
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
