"""Commands that speak the language of who calls them, in their help and about wrong usage too."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import pairwise

import click

from grader.cli.options import WrongUse, choose_language


class LocalizedCommand(click.Command):
    """A command whose help and whose sentences are the catalogue's, not click's English ones.

    The help stands as ``cli.<command>.help`` in it.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Find the language first of all, then parse. Raises ``WrongUse``."""
        ctx.meta["language"] = choose_language(_named_language(args))
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise WrongUse(_usage_sentence(error, ctx), ctx.meta["language"]) from None

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the catalogue's help; called by click for ``--help``."""
        from grader.core.messages import catalogue

        formatter.write(catalogue(ctx.meta["language"]).render(f"cli.{self.name}.help"))


class LocalizedGroup(LocalizedCommand, click.Group):
    """The same for a group; ``cli.<group>.help`` names its commands."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take no arguments for a wish for help. Raises ``WrongUse``."""
        return super().parse_args(ctx, args or ["--help"])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first word names. Raises ``WrongUse``."""
        from grader.core.messages import catalogue

        if args[0] not in self.commands:
            messages = catalogue(ctx.meta["language"])
            near = get_close_matches(args[0], self.commands)
            values = {"command": args[0], "known": ", ".join(near or self.commands)}
            raise WrongUse(messages.render("cli.usage.no_command", **values), ctx.meta["language"])
        return super().resolve_command(ctx, args)


def _named_language(args: list[str]) -> str | None:
    """Find the language that the arguments name, before they are parsed."""
    pairs = [*pairwise(args), *(arg.partition("=")[::2] for arg in args)]
    named = [value for name, value in pairs if name == "--lang" and value in ("en", "zh")]
    return named[-1] if named else None


def _usage_sentence(error: click.UsageError, ctx: click.Context) -> str:
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
