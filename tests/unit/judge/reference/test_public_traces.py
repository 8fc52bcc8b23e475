"""The stored traces of the accepted models for the public stimuli."""

from __future__ import annotations

import shutil
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from grader.assignment.load import AssignmentError, load_assignment
from grader.assignment.schema import Assignment
from grader.assignment.stimuli import draw_stimuli
from grader.judge.metrics import spike_times
from grader.judge.reference.make_public_traces import write_public_traces
from grader.judge.reference.public_traces import load_public_traces
from tests.support.hh_reference import assignment, reference
from tests.support.project import ROOT


@pytest.fixture
def copy(tmp_path: Path) -> Assignment:
    """The assignment in a folder of its own, its stored traces with it."""
    shutil.copytree(ROOT / "assignments/hh", tmp_path / "hh")
    return load_assignment(tmp_path / "hh", ROOT / "reference/hh")


def test_the_stored_traces_are_those_of_the_reference():
    """Every state of every variant is the same as computed anew, to 1e-9."""
    panel = draw_stimuli(assignment(), 0, hidden=False)
    stored = load_public_traces(assignment(), assignment().exercises[0])
    assert list(stored) == [variant.id for variant in assignment().variants]
    for variant in assignment().variants:
        fresh = reference().run(panel, variant.constants)
        assert set(stored[variant.id]) == set(fresh)
        for name, trace in fresh.items():
            np.testing.assert_allclose(stored[variant.id][name], trace, rtol=0, atol=1e-9)


def test_students_can_read_them_without_the_teachers_part():
    """The students' folder alone gives both variants: 8 spikes and 1."""
    students = load_assignment(ROOT / "assignments/hh")
    stored = load_public_traces(students, students.exercises[0])
    time = draw_stimuli(students, 0, hidden=False).time
    counts = {id: len(spike_times(time, traces["V"], 0.0)[0]) for id, traces in stored.items()}
    assert counts == {"code": 8, "formula": 1}


@pytest.mark.full  # each time everything is compiled anew
def test_making_them_anew_gives_the_same_file(copy: Assignment):
    """Writing is repeatable to the byte, at any time, so that the assignment's digest stays."""
    (file,) = write_public_traces(copy)
    first = file.read_bytes()
    with ZipFile(file) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    file.unlink()
    write_public_traces(copy)
    assert file == copy.folder / "public-traces.npz"
    assert file.read_bytes() == first


def test_they_cannot_be_made_without_the_reference():
    """The students' part alone has nothing to make traces with."""
    with pytest.raises(AssignmentError, match="no reference"):
        write_public_traces(load_assignment(ROOT / "assignments/hh"))


def test_traces_for_other_stimuli_are_refused(copy: Assignment):
    """An edited stimulus makes the file stale, and that is said."""
    stimulus = copy.stimuli[0].model_copy(update={"amplitude": 1.7})
    edited = copy.model_copy(update={"stimuli": (stimulus,)})
    with pytest.raises(AssignmentError, match="made for other stimuli"):
        load_public_traces(edited, edited.exercises[0])


def test_a_missing_variant_is_refused(copy: Assignment):
    """Every accepted model has its traces, or nobody is judged by them."""
    variant = copy.variants[0].model_copy(update={"id": "third"})
    edited = copy.model_copy(update={"variants": (*copy.variants, variant)})
    with pytest.raises(AssignmentError, match="no trace of V for third"):
        load_public_traces(edited, edited.exercises[0])


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 torn", b"text"])
def test_a_file_that_cannot_be_read_is_named(copy: Assignment, content: bytes | None):
    """Missing, empty and torn files are the assignment's fault, in a sentence with the path."""
    file = copy.folder / "public-traces.npz"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(AssignmentError, match=r"public-traces\.npz"):
        load_public_traces(copy, copy.exercises[0])


def test_nothing_is_unpickled(copy: Assignment):
    """A file with a pickled object in it is refused."""
    np.savez(copy.folder / "public-traces.npz", **{":V0": np.array([object()])})
    with pytest.raises(AssignmentError, match="not readable"):
        load_public_traces(copy, copy.exercises[0])
