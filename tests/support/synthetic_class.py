"""A made-up class for the tests of the batch page: marks as classes have them, mistakes shared."""

from __future__ import annotations

import random
from dataclasses import replace

from grader.core.types import BatchSummary, Diagnosis, ExecutedNotebook, GradeReport, Status
from tests.support.sample_reports import checks, mark, perfect

FIRST = (
    "Mara",
    "Jonas",
    "Aylin",
    "Pavel",
    "Inès",
    "Tomás",
    "Noor",
    "Kofi",
    "Yuki",
    "Zoë",
    "伟",
    "芳",
)
LAST = ("Lindqvist", "Okafor", "Novák", "Costa", "Demir", "Haddad", "张", "王", "Sato", "Müller")
CUBED = Diagnosis(
    message_id="assignment.mistake.cubed",
    state="V",
    message="Your potassium current grows with n³. In the lesson's equation it is n⁴.",
)
ALONE = Diagnosis(
    message_id="assignment.mistake.alpha_alone",
    state="n",
    message="In your dn/dt, α_n is not multiplied by 1−n.",
)
# What a check may say, how likely, and what it leaves of the points.
SAID: list[tuple[str, str, str, float, float]] = [
    ("hh.parameters.IL.g_max", "checks.parameter.power_of_ten",
     "g_max of IL is {} mS/cm²: the digits are right, the decimal point is not.", 0.16, 0),
    ("hh.parameters.IL.E", "assignment.mistake.earlier_leak",
     "−54.387 is the value of this lesson's earlier example. The blank asks for another.", 0.3, 0),
    ("hh.parameters.IK.E", "checks.parameter.sign",
     "E of IK is 77 mV: the number is right, its sign is not.", 0.12, 0),
    ("hh.channels.IL", "checks.channel.library",
     "self.IL is BrainPy's own IL; asked for was the channel class that this notebook defines.",
     0.08, 0.5),
    ("hh.master_type.INa", "checks.master_type.wrong", "master_type of INa is Dynamics.", 0.07, 0),
    ("hh.execution.figures", "checks.figures.missing",
     "Figures found: 0; at least 2 asked for. Plot V and the gates.", 0.1, 0),
]  # fmt: skip
SIMULATED = ("spikes", "rate", "V", "n", "m", "h")


def class_of(count: int, language: str = "en", seed: int = 1) -> BatchSummary:
    """``count`` submissions, the same ones each time."""
    drawn = random.Random(seed)
    base = replace(perfect(language), curves=(), residuals=(), notes=())
    base = replace(base, checks=checks(language), run=replace(base.run, figures=()))
    return BatchSummary(
        assignment="hh",
        assignment_title=base.assignment_title,
        reports=tuple(_one(base, number, drawn) for number in range(count)),
        seconds=1.1 * count,
        language=language,
    )


def _one(base: GradeReport, number: int, drawn: random.Random) -> GradeReport:
    name = f"{drawn.choice(LAST)} {drawn.choice(FIRST)} {1000 + number}"
    seconds = round(drawn.gammavariate(4, 0.8), 2)
    report = replace(
        base, submission_id=name, file=f"{name}.ipynb", run=replace(base.run, seconds=seconds)
    )
    kind = drawn.random()
    if kind < 0.012:
        return _skipped(report, "unreadable", "The file could not be read")
    if kind < 0.02:
        return replace(
            mark(report, "hh.simulation.V", "error", 0), outcome="not_graded", score=None
        )
    if kind < 0.05:
        return _skipped(report, "timeout", "The run was cut")
    if kind < 0.12:
        return _skipped(report, "cell_error", "")
    return _wrong(report, drawn)


def _skipped(report: GradeReport, status: str, look: str) -> GradeReport:
    """Nothing could be checked but that the notebook runs, which it does not."""
    few = ("hh.execution.filled",) if status != "unreadable" else ()
    lost = tuple(
        c if c.id in few else replace(c, status="skipped", points=0.0, message="")
        for c in report.checks
    )
    run = ExecutedNotebook(
        status=status,  # type: ignore[arg-type]
        seconds=0.0 if status == "unreadable" else 30.0,
    )
    score = round(sum(c.points for c in lost), 2)
    return replace(report, checks=lost, run=run, score=score, needs_look=(look,) if look else ())


def _wrong(report: GradeReport, drawn: random.Random) -> GradeReport:
    wrong = False
    for id, message_id, message, likely, left in SAID:
        if drawn.random() < likely:
            status: Status = "partial" if left else "fail"
            told = message.format(drawn.choice(["0.3", "0.3", "0.3", "0.003"]))
            report = mark(report, id, status, left, message_id=message_id, message=told)
            wrong |= id.startswith("hh.parameters")
    for diagnosis, likely in ((CUBED, 0.07), (ALONE, 0.05)):
        if drawn.random() < likely:
            report = replace(report, diagnoses=(*report.diagnoses, diagnosis))
            wrong = True
    if wrong:
        left = drawn.choice([0.0, 0.25, 0.5])
        for name in SIMULATED:
            report = mark(
                report, f"hh.simulation.{name}", "partial" if left else "fail", left,
                message_id="checks.trace.wrong", message="It leaves the reference.",
            )  # fmt: skip
        for number in range(drawn.randrange(10)):
            report = mark(report, f"hh.hidden.{number}", "fail", 0, message_id="checks.field.wrong")
    return report
