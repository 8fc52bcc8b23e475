"""Rows of a matrix as ``grader verify`` fills it, and its page, for tests that look at it."""

from __future__ import annotations

from dataclasses import replace

from grader.assignment.load import load_assignment
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.matrix import Matrix, MutantResult
from grader.authoring.verify.report_html import verify_html
from grader.authoring.verify.samples import SampleAgreement
from tests.support.project import ROOT

SIGN, TENFOLD = "checks.parameter.sign", "checks.parameter.power_of_ten"


def row(
    *named: str, right: bool = False, equal: bool = False, cause: str = "", full: bool = False
) -> MutantResult:
    """A right model with full marks or a wrong one without, unless ``full``."""
    score = 100.0 if right or equal or full else 50.0
    return MutantResult(
        mutant=Mutant(operator="o", place="p", cells={}, right=right, cause=cause),
        lowest=score,
        highest=score,
        lost={},
        full_mark_seeds=(1,) if score == 100.0 else (),
        is_equivalent=equal,
        errors=(),
        messages=(),
        distances={},
        precision="float64",
        diagnoses=named,
    )


def page_to_cite(language: str) -> str:
    """A page all of whose tables are as wide as they get."""
    assignment = load_assignment(ROOT / "assignments" / "hh", ROOT / "reference" / "hh")
    measured = dict.fromkeys(assignment.measures, (1.2e-12, 3.4e-4))
    place = "INa.update: self.m.value, self.h.value = self.integral(self.m, self.h, t, V, dt=dt)"
    long = Mutant(operator="parameter changes late, single precision", place=place, cells={})
    wrong = replace(row(full=True), mutant=long, distances=measured)
    rows = (wrong, row(right=True), row(SIGN, TENFOLD, right=True), row(equal=True))
    matrix = Matrix(assignment=assignment, seeds=(1, 2), results=rows)
    return verify_html(matrix, SampleAgreement(number=0, disagreements={}), "HH", 1.0, language)
