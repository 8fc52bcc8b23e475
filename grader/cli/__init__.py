"""The ``grader`` command. Thin: it reads options, calls the harness and says what came out.

Neither JAX nor BrainPy is imported here, so that ``grader --help`` answers at once.
"""

from __future__ import annotations

import io
import sys

import click

from grader import __version__
from grader.cli.check import check
from grader.cli.doctor import doctor
from grader.cli.export import export
from grader.cli.grade import grade
from grader.cli.gradebook import gradebook
from grader.cli.localized import LocalizedGroup
from grader.cli.new import new
from grader.cli.options import SETTINGS
from grader.cli.package import package
from grader.cli.release import release
from grader.cli.verify import verify


@click.group(cls=LocalizedGroup, context_settings=SETTINGS)
@click.version_option(__version__, "-V", "--version", message="grader %(version)s")
def main() -> None:
    """Be the program, whose help stands in the catalogue, in each language."""
    for stream in (sys.stdout, sys.stderr):  # no terminal's encoding may end a batch
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


for command in (grade, check, gradebook, export, package, verify, new, release, doctor):
    main.add_command(command)
