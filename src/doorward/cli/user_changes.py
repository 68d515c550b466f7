"""The users of a state opened for a change, and the daemon that has to hear of it."""

from collections.abc import Mapping
from pathlib import Path

from doorward.cli.daemon import NotThere, Patience, Target, keep_answer
from doorward.core.errors import ConfigurationError, ConnectError, StateError, TrustError
from doorward.core.principal import User
from doorward.core.settings import TCP, UNIX
from doorward.core.users import merge_users
from doorward.stores.places import state_place
from doorward.stores.state import check_private_folder, make_private_folder, read_doors
from doorward.stores.users import UserFile

_LOCAL_STATE = Path(".doorward")
_RELOAD_SECONDS = 10.0


class StateUsers(UserFile):
    """The users of a state, which can be asked for one of them before a password is."""

    def expect(self, name: str) -> None:
        """
        Make sure that there is a user `name`.

        Raises:
            ConfigurationError: there is none.
            TrustError, StateError: as `load`.
        """
        if all(user.name != name for user in self.load()):
            raise ConfigurationError(
                "there is no such user here", key="users", file=str(self.path), found=ascii(name[:64])
            )


def opened_users(
    state: str | None, environment: Mapping[str, str], *, makes_folder: bool = True
) -> StateUsers:
    """
    The users of the state that `state` names, or of the usual one.

    Raises:
        StateError: the folder cannot be used, or is missing and is not to be made.
    """
    folder = state_place(state, environment).folder
    if makes_folder:
        make_private_folder(folder)
    if makes_folder or folder.exists():
        check_private_folder(folder, may_be_anothers=True)
    return StateUsers(folder)


def refuse_configured(
    user: User, config: Path | None, environment: Mapping[str, str], file: UserFile
) -> None:
    """
    Make sure that no user of the configuration has the name or the uid of `user`.

    Raises:
        ConfigurationError: one has, or the state itself has.
    """
    from doorward.config import examine, find_configuration

    settings = examine(find_configuration(environment, config)).settings
    configured = settings.users.values() if settings is not None else ()
    stored_in = str(file.path)
    merge_users(file.load(), (user,), configured_in=stored_in, stored_in=stored_in)
    merge_users(
        configured, (user,), configured_in=settings.file if settings is not None else "", stored_in=stored_in
    )


def tell_daemon(folder: Path, environment: Mapping[str, str], *, was_named: bool) -> str:
    """Have the daemon of the state `folder` read its users again; returns what came of it, in a sentence."""
    try:
        doors = read_doors(folder)
    except (StateError, TrustError) as error:
        return f"Whether a daemon runs is not known: {error}"
    if not doors:
        return f"No daemon runs on this state.{_elsewhere(was_named=was_named)}"
    if UNIX not in doors:
        open_doors = ", ".join(sorted(doors)) or TCP
        return f"A daemon runs (doors: {open_doors}) without a unix door to tell it by: send it SIGHUP."
    return _reload(f"unix://{doors[UNIX][0]}", environment)


def _reload(url: str, environment: Mapping[str, str]) -> str:
    patience = Patience(connect_seconds=_RELOAD_SECONDS, timeout_seconds=_RELOAD_SECONDS)
    try:
        reply, kept = keep_answer(Target(at=url), ("reload",), environment=environment, patience=patience)
    except ConnectError as error:
        if isinstance(error.__cause__, NotThere):
            return "No daemon runs on this state; the last one was killed."
        return f"The running daemon could not be told: {error}"
    if reply.outcome is not None and reply.outcome.is_success:
        return "The running daemon knows it already."
    reason = reply.outcome.reason if reply.outcome is not None else ""
    said = reason or kept.err.decode("utf-8", "replace").strip() or "it gave no reason"
    return f"The running daemon did not take it: {said}. Send it SIGHUP, or start it anew."


def _elsewhere(*, was_named: bool) -> str:
    """A hint for whoever started the daemon with a state in the current folder."""
    if was_named:
        return ""
    try:
        runs_here = bool(read_doors(_LOCAL_STATE))
    except StateError:
        return ""
    return " One runs on ./.doorward: for that one add --state .doorward." if runs_here else ""
