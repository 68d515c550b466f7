"""The users that a daemon with this configuration and this state would know."""

from collections.abc import Mapping

from doorward.core.errors import StateError, TrustError
from doorward.core.principal import User
from doorward.core.settings import Settings
from doorward.core.users import merge_users
from doorward.stores.places import state_place
from doorward.stores.users import UserFile


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
