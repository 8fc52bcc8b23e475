"""A command that speaks the language of who calls it, in its help and about wrong usage too."""

from __future__ import annotations

from itertools import pairwise

import click

from grader.cli.options import WrongUse, language_of


class SpokenCommand(click.Command):
    """Click's own words are English; the catalogue's are said instead.

    The help stands as ``cli.<command>.help`` in it.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Called by click first of all. Raises ``WrongUse``."""
        ctx.meta["language"] = language_of(_asked_for(args))
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise WrongUse(_said(error, ctx), ctx.meta["language"]) from None

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Called by click for ``--help``."""
        from grader.words import catalogue

        formatter.write(catalogue(ctx.meta["language"]).say(f"cli.{self.name}.help"))


def _asked_for(args: list[str]) -> str | None:
    """The language that the arguments name, before they are parsed."""
    pairs = [*pairwise(args), *(arg.partition("=")[::2] for arg in args)]
    named = [value for name, value in pairs if name == "--lang" and value in ("en", "zh")]
    return named[-1] if named else None


def _said(error: click.UsageError, ctx: click.Context) -> str:
    from grader.words import catalogue

    words, command = catalogue(ctx.meta["language"]), ctx.info_name or ""
    if isinstance(error, click.NoSuchOption):
        return words.say("cli.usage.no_option", option=error.option_name)
    if isinstance(error, click.MissingParameter):
        return words.say("cli.usage.missing")
    if isinstance(error, click.BadParameter) and error.param is not None:
        return words.say("cli.usage.wrong", option=error.param.opts[-1], command=command)
    return words.say("cli.usage.other", command=command)
