"""The commands that come with the program."""

from doorward.core.command import Command, Function, Program, Verb
from doorward.core.cve_command import cve_command
from doorward.core.errors import StateError
from doorward.core.forms import FORM
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import IntegerType, PatternType, TextType
from doorward.core.principal import ADMIN
from doorward.core.readers import read_df, read_uptime
from doorward.core.tables import Reader
from doorward.core.template import Element

PROGRAMS: dict[str, tuple[str, ...]] = {"uptime": ("uptime",), "df": ("df", "-h")}
"""The built-ins that run a program, and the vector that they run."""

READERS: dict[str, Reader] = {"uptime": read_uptime, "df": read_df}

RELOAD = "reload"

BACKUP = "backup"
"""The daemon's own where there is an errand that carries backups, and nobody declares another."""

RESERVED = frozenset({RELOAD})
"""Names of commands that the daemon adds to every catalogue, so that nobody can declare them."""

_SUMMARIES = {
    "uptime": "How long the machine has been up, and its load",
    "df": "Free space on each file system",
}
_FRESH_SECONDS = {"uptime": 1.0, "df": 2.0}


def program_command(name: str, executable: str, *, home: str) -> Command:
    """The built-in `name`, one of `PROGRAMS`, with its executable found at `executable`."""
    return Command(
        name=name,
        summary=_SUMMARIES[name],
        action=Program(executable, tuple(Element((text,)) for text in PROGRAMS[name][1:]), home=home),
        open_to_guests=True,
        read_only=True,
        fresh_seconds=_FRESH_SECONDS[name],
        reader=READERS[name],
        is_builtin=True,
    )


def verb_commands() -> list[Command]:
    """The built-ins that the desk answers by itself."""
    run = Parameter(name="run", type=IntegerType(min=1), summary="its number")
    admin = frozenset({ADMIN})
    return [
        _verb(Verb.WHOAMI, "Your address, who you are, and how many visitors there are", guests=True),
        _verb(Verb.ECHO, "Say the words again", _words(), guests=True),
        _verb(
            Verb.HELP,
            "What can be asked for, or how to ask for one command",
            Parameter(name="command", type=TextType(max=64), required=False, summary="its name"),
            FORM,
            guests=True,
        ),
        _verb(Verb.RUNS, "Runs that you may see, the live ones first", FORM),
        _verb(Verb.ATTACH, "Follow a run from its start", run),
        _verb(Verb.CANCEL, "Stop a run", run),
        _verb(
            Verb.SCHEDULES, "What runs by the clock, when it ran last and when it is due", FORM, roles=admin
        ),
        _verb(Verb.STATUS, "How the daemon is", FORM, roles=admin),
        _verb(Verb.QUIT, "Leave", guests=True),
    ]


def function_commands() -> list[Command]:
    """The built-ins that a daemon answers with what it alone has: their action is `LATER`."""
    return [cve_command(LATER)]


async def _without_a_daemon(**_values: object) -> str:
    raise StateError("only a daemon can answer this: it has the state in which the answer stands")


LATER = Function(_without_a_daemon, takes_call=False, is_async=True)
"""
The action of such a command until a daemon puts its own in this one's place.

A program that serves a configuration's catalogue without a daemon tells whoever asks that it has none.
"""


def _words() -> Parameter:
    # nothing is started with them: a leading dash is as good as any character
    return Parameter(
        name="words", type=PatternType(pattern=".*", max=4096), repeats=True, summary="what to say"
    )


def _verb(
    verb: Verb,
    summary: str,
    *parameters: Parameter,
    guests: bool = False,
    roles: frozenset[str] | None = None,
) -> Command:
    return Command(
        name=verb.value,
        summary=summary,
        action=verb,
        parameters=parameters,
        open_to_guests=guests,
        roles=roles,
        is_builtin=True,
    )
