"""An assignment with other right answers, which asks the same."""

from __future__ import annotations

from grader.assignment.schema import Assignment, Gate, Mistake


def judged_otherwise(assignment: Assignment) -> Assignment:
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
