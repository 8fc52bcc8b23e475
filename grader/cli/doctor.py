"""``grader doctor``: what works on this machine."""

from __future__ import annotations

import click

from grader.cli.options import (
    BELOW,
    OK,
    SETTINGS,
    guarded,
    lang_option,
    language_of,
)


@click.command(context_settings=SETTINGS)
@lang_option
@guarded
def doctor(lang: str | None) -> int:
    """Say what works on this machine: sandboxes, device, versions.

    Exit status: 0 when notebooks can be boxed in and graded here, 1 when they cannot.
    """
    from grader.cli.examine import examine

    text, boxed = examine(language_of(lang))
    click.echo(text)
    return OK if boxed else BELOW
