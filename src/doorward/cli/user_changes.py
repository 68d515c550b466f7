"""A state opened for a change of its users or tokens, and the daemon that has to hear of it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from doorward.cli.daemon import NotThere, Patience, keep_answer
from doorward.cli.named_state import opened_state
from doorward.cli.target import Target
from doorward.core.errors import ConfigurationError, ConnectError, DoorwardError, StateError, TrustError
from doorward.core.outcome import OutcomeKind
from doorward.core.principal import User
from doorward.core.settings import TCP, TLS, UNIX, Settings
from doorward.core.users import merge_users
from doorward.stores.owners import acting_as_owner
from doorward.stores.places import LOCAL_STATE
from doorward.stores.state import read_doors
from doorward.stores.users import UserFile

_PATIENCE = Patience(connect_seconds=10.0, timeout_seconds=10.0)
_OF_THE_RELOAD = frozenset({OutcomeKind.FAILED, OutcomeKind.EXITED})
"""How a reload ends that was begun; a refusal, say, is about who asked."""


def opened_users(state: str | None, environment: Mapping[str, str]) -> UserFile:
    """The users of the state, whose folder is opened as by `opened_state`."""
    return UserFile(opened_state(state, environment))


def expected_user(name: str, config: Path | None, environment: Mapping[str, str], file: UserFile) -> User:
    """
    The user `name` of the state.

    Raises:
        ConfigurationError: there is none; where the configuration has one, it says so.
        TrustError, StateError: as `UserFile.load`.
    """
    try:
        return file.find(name)
    except ConfigurationError as error:
        for settings in configurations(file.path.parent, config, environment):
            if name in settings.users:
                problem = "this user stands in the configuration, which you edit; then send SIGHUP"
                raise ConfigurationError(problem, key=f"users.{name}", file=settings.file) from error
        raise


def refuse_stored(user: User, file: UserFile) -> None:
    """
    Make sure that no user of the state has the name, the uid or the certificate of `user`.

    Raises:
        ConfigurationError: one has.
        TrustError, StateError: as `UserFile.load`.
    """
    stored_in = str(file.path)
    merge_users(file.load(), (user,), configured_in=stored_in, stored_in=stored_in)


def refuse_configured(
    user: User, config: Path | None, environment: Mapping[str, str], file: UserFile
) -> bool:
    """
    Make sure that no user of the configuration has the name, the uid or the certificate of `user`.

    The configuration is the one that `config` names and the one that the daemon of this state runs with; the
    usual one where there is neither.

    Returns:
        Whether there was one to compare with, or a daemon runs that has none.

    Raises:
        ConfigurationError: one has.
    """
    running = _running_configuration(file.path.parent, environment)
    was_compared = running is not None
    for settings in _settings(running, config, environment):
        was_compared = True
        merge_users(settings.users.values(), (user,), configured_in=settings.file, stored_in=str(file.path))
    return was_compared


def configurations(folder: Path, config: Path | None, environment: Mapping[str, str]) -> Iterator[Settings]:
    """Yield the settings that count for the users of the state `folder`, as far as they can be read."""
    yield from _settings(_running_configuration(folder, environment), config, environment)


def _settings(running: str | None, config: Path | None, environment: Mapping[str, str]) -> Iterator[Settings]:
    from doorward.config import examine, find_configuration

    files = [] if running is None else [Path(running)] if running else []
    if config is not None or running is None:
        named = find_configuration(environment, config)
        files += [named] if named is not None else []
    for each in files:
        settings = examine(each).settings
        if settings is not None:
            yield settings


def other_login_line(
    before: Iterable[User], after: Iterable[User], folder: Path, environment: Mapping[str, str]
) -> str:
    """What has to be typed at `Password?` from now on, where a change of the state made that another."""
    was, now = ([user.name for user in users if user.password_hash is not None] for users in (before, after))
    if len(was) == len(now):
        return ""
    configured: list[str] = []
    for settings in configurations(folder, None, environment):
        door = settings.doors.get(TLS)
        if door is None or door.user:
            return ""
        configured += [user.name for user in settings.users.values() if user.password_hash is not None]
    was, now = was + configured, now + configured
    if len(was) == 1 < len(now):
        return f"{len(now)} users have a password now: at Password? one types USER PASSWORD from now on."
    if len(now) == 1 < len(was):
        return f"{now[0]} alone has a password now: at Password? one types it without a name from now on."
    return ""


def _doors_of(folder: Path) -> dict[str, list[str]]:
    """As `read_doors`, for root with no more power than whoever the folder belongs to."""
    try:
        with acting_as_owner(folder):
            return read_doors(folder)
    except OSError as error:
        raise StateError(f"{folder} cannot be used: {error.strerror}") from error


def _running_configuration(folder: Path, environment: Mapping[str, str]) -> str | None:
    """The file that the daemon of `folder` runs with, empty for none; None when no daemon says."""
    try:
        doors = _doors_of(folder)
        reply, kept = keep_answer(
            Target(at=f"unix://{doors[UNIX][0]}"),
            ("status", "form=json"),
            environment=environment,
            patience=_PATIENCE,
        )
        if reply.outcome is None or not reply.outcome.is_success:
            return None
        return str(json.loads(kept.out)["configuration"] or "")
    except (DoorwardError, OSError, ValueError, LookupError, TypeError):
        return None  # the daemon's own word on the change comes after it


@dataclass(frozen=True, slots=True)
class Told:
    """
    What came of telling a daemon.

    Attributes:
        text: a sentence.
        is_unheard: a daemon runs and goes on with what it had.
        refusal: why it does not take the users as they stand now; empty unless it said so.
    """

    text: str
    is_unheard: bool = False
    refusal: str = ""


def tell_daemon(folder: Path, environment: Mapping[str, str], *, was_named: bool) -> Told:
    """Have the daemon of the state `folder` read its users and tokens again."""
    try:
        doors = _doors_of(folder)
    except (StateError, TrustError) as error:
        return Told(f"Whether a daemon runs is not known: {error}")
    if not doors:
        here = " One runs on ./.doorward: for that one add --state .doorward."
        return Told(f"No daemon runs on this state.{here if runs_here(was_named=was_named) else ''}")
    if UNIX not in doors:
        open_doors = ", ".join(sorted(doors)) or TCP
        return Told(f"A daemon runs (doors: {open_doors}) without a unix door to tell it by: send it SIGHUP.")
    return _reload(f"unix://{doors[UNIX][0]}", environment)


def _reload(url: str, environment: Mapping[str, str]) -> Told:
    try:
        reply, kept = keep_answer(
            Target(at=url), ("reload", "users"), environment=environment, patience=_PATIENCE
        )
    except ConnectError as error:
        if isinstance(error.__cause__, NotThere):
            return Told("No daemon runs on this state; the last one was killed.")
        return Told(f"the running daemon could not be told: {error}", is_unheard=True)
    outcome = reply.outcome
    if outcome is not None and outcome.is_success:
        return Told("The running daemon knows it already.")
    reason = outcome.reason if outcome is not None else ""
    said = reason or bytes(kept.err or kept.out).decode("utf-8", "replace").strip() or "it gave no reason"
    return Told(
        f"the running daemon goes on with the users that it had: {said}. Mend that, then send it SIGHUP",
        is_unheard=True,
        refusal=said if outcome is not None and outcome.kind in _OF_THE_RELOAD else "",
    )


def runs_here(*, was_named: bool) -> bool:
    """Whether a daemon runs on a state in the current folder, and none was named: it may be the one meant."""
    if was_named:
        return False
    try:
        return bool(read_doors(Path(LOCAL_STATE)))
    except StateError:
        return False
