"""One wrong parameter at a time: each is seen twice, and named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from project import checks, results, run_grader

LINES = {
    "IK": "self.IK = IK(size, E=-77., g_max=36.)",
    "INa": "self.INa = INa(size, E=50., g_max=120.)",
    "IL": "self.IL = IL(size, E=-54.39, g_max=0.03)",
}
PARAMETERS = {
    ("IK", "E"): "-77.",
    ("IK", "g_max"): "36.",
    ("INa", "E"): "50.",
    ("INa", "g_max"): "120.",
    ("IL", "E"): "-54.39",
    ("IL", "g_max"): "0.03",
}
CHANGES = {"1-percent": 1.01, "20-percent": 1.2, "sign": -1.0}
# Each change with two parameters: `grader verify` makes all of them, of every parameter.
CASES = [
    (*which, change)
    for number, which in enumerate(PARAMETERS)
    for change in [list(CHANGES)[number % len(CHANGES)]]
]


@pytest.fixture(scope="module")
def graded(
    tmp_path_factory: pytest.TempPathFactory,
    solution_with: Callable[[Mapping[str, str]], str],
) -> dict[str, dict[str, Any]]:
    """All of them graded in one batch, through the command line."""
    folder = tmp_path_factory.mktemp("single")
    handed_in = folder / "handed-in"
    handed_in.mkdir()
    for channel, parameter, change in CASES:
        written, line = PARAMETERS[channel, parameter], LINES[channel]
        wrong = f"{parameter}={float(written) * CHANGES[change]!r}"
        new = line.replace(f"{parameter}={written}", wrong)
        assert new != line
        text = solution_with({line: new})
        (handed_in / f"{channel}-{parameter}-{change}.ipynb").write_text(text, "utf-8")
    done = run_grader("grade", handed_in, "-o", folder / "out")
    assert done.returncode == 0, done.stderr
    return results(folder / "out")


@pytest.mark.full
@pytest.mark.parametrize(("channel", "parameter", "change"), CASES)
def test_a_single_error_costs_points_twice_and_is_named(
    graded: dict[str, dict[str, Any]], channel: str, parameter: str, change: str
) -> None:
    """One wrong parameter loses points under parameters and under simulation, by name."""
    found = checks(graded[f"{channel}-{parameter}-{change}"])
    lost = {
        family: sum(c["max_points"] - c["points"] for c in found.values() if c["family"] == family)
        for family in ("execution", "channels", "parameters", "master_type", "simulation")
    }
    assert lost["parameters"] > 0
    assert lost["simulation"] > 0
    assert (lost["execution"], lost["channels"], lost["master_type"]) == (0, 0, 0)
    wrong = [c for c in found.values() if c["family"] == "parameters" and c["status"] != "pass"]
    assert [c["id"] for c in wrong] == [f"hh.parameters.{channel}.{parameter}"]
    message = wrong[0]["message"]
    assert channel in message
    assert parameter in message
    if change == "sign":
        assert "sign" in message
