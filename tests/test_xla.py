"""XLA's flags: a kernel compiles with less effort, and never dies of a flag."""

from __future__ import annotations

import os
import subprocess
import sys

import jaxlib
import pytest

from grader.run.start import kernel_environment
from grader.xla import VARIABLE, known_flags, quick_flags


@pytest.mark.parametrize("models_only", [False, True])
def test_the_installed_xla_takes_every_flag(models_only: bool) -> None:
    """XLA starts with the flags that are set for the version that is installed."""
    flags = quick_flags(models_only=models_only)
    assert flags, f"no flag was tried with jaxlib {jaxlib.__version__}"
    done = subprocess.run(
        [sys.executable, "-c", "import jax; print(jax.jit(lambda x: x + 1)(1.0))"],
        env={**os.environ, VARIABLE: flags, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stdout) == (0, "2.0\n"), done.stderr


@pytest.mark.parametrize("jaxlib", ["0.8.3", "99.0", "", "of my own"])
def test_a_version_that_nobody_tried_gets_none(jaxlib: str) -> None:
    """Where it isn't known what a version of jaxlib takes, it is given nothing."""
    assert known_flags(jaxlib) == known_flags(jaxlib, models_only=True) == []


def test_a_flag_goes_with_the_version_that_lost_it() -> None:
    """jaxlib 0.12 dies of a flag that 0.11 took: there it is left out, and the other stays."""
    both = known_flags("0.11.0", models_only=True)
    assert len(both) == 2
    assert known_flags("0.12.0.1", models_only=True) == both[:1]


def test_what_the_user_set_comes_last() -> None:
    """A student's own flags stay, after ours, so that they win."""
    own = "--xla_backend_optimization_level=3"
    flags = kernel_environment(base={VARIABLE: own})[VARIABLE]
    assert flags.endswith(" " + own)
    assert flags.startswith(quick_flags())
