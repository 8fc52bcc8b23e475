"""Grade simulation notebooks: run them, look at the model, judge it, explain the mark.

The way of a submission, from what was handed in to a term's marks::

    submission/  intake/ notebook/ cells/   what was handed in -> graded cells
    sandbox/                                boxes from outside: bubblewrap, Landlock, limits,
                                            watchdog (talks to what is untrusted)
    untrusted/   box/ probe/                all that runs inside, beside student code;
                                            imports nothing of grader
    run/         kernel/ probe/             notebook + box -> Evidence
                                            (talks to what is untrusted)
    judge/       checks/ reference/         Evidence + reference -> GradeReport, the mark in it;
                                            never talks to a kernel
    report/      page/ plots/ batch/ formats/ store/ text/ templates/
                                            GradeReport -> pages, tables, files of platforms
    grading/     plan/ cluster/             one class: what to redo, who does it; decides no mark
    gradebook/   export/ passback/          a term
    authoring/   release/ verify/ package/  for teachers
    assignment/                             an assignment as data
    core/        types/ messages/           shared frozen types, message catalogue, small ground
    cli/         console/                   one module for each command
    docs/                                   documents: data, no code

Where to add what:

    a check      judge/checks/, and a row of CHECKS in its __init__.py
    a sentence   core/messages/en/ and zh/; one homework's own in assignments/ID/words/
    a homework   assignments/ID/, which students may read, and reference/ID/, which teachers have;
                 `grader new ID` makes both
    a platform   submission/intake/ to read its download; report/formats/ to write its feedback,
                 a CI system's too; gradebook/export/ to write its table of marks;
                 gradebook/passback/ to send marks; authoring/package/ to be its autograder

Layers, each of which imports those below alone: ``cli``, ``authoring``, ``grading``, ``gradebook``
beside ``run`` and ``judge``, ``sandbox`` beside ``submission``, ``report`` beside ``assignment``,
``core`` beside ``untrusted``. ``lint-imports`` holds them.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

try:
    __version__ = version("grader")
except PackageNotFoundError:  # a bare source tree, never installed
    __version__ = "0+unknown"


def load_ipython_extension(shell: Any) -> None:
    """Give a notebook ``%grader check``: IPython calls this for ``%load_ext grader``."""
    import_module("grader.cli.magic").add_to(shell)  # only there and then
