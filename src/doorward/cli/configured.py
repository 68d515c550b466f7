"""The users that a daemon with this configuration and this state would know."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from doorward.cli.named_state import has_passed_over, told_of_passed_over
from doorward.cli.screen import complain
from doorward.core.errors import ConfigurationError, DoorwardError, StateError, TrustError
from doorward.core.principal import User
from doorward.core.settings import Settings
from doorward.core.tokens import check_number
from doorward.core.users import merge_users
from doorward.stores.places import LOCAL_STATE, state_place
from doorward.stores.state import check_private_folder
from doorward.stores.tokens import TokenFile
from doorward.stores.users import UserFile

_LOCAL_FILE = "doorward.toml"


def state_passed_over(state: str | None, environment: Mapping[str, str]) -> str:
    """
    What to tell whoever has a state in the current folder and named none; empty for nothing.

    `ask` would find its daemon there. Who keeps users, or judges by them, says whose: nothing is changed, and
    nobody is told, on the word of the folder that one stands in.
    """
    if not has_passed_over(state, environment):
        return ""
    return f"the users of ./{LOCAL_STATE} are left out; for those add --state {LOCAL_STATE}"


def passed_over(state: str | None, config: Path | None, environment: Mapping[str, str]) -> tuple[str, ...]:
    """What to tell whoever has a state or a configuration in the current folder and named none."""
    told = []
    if has_passed_over(state, environment):
        told.append(told_of_passed_over())
    if config is None and os.path.isfile(_LOCAL_FILE):
        told.append(f"./{_LOCAL_FILE} is not read; to have it count add --config {_LOCAL_FILE}")
    return tuple(told)


def tell_passed_over(state: str | None, config: Path | None) -> None:
    """Say on stderr what `passed_over` has to tell."""
    for said in passed_over(state, config, os.environ):
        complain(said)


def settings_of(config: Path | None) -> Settings:
    """
    The settings of the configuration that `config` names, or of the usual one.

    Raises:
        ConfigurationError, TrustError: it cannot be used.
    """
    from doorward.config import find_configuration, load_settings

    return load_settings(find_configuration(os.environ, config))


def all_users(settings: Settings, state: str | None, environment: Mapping[str, str]) -> tuple[User, ...]:
    """
    The users of the configuration and of the state.

    A state that was not named and cannot be read counts as one without users.

    Raises:
        ConfigurationError: one name stands in both.
        StateError, TrustError: the state that was named cannot be read.
    """
    try:
        file = UserFile(state_place(state, environment).folder)
        stored = file.load()
    except (StateError, TrustError):
        if state is not None:
            raise
        return tuple(settings.users.values())
    return merge_users(settings.users.values(), stored, configured_in=settings.file, stored_in=str(file.path))


@dataclass(frozen=True, slots=True)
class StoredUsers:
    """
    What a state adds to a configuration.

    Attributes:
        folder: the state's; None when none was named and there is none.
        users: who stand in it.
        problems: why a daemon would not start with both.
    """

    folder: Path | None = None
    users: tuple[User, ...] = ()
    problems: tuple[DoorwardError, ...] = ()


def examined_state(
    settings: Settings | None, state: str | None, environment: Mapping[str, str]
) -> StoredUsers:
    """
    The users of the state that `state` names, or of the usual one.

    The problems are those of its users and tokens, alone and with `settings`.
    """
    try:
        folder = state_place(state, environment).folder
    except StateError:
        return StoredUsers()
    if state is None and not os.path.exists(folder):
        return StoredUsers()
    file = UserFile(folder)
    try:
        if os.path.exists(folder):
            check_private_folder(folder, may_be_anothers=True)
        stored = file.load()
        _check_tokens(TokenFile(folder), settings)
        if settings is not None:
            merge_users(
                settings.users.values(), stored, configured_in=settings.file, stored_in=str(file.path)
            )
    except (ConfigurationError, StateError, TrustError) as error:
        return StoredUsers(folder, problems=(error,))
    return StoredUsers(folder, stored)


def _check_tokens(file: TokenFile, settings: Settings | None) -> None:
    number = len(file.load())
    if settings is not None:
        check_number(number, most=settings.limits.tokens, file=str(file.path))
