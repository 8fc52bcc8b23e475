"""The probe compiles with little effort: as little as the installed XLA takes."""

from __future__ import annotations

import sys

import brainpy.math as bm
import jax.numpy as jnp
import pytest

from grader.probe.inside import effort


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a kernel that was asked nothing yet."""
    monkeypatch.delitem(sys.modules, "_grader_kept", raising=False)


def test_the_installed_xla_spares_effort() -> None:
    """XLA takes the options, all of them where it still knows them; the result is the same."""
    assert "xla_backend_optimization_level" in effort.effort()
    assert effort.quickly(lambda x: x * 2 + 1)(jnp.arange(3)).tolist() == [1, 3, 5]


def test_an_unknown_option_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this XLA does not know is not asked of it; the others are."""
    known = {"xla_backend_optimization_level": 0}
    monkeypatch.setattr(effort, "LITTLE", {"xla_of_another_year": 1, **known})
    assert effort.effort() == known
    monkeypatch.setattr(effort, "LITTLE", {"xla_of_another_year": 1})
    assert effort.effort() == {}
    assert float(effort.quickly(lambda x: x + 1)(1.0)) == 2.0


def test_variables_are_carried() -> None:
    """A model's Variables change in a program compiled so as in any other."""
    variable = bm.Variable(jnp.zeros(2))

    def add(x: float) -> None:
        variable.value = variable.value + x

    program = effort.quickly(add)
    program(1.0)
    program(2.0)
    assert variable.tolist() == [3.0, 3.0]
