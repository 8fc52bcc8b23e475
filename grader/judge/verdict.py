"""From evidence to a report: every check in its order, points, words. No JAX here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from grader import __version__
from grader.assignment.schema import Assignment, Exercise
from grader.core.environment import versions
from grader.core.exceptions import missing_package
from grader.core.messages import Catalogue, catalogue
from grader.core.types import (
    CUT_OFF,
    CheckResult,
    Curve,
    Evidence,
    ExecutedNotebook,
    ExerciseEvidence,
    GradedCell,
    GradeReport,
    Note,
    Submission,
)
from grader.judge.apply_checks import apply_checks, check_result
from grader.judge.dependencies import parts_to_substitute, substitution_notes, with_exercise_title
from grader.judge.omitted_output import omitted_output_notes
from grader.judge.residuals import diagnoses, mistake_notes, residuals
from grader.submission.cells.handout import read_released
from grader.submission.cells.source_check import contradictions
from grader.submission.notebook.ast_digest import source_digest


def verdict(
    evidence: Evidence,
    assignment: Assignment,
    submission_id: str,
    language: str,
    device: str = "",
) -> GradeReport:
    """Judge one submission. A check that raises makes it "not graded", never 0.

    ``device`` is where the reference was computed, "" when it was not.
    """
    messages = catalogue(language, assignment.folder)
    if messages.has(evidence.harness_error):
        evidence = replace(evidence, harness_error=messages.render(evidence.harness_error))
    results = tuple(
        check_result(one, assignment, messages)
        for one in apply_checks(evidence, assignment, messages)
    )
    graded = not any(one.status == "error" for one in results)
    score = round(sum(one.points for one in results), 2) if graded else None
    differences = _contradictions(evidence, assignment)
    stands_in = parts_to_substitute(evidence, assignment, results)
    notes = substitution_notes(evidence, assignment, stands_in, messages)
    notes += _notes(evidence, assignment) + differences
    executed = evidence.executed
    failed = executed.failed_cell
    sources = {cell.index: cell.source for cell in evidence.submission.cells}
    return GradeReport(
        assignment=assignment.id,
        assignment_title=assignment.title.in_language(language),
        assignment_digest=assignment.digest,
        assignment_files=assignment.files,
        submission_id=submission_id,
        file=evidence.submission.file,
        sha256=evidence.submission.sha256,
        outcome="graded" if graded else "not_graded",
        score=score,
        max_score=round(sum(one.max_points for one in results), 2),
        checks=results,
        run=executed,
        notes=_render([n for n in notes if n.for_student], messages),
        teacher_notes=_render([n for n in notes if not n.for_student], messages),
        curves=_curves(evidence, assignment, messages),
        residuals=residuals(evidence, assignment, messages, results),
        diagnoses=diagnoses(evidence, messages),
        error_is_consequence=_error_is_consequence(evidence, assignment),
        error_source="" if failed is None else sources.get(failed, ""),
        needs_look=_needs_look(evidence, results, bool(differences), messages),
        provenance={
            **evidence.versions,
            "grader": __version__,
            "device": device,
            "sandbox": evidence.sandbox,
            "seed": evidence.seed,
        },
        language=language,
        parts_to_substitute=stands_in,
        had_failure=evidence.had_failure and any(one.points < one.max_points for one in results),
        public_only=assignment.rubric is None,
    )


def broken_evidence(file: str, fault: str) -> Evidence:
    """Evidence of our own fault: nothing could be gathered, so nothing is judged."""
    return Evidence(
        submission=Submission(file=file, sha256=_digest(file)),
        executed=ExecutedNotebook(status="ok"),
        exercises={},
        versions=versions(),
        harness_error=fault,
    )


def _digest(file: str) -> str:
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError:
        return ""


def _error_is_consequence(evidence: Evidence, assignment: Assignment) -> bool:
    """Return True if the run stopped in code that was given, or where a blank was left.

    That is in a cell with one left in it, or one whose exercise is made of another with one.
    """
    failed = evidence.executed.failed_cell
    source = next((c.source for c in evidence.submission.cells if c.index == failed), None)
    if failed is None or source is None:
        return False
    own = {id for id, a in evidence.exercises.items() if a.cell.index == failed}
    if own:
        own |= {part for id in own for part in assignment.exercise(id).needs}
        cells = [evidence.exercises[id].cell for id in own if id in evidence.exercises]
        return any(not blank.filled for cell in cells for blank in cell.blanks)
    tags = {exercise.tag for exercise in assignment.exercises}
    handout_cells = {c.digest for c in read_released(assignment).cells if tags.isdisjoint(c.tags)}
    return source_digest(source) in handout_cells


def _notes(evidence: Evidence, assignment: Assignment) -> list[Note]:
    notes = list(evidence.submission.notes)
    if evidence.submission.fault is not None:
        notes.insert(0, evidence.submission.fault)
    variants = {v.id: v.note for v in assignment.variants}
    for exercise_evidence in evidence.exercises.values():
        if note := _took_cell(exercise_evidence.cell):
            notes.append(note)
        for name, own in exercise_evidence.renamed_from.items():
            notes.append(Note(message_id="verdict.hung", values={"name": name, "found": own}))
        if exercise_evidence.cell.ignored and not exercise_evidence.cell.filled:
            numbers = ", ".join(str(index + 1) for index in exercise_evidence.cell.ignored)
            notes.append(Note(message_id="verdict.set_aside", values={"cells": numbers}))
        if exercise_evidence.answers.single_neuron:
            notes.append(Note(message_id="checks.simulation.one_by_one"))
        if exercise_evidence.answers.precision == "float32":
            notes.append(Note(message_id="checks.simulation.float32"))
        notes += mistake_notes(exercise_evidence)
        if exercise_evidence.reference is not None and variants.get(
            exercise_evidence.reference.variant
        ):
            notes.append(Note(message_id=variants[exercise_evidence.reference.variant]))
    attempts = evidence.exercises.values()
    if late := [a.cell.class_name for a in attempts if a.reprobed_from_source == "ended"]:
        values = {"names": ", ".join(dict.fromkeys(late))}
        notes.append(Note(message_id="verdict.by_definitions", values=values))
    for run in evidence.executed.cells:
        if run.excused:
            notes.append(
                Note(
                    message_id=run.excused,
                    values={"cell": run.index + 1, "package": missing_package(run.error_text)},
                )
            )
    if evidence.executed.time_factor > 1.0:
        factor = round(evidence.executed.time_factor, 1)
        notes.append(
            Note(message_id="machine.time_factor", values={"factor": factor}, for_student=False)
        )
    return notes + omitted_output_notes(evidence.executed.cells)


def _render(notes: Sequence[Note], messages: Catalogue) -> tuple[str, ...]:
    """Render the notes; what is to be said of several exercises is said once."""
    return tuple(dict.fromkeys(messages.render_note(n) for n in notes))


def _contradictions(evidence: Evidence, assignment: Assignment) -> list[Note]:
    return [
        note
        for id, exercise_evidence in evidence.exercises.items()
        for note in _contradiction(evidence.submission, assignment.exercise(id), exercise_evidence)
    ]


def _contradiction(
    submission: Submission, exercise: Exercise, evidence: ExerciseEvidence
) -> list[Note]:
    if evidence.judged_with:  # the parts in that kernel were not the student's
        return []
    if evidence.reprobed_from_source == "changed":
        return [Note(message_id="verdict.contradiction.by_source", for_student=False)]
    return contradictions(submission, exercise, evidence)


def _took_cell(cell: GradedCell) -> Note | None:
    """Name the cell taken, when it is not simply the tagged one."""
    if cell.index is None or cell.found_by in ("tag", "source", "none"):
        return None
    return Note(
        message_id="verdict.took_cell",
        values={"cell": cell.index + 1, "class_name": cell.class_name},
    )


def _curves(evidence: Evidence, assignment: Assignment, messages: Catalogue) -> tuple[Curve, ...]:
    """V and each gate on the first public stimulus, the student's over the reference."""
    curves: list[Curve] = []
    for exercise in assignment.exercises:
        exercise_evidence = evidence.exercises.get(exercise.id)
        if (
            exercise_evidence is None
            or exercise_evidence.reference is None
            or exercise_evidence.stimuli is None
        ):
            continue
        for name in ("V", *exercise.gates):
            if name in exercise_evidence.reference.traces:
                curve = _curve(name, exercise, exercise_evidence)
                label = with_exercise_title(exercise, curve.label, messages)
                curves.append(replace(curve, label=label))
    return tuple(curves)


