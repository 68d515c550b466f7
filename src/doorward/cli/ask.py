"""`doorward ask`."""

import os

import click

from doorward.cli.completing import complete_line
from doorward.cli.daemon import Patience, ask_daemon, keep_answer
from doorward.cli.examples import WithExamples
from doorward.cli.options import Seconds, json_option, place_options
from doorward.cli.outcomes import answer_json, exit_status, report
from doorward.cli.screen import complain
from doorward.cli.target import Target
from doorward.clients._asking import Descriptors
from doorward.clients._endpoints import CONNECT_SECONDS
from doorward.core.outcome import STATUS_REFUSED, STATUS_UNKNOWN

_NOT_TAKEN = frozenset({STATUS_REFUSED, STATUS_UNKNOWN})


@click.command(
    "ask",
    context_settings={"allow_interspersed_args": False},
    cls=WithExamples,
    examples=(
        "doorward ask df",
        "doorward ask ping example.org count=5",
        "doorward ask --json uptime | jq .drawing",
        "doorward ask --at tcp://127.0.0.1:7022 help",
        "doorward ask --at tls://db.example.org:7023 --user alice df",
        "doorward ask --at https://ops.example.org --token-file token df",
    ),
)
@place_options
@click.option(
    "--timeout",
    type=Seconds(),
    metavar="SECONDS",
    help="Cancel it after this time, and exit with 124.",
)
@json_option
@click.argument("words", nargs=-1, required=True, metavar="COMMAND...", shell_complete=complete_line)
def command(
    *,
    target: Target,
    timeout: float | None,
    as_json: bool,
    words: tuple[str, ...],
) -> int:
    """
    Ask a daemon for a command.

    Options end at the first word of COMMAND. Its output comes as it is written, stderr on stderr. stdin is
    read only when the command takes input. Ctrl-C cancels the command, a second one leaves at once.

    The exit status is the command's own; 124 stopped by its time limit, 125 doorward could not, 126 refused,
    127 unknown command.

    Without --at and --state it looks at $DOORWARD_AT, ./.doorward, your runtime folder, your state folder and
    /run/doorward.

    Over HTTP stdin goes whole, before the command begins, and output goes on after a broken connection.

    A server of TLS is trusted when the system's authorities vouch for it, or when its certificate is the one
    in your own daemon's state (--state, ./.doorward, your state folder); with --ca or --fingerprint only so.
    """
    status = ask_words(target, words, timeout_seconds=timeout, as_json=as_json)
    if status in _NOT_TAKEN and (option := _own_option(words)):
        complain(f"{option} went to the daemon as a word: options of ask stand before the command")
    return status


def _own_option(words: tuple[str, ...]) -> str:
    """The first of `words` after the command that is an option of `ask`; empty for none."""
    known = {name for each in command.params for name in each.opts if name.startswith("--")} | {"--help"}
    return next((word for word in words[1:] if word.partition("=")[0] in known), "")


def ask_words(
    target: Target, words: tuple[str, ...], *, timeout_seconds: float | None = None, as_json: bool
) -> int:
    """Ask for `words`, print the answer, and return the exit status."""
    patience = Patience(
        connect_seconds=min(CONNECT_SECONDS, timeout_seconds or CONNECT_SECONDS),
        timeout_seconds=timeout_seconds,
    )
    if as_json:
        reply, kept = keep_answer(
            target, words, environment=os.environ, patience=patience, input_descriptor=0
        )
        click.echo(answer_json(words, reply, kept))
        return exit_status(reply)
    reply = ask_daemon(
        target, words, Descriptors(), environment=os.environ, patience=patience, input_descriptor=0
    )
    return report(reply)
