"""The probe compiles with little effort: as little as the installed XLA takes."""

from __future__ import annotations

import sys
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from grader.untrusted.probe import jit_effort

UNKNOWN = {"xla_of_another_year": 1}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a kernel that was asked nothing yet."""
    monkeypatch.delitem(sys.modules, "_grader_kept", raising=False)


@pytest.fixture(scope="module")
def bm() -> Any:
    """BrainPy's mathematics, which takes two seconds to import."""
    import brainpy.math

    return brainpy.math


@pytest.mark.parametrize("compiler", ["jax", "brainpy"])
def test_what_was_found_is_what_programs_are_compiled_with(
    monkeypatch: pytest.MonkeyPatch, compiler: str, bm: Any
) -> None:
    """The options reach XLA: it complains of one that it does not know."""
    compiled = jax.jit if compiler == "jax" else bm.jit
    assert float(jit_effort.jit_quickly(lambda x: x * 2 + 1, compiled)(2.0)) == 5.0
    sys.modules.pop("_grader_kept")
    monkeypatch.setattr(jit_effort, "compiler_options", lambda: UNKNOWN)
    with pytest.raises(Exception, match="No such compile option"):
        jit_effort.jit_quickly(lambda x: x * 2 + 1, compiled)(2.0)


def test_what_this_xla_does_not_know_is_not_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown option is left out, and the program is compiled as ever."""
    assert jit_effort.compiler_options() in ({}, jit_effort.NO_FUSIONS)
    monkeypatch.setattr(jit_effort, "NO_FUSIONS", UNKNOWN)
    assert jit_effort.compiler_options() == {}
    assert float(jit_effort.jit_quickly(lambda x: x + 1)(1.0)) == 2.0


def test_variables_are_carried(bm: Any) -> None:
    """A model's Variables change in a program compiled so as in any other."""
    variable = bm.Variable(jnp.zeros(2))

    def add(x: float) -> None:
        variable.value = variable.value + x

    program = jit_effort.jit_quickly(add)
    program(1.0)
    program(2.0)
    assert variable.tolist() == [3.0, 3.0]