def _curve(name: str, exercise: Exercise, evidence: ExerciseEvidence) -> Curve:
    assert evidence.reference is not None
    assert evidence.stimuli is not None
    own = name if name == "V" else evidence.reference.gates.get(name)
    student = evidence.answers.traces.get(own) if own else None
    return Curve(
        label=exercise.short_name(name),
        unit="mV" if name == "V" else "",
        time=evidence.stimuli.time,
        reference=evidence.reference.traces[name][:, 0],
        student=None if student is None else student[:, 0],
    )


def _needs_look(
    evidence: Evidence, results: Sequence[CheckResult], contradicted: bool, messages: Catalogue
) -> tuple[str, ...]:
    exercises, runs = evidence.exercises.values(), evidence.executed.cells
    conditions = {
        "broken": bool(evidence.harness_error),
        "not_graded": any(one.status == "error" for one in results),
        "unreadable": evidence.submission.fault is not None,
        "cut": evidence.executed.status in CUT_OFF,
        "no_answer": any(f.stage == "reply" for a in exercises for f in a.probe.faults),
        "not_found": any(a.cell.index is None for a in exercises),
        "set_aside": any(a.cell.ignored for a in exercises)
        and not any(one.points for one in results),
        "misnamed": any(one.message_id == "checks.misnamed" for one in results),
        "excused": any(run.excused for run in runs)
        and any(one.status != "pass" for one in results),
    }
    reasons = [reason for reason, holds in conditions.items() if holds][:1]
    reasons += ["contradiction"] if contradicted else []
    why = evidence.harness_error.strip().rpartition("\n")[2][:300]
    return tuple(messages.render(f"verdict.needs_look.{reason}", why=why) for reason in reasons)
