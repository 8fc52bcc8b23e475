"""A matrix in words: as a page to cite, and as lines for a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from grader.authoring.verify.margins import clearances
from grader.authoring.verify.matrix import Matrix, MutantResult
from grader.authoring.verify.samples import SampleAgreement
from grader.core.environment import versions
from grader.core.messages import Catalogue, catalogue, format_value
from grader.report.page.html import render


@dataclass(frozen=True, slots=True)
class ReportTable:
    """One table; the first column names its row. ``words`` are the columns that hold words."""

    heading: str
    about: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: tuple[int, ...] = (0,)


def verify_html(
    matrix: Matrix, labelled: SampleAgreement, title: str, seconds: float, language: str
) -> str:
    """One file that opens offline: what was caught by what, margins, every model."""
    messages = catalogue(language)
    return render(
        "verify.html.j2",
        language=language,
        message=messages.render,
        title=messages.render("verify.title", assignment=title),
        verdict=[summary(matrix, language), labels_summary(labelled, language)],
        facts=[
            (messages.render("verify.facts.wrong"), len(matrix.wrong())),
            (messages.render("verify.facts.right"), len(matrix.right())),
            (messages.render("verify.facts.faults"), len(matrix.faults())),
            (messages.render("verify.facts.seeds"), len(matrix.seeds)),
        ],
        faults=[
            *((row.mutant.name, explain_fault(row, messages)) for row in matrix.faults()),
            *((file, "; ".join(ways)) for file, ways in labelled.disagreements.items()),
        ],
        cite=citation(matrix, messages),
        tables=[
            operator_table(matrix, language),
            margin_table(matrix, language),
            model_table(matrix, language),
        ],
        equivalent=[row.mutant.name for row in matrix.equivalent()],
        took=messages.render(
            "verify.took", seconds=round(seconds), first=matrix.seeds[0], last=matrix.seeds[-1]
        ),
    )


def citation(matrix: Matrix, messages: Catalogue) -> list[tuple[str, str]]:
    """Return what it takes to cite the page, and to make it again: labels and what stands there."""
    assignment, found = matrix.assignment, versions()
    names = {"grader": "grader", "brainpy": "BrainPy", "jax": "JAX", "python": "Python"}
    facts = {
        "date": date.today().isoformat(),
        "command": f"grader verify {assignment.id} --seeds {len(matrix.seeds)}",
        "versions": ", ".join(f"{name} {found[package]}" for package, name in names.items()),
        "digest": assignment.digest,
    }
    return [(messages.render(f"verify.cite.{fact}"), value) for fact, value in facts.items()]


def summary(matrix: Matrix, language: str) -> str:
    """One sentence: whether every model got what it deserves."""
    messages = catalogue(language)
    if faults := len(matrix.faults()):
        return messages.render("verify.not_well", faults=faults)
    return messages.render(
        "verify.all_well",
        wrong=len(matrix.wrong()),
        right=len(matrix.right()),
        seeds=len(matrix.seeds),
    )


def labels_summary(labelled: SampleAgreement, language: str) -> str:
    """One sentence: whether every labelled sample got what its label says."""
    messages = catalogue(language)
    if not labelled.number:
        return messages.render("verify.labels_none")
    if labelled.disagreements:
        return messages.render(
            "verify.labels_not_met", wrong=len(labelled.disagreements), number=labelled.number
        )
    return messages.render("verify.labels_met", number=labelled.number)


def explain_fault(row: MutantResult, words: Catalogue) -> str:
    """Return what is false about a row's marks."""
    if row.errors:
        return words.render("verify.faults.broke", error=row.errors[0].strip().splitlines()[-1])
    if row.is_false_alarm and row.lowest == 100.0:
        return words.render("verify.faults.false_alarm", diagnoses=", ".join(row.diagnoses))
    if row.mutant.right:
        messages = " ".join(row.messages)[:400]
        return words.render("verify.faults.right_lost", points=row.lowest, messages=messages)
    if row.full_mark_seeds:
        return words.render("verify.faults.wrong_full", seeds=len(row.full_mark_seeds))
    return words.render("verify.faults.wrongly_named", diagnoses=", ".join(row.diagnoses))


def operator_table(matrix: Matrix, language: str, *, narrow: bool = False) -> ReportTable:
    """Return the number of wrong models of each operator, and of those that each family caught.

    Where it is to be ``narrow``, in one column for all families.
    """
    messages = catalogue(language)
    rows = []
    for operator, tally in sorted(matrix.operators().items()):
        families = tuple(str(tally.caught[family]) for family in matrix.families)
        if narrow:
            caught = (
                f"{f} {n}" for f, n in zip(matrix.families, families, strict=True) if n != "0"
            )
            families = (", ".join(caught),)
        wrongly = "" if tally.wrongly_named is None else str(tally.wrongly_named)
        ends = (str(tally.named), wrongly, str(tally.missed))
        rows.append((operator, str(tally.number), *families, *ends))
    return ReportTable(
        messages.render("verify.table.heading"),
        messages.render("verify.table.about"),
        (
            messages.render("verify.table.operator"),
            messages.render("verify.table.number"),
            *((messages.render("verify.table.caught"),) if narrow else matrix.families),
            *(
                messages.render(f"verify.table.{end}")
                for end in ("named", "wrongly_named", "missed")
            ),
        ),
        tuple(rows),
        (0, 2) if narrow else (0,),
    )


def margin_table(matrix: Matrix, language: str, *, derived: bool = True) -> ReportTable:
    """Tolerances with what lies next to them on both sides.

    With ``derived`` also what lay there when they were derived.
    """
    messages, assignment = catalogue(language), matrix.assignment
    stored = {(one.of, one.until): one for one in assignment.tolerances}
    rows = []
    for one in clearances(matrix):
        both = stored[one.of, one.until]
        then = both.float64 if one.precision == "float64" else both.float32
        name = one.of.removeprefix(f"{assignment.id}.")
        if name in {exercise.id for exercise in assignment.exercises}:
            name = messages.render("verify.margins.field", exercise=name)
        now = [one.right, one.tolerance, one.wrong]
        numbers = [then.right, *now, then.wrong] if derived else now
        window = "" if one.until is None else format_value(one.until)
        untold = f"{one.undetected} / {one.wrong_number}"
        rows.append((name, window, one.precision, *map(_short, numbers), untold))
    sides = ("right_then", "right", "tolerance", "wrong", "wrong_then")
    heads = ("check", "window", "precision", *(sides if derived else sides[1:-1]), "untold")
    return ReportTable(
        messages.render("verify.margins.heading"),
        messages.render("verify.margins.about"),
        tuple(messages.render(f"verify.margins.{head}") for head in heads),
        tuple(rows),
        words=(0, 2),
    )


def model_table(matrix: Matrix, language: str) -> ReportTable:
    """Every model with its marks."""
    messages = catalogue(language)
    rows = []
    for row in matrix.results:
        lost = ", ".join(f"{f} {points:.3g}" for f, points in row.lost.items() if points > 0)
        rows.append((row.mutant.name, f"{row.lowest:.4g}", f"{row.highest:.4g}", lost))
    heads = ("name", "lowest", "highest", "lost")
    return ReportTable(
        messages.render("verify.models.heading"),
        "",
        tuple(messages.render(f"verify.models.{head}") for head in heads),
        tuple(rows),
        words=(0, 3),
    )


def _short(measure: float | None) -> str:
    return format_value(None if measure is None else float(f"{measure:.2g}"))
