"""Commands that speak the language of who calls them, in their help and about wrong usage too."""

from __future__ import annotations

from difflib import get_close_matches
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
        _write_help(self, ctx, formatter)


class SpokenGroup(click.Group):
    """The same for a group; ``cli.<group>.help`` names its commands."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Called by click first of all. Raises ``WrongUse``."""
        ctx.meta["language"] = language_of(_asked_for(args))
        try:
            return super().parse_args(ctx, args or ["--help"])
        except click.UsageError as error:
            raise WrongUse(_said(error, ctx), ctx.meta["language"]) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Called by click for the first word that is no option. Raises ``WrongUse``."""
        from grader.core.messages import catalogue

        if args[0] not in self.commands:
            messages, near = (
                catalogue(ctx.meta["language"]),
                get_close_matches(args[0], self.commands),
            )
            values = {"command": args[0], "known": ", ".join(near or self.commands)}
            raise WrongUse(messages.render("cli.usage.no_command", **values), ctx.meta["language"])
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Called by click for ``--help``, and where nothing is asked for."""
        _write_help(self, ctx, formatter)


def _write_help(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    from grader.core.messages import catalogue

    formatter.write(catalogue(ctx.meta["language"]).render(f"cli.{command.name}.help"))


def _asked_for(args: list[str]) -> str | None:
    """The language that the arguments name, before they are parsed."""
    pairs = [*pairwise(args), *(arg.partition("=")[::2] for arg in args)]
    named = [value for name, value in pairs if name == "--lang" and value in ("en", "zh")]
    return named[-1] if named else None


def _said(error: click.UsageError, ctx: click.Context) -> str:
    from grader.core.messages import catalogue

    messages, command = catalogue(ctx.meta["language"]), ctx.info_name or ""
    if isinstance(error, click.NoSuchOption):
        return messages.render("cli.usage.no_option", option=error.option_name)
    if isinstance(error, click.MissingParameter):
        return messages.render("cli.usage.missing")
    if isinstance(error, click.BadParameter) and error.param is not None:
        option, kind = error.param.opts[-1], error.param.type
        if isinstance(kind, click.Choice):
            choices = ", ".join(map(str, kind.choices))
            return messages.render("cli.usage.choice", option=option, choices=choices)
        return messages.render("cli.usage.wrong", option=option, command=command)
    return messages.render("cli.usage.other", command=command)
