"""Help texts that end with examples, printed as they are typed."""

from typing import Any

import click

_SENTENCE_CHARACTERS = 300


class WithExamples(click.Command):
    """
    A command whose help ends with `examples`, a line each.

    Args:
        examples: command lines; never wrapped.
    """

    def __init__(self, *args: Any, examples: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            # an option without its argument is told without saying of which subcommand
            error.ctx = error.ctx or ctx
            raise

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section("Examples"):
                indent = " " * formatter.current_indent
                formatter.write("".join(f"{indent}{line}\n" for line in self.examples))
        super().format_epilog(ctx, formatter)


class GroupWithExamples(WithExamples, click.Group):
    """A group whose help ends with examples; of a wrong subcommand it names the nearest one."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each subcommand is for, a whole sentence: click's own cuts it at the end of a line."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, each.get_short_help_str(_SENTENCE_CHARACTERS)) for name, each in commands if each]
            )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names = self.list_commands(ctx)
        if args and args[0] not in names and not args[0].startswith("-"):
            from doorward.core.invocation import did_you_mean

            ctx.fail(f"there is no subcommand {args[0]!r}{did_you_mean(args[0], names)}")
        return super().resolve_command(ctx, args)
