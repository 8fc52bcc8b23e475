"""Which digest covers what: a run's covers all that a run depends on, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from project import SOLUTION, short_solution

from grader import digests
from grader.assignment import Assignment, Gate, Mistake, Stimulus
from grader.gather import Job, gather
from grader.seal import is_whole, sealed
from grader.stages import Evidence


def _judged_otherwise(assignment: Assignment) -> Assignment:
    """``assignment`` with everything else that is right, and other points and tolerances."""
    exercises = [
        exercise.model_copy(
            update={
                "related_bases": ("Other",),
                "start": {"V": (0.0, 1.0)},
                "spike_threshold": -20.0,
                "public_traces": "none.npz",
                "channels": tuple(
                    channel.model_copy(
                        update={
                            "master_types": ("Other",),
                            "parameters": {
                                name: parameter.model_copy(
                                    update={
                                        "value": 1.0,
                                        "unit": "",
                                        "tolerance": 0.5,
                                        "mistakes": (Mistake(value=2.0, message="x"),),
                                    }
                                )
                                for name, parameter in channel.parameters.items()
                            },
                            "gates": {name: Gate(aliases=("x",)) for name in channel.gates},
                        }
                    )
                    for channel in exercise.channels
                ),
            }
        )
        for exercise in assignment.exercises
    ]
    assert assignment.rubric is not None
    points = dict.fromkeys(assignment.rubric.points, 1.0)
    return assignment.model_copy(
        update={
            "digest": "another",
            "exercises": tuple(exercises),
            "tolerances": (),
            "variants": assignment.variants[:1],
            "rubric": assignment.rubric.model_copy(update={"points": points}),
        }
    )


def test_what_is_judged_is_no_part_of_a_run(assignment: Assignment) -> None:
    """Points, tolerances and what is right don't change the digest of a run."""
    assert digests.asked(_judged_otherwise(assignment)) == digests.asked(assignment)


def test_what_is_asked_is_part_of_a_run(assignment: Assignment) -> None:
    """A stimulus, a range of states, a step, a class's name or the handout changes it."""
    rubric, exercise = assignment.rubric, assignment.exercises[0]
    assert rubric is not None
    more = Stimulus(name="more", kind="step", amplitude=1.0)
    field = rubric.field.model_copy(update={"count": 8})
    other: list[dict[str, Any]] = [
        {"stimuli": (*assignment.stimuli, more)},
        {"rubric": rubric.model_copy(update={"stimuli": (*rubric.stimuli, more)})},
        {"rubric": rubric.model_copy(update={"field": field})},
        {"simulation": assignment.simulation.model_copy(update={"dt": 0.05})},
        {"exercises": (exercise.model_copy(update={"class_name": "Other"}),)},
        {"exercises": (exercise.model_copy(update={"channels": exercise.channels[:2]}),)},
        {"notebook": SOLUTION},
        {"public_checks": tuple(c for c in assignment.public_checks if c.kind != "map"),
         "rubric": rubric.model_copy(update={"checks": ()})},
    ]  # fmt: skip
    found = [digests.asked(assignment.model_copy(update=update)) for update in other]
    assert len({digests.asked(assignment), *found}) == len(other) + 1


@pytest.mark.full
def test_evidence_does_not_depend_on_what_is_judged(assignment: Assignment, tmp_path: Path) -> None:
    """The same notebook gives the same evidence under another rubric with other right values."""
    file = short_solution(tmp_path / "n.ipynb")

    def gathered(what: Assignment) -> Evidence:
        return gather(Job(notebook=file, assignment=what, limits=what.limits, secret=b"tests"))

    one, other = gathered(assignment), gathered(_judged_otherwise(assignment))
    assert (one.seed, one.submission) == (other.seed, other.submission)
    for id, attempt in one.attempts.items():
        then = other.attempts[id]
        assert (attempt.cell, attempt.probe) == (then.cell, then.probe)
        for kind in ("traces", "field", "maps", "finer"):
            for name, array in getattr(attempt.answers, kind).items():
                np.testing.assert_array_equal(array, getattr(then.answers, kind)[name])


def test_a_client_uses_nothing_that_its_digest_leaves_out() -> None:
    """All modules that a client or a box imports are covered by the digest of a run's code."""
    code = (
        "import sys, pathlib, grader.clients as c\n"
        "c._get_ready(pathlib.Path('assignments/hh'), pathlib.Path('reference/hh'))\n"
        "import grader.gather, grader.evidence, grader.fill\n"
        "print('\\n'.join(n for n in sys.modules if n.startswith('grader.')))"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert done.returncode == 0, done.stderr
    used = {name.split(".")[1] for name in done.stdout.split()}
    assert "gather" in used
    left_out = {name.removesuffix(".py") for name in digests.NOT_OF_A_RUN}
    assert used & left_out == {"words"}  # the sentences of errors in an assignment
    package = Path(digests.__file__).parent
    assert all((package / name).exists() for name in digests.NOT_OF_A_RUN)


def test_a_seal_tells_every_change() -> None:
    """What was sealed is whole until a value, a key or an order in it changes."""
    table = sealed({"score": 87.5, "checks": [{"id": "a", "points": 1}], "text": "\ud800 é"})
    assert is_whole(table)
    assert not is_whole({**table, "score": 100})
    assert not is_whole({**table, "more": 1})
    assert not is_whole({key: value for key, value in table.items() if key != "seal"})
    assert not is_whole({**table, "checks": [{"points": 1, "id": "a"}]})
