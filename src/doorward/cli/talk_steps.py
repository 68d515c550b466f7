"""The steps of a conversation from the words of a command line, in the order in which they stand there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from doorward.cli.examples import WithExamples
from doorward.clients.talk.script import (
    Branch,
    EndSide,
    Expect,
    ExpectEnd,
    Script,
    ScriptError,
    SendSecret,
    Step,
)
from doorward.clients.talk.script_reading import compiled, sent

_IN_META = "doorward.cli.talk_steps"

STEP_OPTIONS = (
    "expect",
    "or_expect",
    "expect_end",
    "send",
    "send_raw",
    "send_secret",
    "send_secret_env",
    "end_side",
)
"""The options that are steps, by the names of their parameters."""


class CommandWithSteps(WithExamples):
    """A command some of whose options count in their order, which click does not tell."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words = list(args)
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            values, _, order = self.make_parser(ctx).parse_args(words)
            ctx.meta[_IN_META] = _in_order(values, order)
        return rest


def _in_order(values: Any, order: list[click.Parameter]) -> list[tuple[str, str]]:
    left = {name: list(values[name]) for name in STEP_OPTIONS if isinstance(values.get(name), list)}
    found = []
    for each in order:
        if each.name in STEP_OPTIONS:
            of_it = left.get(each.name)
            found.append((each.name, of_it.pop(0) if of_it else ""))
    return found


def script_of(context: click.Context) -> Script | None:
    """
    The script that the options of the command line are; None for none.

    Raises:
        click.UsageError: one of them cannot be done, or they do not go together.
    """
    steps: list[Step] = []
    for name, word in context.meta.get(_IN_META, ()):
        if name == "or_expect":
            if not (steps and isinstance(steps[-1], Expect)):
                raise click.UsageError("--or stands behind an --expect", context)
            before = steps.pop()
            assert isinstance(before, Expect)  # noqa: S101 - looked at above
            steps.append(Expect((*before.branches, _branch(word, context)), before.line))
        else:
            steps.append(_step(name, word, context, number=len(steps) + 1))
    return Script(steps=tuple(steps)) if steps else None


def _step(name: str, word: str, context: click.Context, *, number: int) -> Step:
    match name:
        case "expect":
            return Expect((_branch(word, context),), number)
        case "send" | "send_raw":
            with _as_usage(context):
                return sent(word, is_line=name == "send")
        case "send_secret":
            return SendSecret(file=word)
        case "send_secret_env":
            return SendSecret(variable=word)
        case "expect_end":
            return ExpectEnd()
        case _:
            return EndSide()


def _branch(word: str, context: click.Context) -> Branch:
    with _as_usage(context):
        return Branch(compiled(word))


@contextmanager
def _as_usage(context: click.Context) -> Iterator[None]:
    """What is wrong with a line of a script is, here, wrong with a word of the command line."""
    try:
        yield
    except ScriptError as error:
        raise click.UsageError(str(error), context) from error
