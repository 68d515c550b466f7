"""Help texts that end with examples, printed as they are typed."""

from typing import Any

import click


class WithExamples(click.Command):
    """
    A command whose help ends with `examples`, a line each.

    Args:
        examples: command lines; never wrapped.
    """

    def __init__(self, *args: Any, examples: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section("Examples"):
                indent = " " * formatter.current_indent
                formatter.write("".join(f"{indent}{line}\n" for line in self.examples))
        super().format_epilog(ctx, formatter)


class GroupWithExamples(WithExamples, click.Group):
    """A group whose help ends with examples."""
