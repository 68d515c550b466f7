"""`doorward`: the subcommands, imported when they are asked for, and where errors become text."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import click

import doorward
from doorward.cli import screen
from doorward.cli.examples import GroupWithExamples
from doorward.core.errors import DoorwardError
from doorward.core.outcome import STATUS_UNAVAILABLE

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMPLETION_VARIABLE = "_DOORWARD_COMPLETE"

SUBCOMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("serve", "Run the daemon."),
    "ask": ("ask", "Ask a daemon for a command."),
    "status": ("status", "Tell how a daemon is."),
    "runs": ("runs", "List the runs that you may see."),
    "schedules": ("schedules", "List what runs by the clock."),
    "attach": ("attach", "Follow a run from its start."),
    "cancel": ("cancel", "Stop a run."),
    "check": ("check", "Look a configuration over."),
    "explain": ("explain", "Tell what asking for a command would run."),
    "who-can": ("who_can", "Tell who may ask for a command, and by which doors."),
    "user": ("user", "Keep the users of a state."),
    "token": ("token", "Keep the tokens of a state."),
    "hash-password": ("hash_password", "Hash a password for a configuration."),
    "fetch": ("fetch", "Fetch what stands at a URL."),
    "talk": ("talk", "Talk in lines to a server, by hand or by a script."),
    "files": ("files", "Show the files of a folder to a browser or curl."),
    "errands": ("errands", "List what the daemon goes out for, and go on one now."),
    "feed": ("feed", "List the entries of feeds, or what is new in them."),
    "cve": ("cve", "Watch vulnerabilities, and see those that are known."),
    "backup": ("backup", "Carry backups off-site, keep the newest, bring them back."),
    "mail": ("mail", "Send mail, and look after what waits."),
    "models": ("models", "Serve one protocol on every I/O model, and measure them."),
    "init": ("init", "Write a configuration to begin with."),
    "completion": ("completion", "Print a script that completes words in your shell."),
}
"""Each subcommand: the module that has it, and its line in the help."""

_STATUS_IS_THE_COMMANDS = frozenset({"ask", "attach"})


@dataclass(slots=True)
class Session:
    """
    What the options before the subcommand said.

    Attributes:
        debug: a traceback is wanted.
    """

    debug: bool = False


class ReaderLeft(Exception):
    """Whoever read stdout has left; never leaves this file."""


class Root(GroupWithExamples):
    """The group whose commands stand in `SUBCOMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = SUBCOMMANDS.get(cmd_name)
        if found is None:
            return None
        command: click.Command = import_module(f"doorward.cli.{found[0]}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            # click would exit with 1, which may be the asked command's own
            raise ReaderLeft from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in SUBCOMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        # the names and summaries are known without importing any of them
        names = [
            CompletionItem(name, help=summary)
            for name, (_, summary) in SUBCOMMANDS.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)


@click.command(
    cls=Root,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status of ask and attach: the command's own; 124 stopped by its time limit, "
    "125 doorward could not, 126 refused, 127 unknown command.",
    examples=(
        "doorward serve             run the daemon on loopback",
        "doorward ask df            ask it for a command",
        "doorward COMMAND --help    more about a subcommand",
    ),
)
@click.version_option(doorward.__version__, prog_name="doorward", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show a traceback with an error.")
@click.pass_obj
def root(session: Session, *, debug: bool) -> None:
    """One catalogue of a server's commands, behind every door you have a client for."""
    session.debug = debug


def run(arguments: Sequence[str]) -> int:
    """Run what `arguments` say; returns the exit status. No error leaves this."""
    session = Session()
    try:
        status = _run(arguments, session)
        sys.stdout.flush()
    except (BrokenPipeError, ReaderLeft):
        screen.give_up_stdout()
        return screen.STATUS_BROKEN_PIPE
    except (KeyboardInterrupt, click.Abort):
        return screen.STATUS_INTERRUPTED
    except DoorwardError as error:
        _show_traceback(session)
        return screen.complain_of(error)
    except click.ClickException as error:
        return _usage_status(error)
    except OSError as error:
        _show_traceback(session)
        # a full disk behind stdout, say; what is still in its buffer would raise again at the exit
        screen.give_up_stdout()
        screen.complain(f"the system refused: {error}")
        return STATUS_UNAVAILABLE
    except Exception as error:  # noqa: BLE001 - the last one to tell a person what happened
        _show_traceback(session)
        screen.complain_of_fault(error)
        return STATUS_UNAVAILABLE
    return status


def _run(arguments: Sequence[str], session: Session) -> int:
    status = root.main(
        list(arguments),
        prog_name="doorward",
        complete_var=COMPLETION_VARIABLE,
        standalone_mode=False,
        obj=session,
    )
    return status if isinstance(status, int) else 0


def _usage_status(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    screen.complain_of_usage(error)
    context = getattr(error, "ctx", None)
    name = context.info_name if context is not None else ""
    # 2 would be taken for the asked command's own
    return STATUS_UNAVAILABLE if name in _STATUS_IS_THE_COMMANDS else error.exit_code


def _show_traceback(session: Session) -> None:
    if session.debug:
        import traceback

        traceback.print_exc()
