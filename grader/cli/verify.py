"""``grader verify``: an assignment's own test."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.options import (
    BELOW,
    OK,
    SETTINGS,
    OurFault,
    assignments_option,
    choose_language,
    exits_with_sentence,
    fail,
    lang_option,
    sandbox_or_fail,
)


@click.command(context_settings=SETTINGS)
@click.argument("assignment")
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the page to this file. Default: verify-ASSIGNMENT.html.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 100),
    default=10,
    show_default=True,
    help="Seeds under which each model is judged.",
)
@click.option(
    "--derive",
    is_flag=True,
    help="Derive the tolerances anew, with other seeds and every other wrong model, store them "
    "beside the assignment, and then test.",
)
@click.option(
    "--samples/--no-samples",
    default=True,
    help="Grade the labelled samples too, where the assignment has some.",
)
@click.option("-j", "--jobs", type=click.IntRange(1, 64), help="Default: one for each processor.")
@lang_option
@assignments_option
@exits_with_sentence
def verify(
    assignment: str,
    out: Path | None,
    seeds: int,
    derive: bool,
    samples: bool,
    jobs: int | None,
    lang: str | None,
    assignments: Path | None,
) -> int:
    """Test an assignment: wrong models must lose points, right ones none.

    First its labelled sample submissions are graded, and held against their labels.
    Wrong models are made of the solution by one change each (a parameter, a sign, an
    exponent, a channel too many, ...), right ones by writing it in other ways. All of
    them run in boxes and are judged as submissions are, under several seeds. The page
    says what was caught by what, and how clear of the tolerances.

    \b
    Exit status: 0 all got what they deserve; 1 a right one loses a point, a wrong one
    gets full marks or a sample not what its label says; 2 wrong usage; 3 a fault of ours.
    """
    import time

    from grader.assignment.find import find_assignment
    from grader.authoring.verify.derive import derive_tolerances
    from grader.authoring.verify.margins import NoMargin
    from grader.authoring.verify.parsed_solution import NoSolution
    from grader.authoring.verify.report_html import verify_html
    from grader.authoring.verify.run import VerifyFailed, verify_assignment
    from grader.authoring.verify.sample_labels import ExpectedError
    from grader.authoring.verify.samples import SampleAgreement, find_samples, grade_samples
    from grader.cli.console.progress import progress
    from grader.cli.console.verify import show_matrix
    from grader.grading.batch import default_jobs, processor_count

    began = time.monotonic()
    language = choose_language(lang)
    place = find_assignment(assignment, assignments)
    loaded = place.load(as_teacher=True, derived=not derive)
    page = out or Path(f"verify-{loaded.id}.html")
    if not page.absolute().parent.is_dir():
        fail(f"{page}: there is no such folder to write the page into.")
    box, numbers = sandbox_or_fail("auto", language), range(1, seeds + 1)
    labelled = SampleAgreement(number=0, disagreements={})
    try:
        if derive:
            with progress("verify.deriving", language) as on_row:
                for file in derive_tolerances(loaded, box, jobs or processor_count(), on_row):
                    click.echo(str(file))
            loaded = place.load(as_teacher=True)
        if samples and (folder := find_samples(loaded)) is not None:
            with progress("verify.samples", language) as on_step:
                labelled = grade_samples(folder, loaded, box, jobs or default_jobs(), on_step)
        with progress("verify.running", language) as on_row:
            matrix = verify_assignment(loaded, box, numbers, jobs or processor_count(), on_row)
    except (NoSolution, ExpectedError, NoMargin) as problem:
        fail(str(problem))
    except VerifyFailed as problem:
        raise OurFault(str(problem)) from None
    title = loaded.title.in_language(language)
    seconds = time.monotonic() - began
    page.write_text(verify_html(matrix, labelled, title, seconds, language), "utf-8")
    show_matrix(matrix, labelled, page, language)
    return BELOW if matrix.faults() or labelled.disagreements else OK
