from doorward.core.builtin_commands import PROGRAMS, READERS, program_command, verb_commands
from doorward.core.catalogue import Catalogue
from doorward.core.command import Command, Program, Verb
from doorward.core.invocation import bind, launch_of
from doorward.core.limits import Limits
from doorward.core.policy import Deed, judge
from doorward.core.principal import ADMIN, Login, Principal, User, guest, principal_of


def builtins() -> list[Command]:
    return [program_command(name, f"/bin/{name}", home="/var/empty") for name in PROGRAMS] + verb_commands()


def may(principal: Principal) -> set[str]:
    return {
        command.name for command in builtins() if judge(principal, Deed.RUN, command, door="tcp").is_granted
    }


GUESTS = {"uptime", "df", "whoami", "echo", "help", "quit"}
USERS = GUESTS | {"runs", "attach", "cancel"}


def test_guests_may_ask_for_these_and_no_others() -> None:
    assert may(guest()) == GUESTS


def test_users_may_look_after_their_runs_too() -> None:
    assert may(principal_of(User(name="alice"), Login.PASSWORD)) == USERS


def test_admin_may_do_all_that_there_is() -> None:
    everything = {command.name for command in builtins()}
    assert may(principal_of(User(name="root", roles=frozenset({ADMIN})), Login.UID)) == everything
    assert everything == USERS | {"schedules", "status"}


def test_they_make_a_catalogue_and_each_verb_has_a_command() -> None:
    catalogue = Catalogue(builtins())
    assert {command.action for command in catalogue if isinstance(command.action, Verb)} == set(Verb)
    assert all(command.is_builtin and command.summary for command in catalogue)


def test_df_and_uptime_are_read_and_shared_and_have_their_own_places() -> None:
    for name, vector in PROGRAMS.items():
        command = program_command(name, f"/bin/{name}", home="/var/empty")
        assert isinstance(command.action, Program)
        assert command.is_shareable
        assert command.has_own_places
        assert command.reader is READERS[name]
        launch = launch_of(bind(command, [], Limits()), command.action, Limits())
        assert launch.argv == (f"/bin/{name}", *vector[1:])
        assert launch.environment["HOME"] == "/var/empty"


def test_echo_takes_every_word_that_does_not_begin_with_a_dash() -> None:
    echo = next(command for command in verb_commands() if command.action is Verb.ECHO)
    said = ["a", "", "b c", "words=x", "é", "x" * 4096]
    assert bind(echo, said, Limits()).values == {"words": tuple(said)}
