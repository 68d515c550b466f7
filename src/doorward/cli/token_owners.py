"""Whose a new token can be: the users of a state, and of the configuration that goes with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from doorward.cli.user_changes import configurations, runs_here
from doorward.core.errors import ConfigurationError
from doorward.core.invocation import did_you_mean
from doorward.core.limits import Limits
from doorward.core.parameter import shown
from doorward.core.principal import User
from doorward.stores.users import UserFile

_NAMES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Owners:
    """
    Who can have a token.

    Attributes:
        users: by name.
        most_tokens: how many there may be in the state.
        file: where the users of the state stand.
        is_elsewhere: whether the state was not named, and a daemon runs on the one in the current folder.
    """

    users: Mapping[str, User]
    most_tokens: int
    file: str
    is_elsewhere: bool = False

    def named(self, name: str | None) -> User:
        """
        The user `name`; without a name the only one there is.

        Raises:
            ConfigurationError: there is no such user, or none at all; the nearest name is told.
            click.UsageError: there are several, and none was named.
        """
        if name is None:
            return self._only_one()
        if name in self.users:
            return self.users[name]
        raise ConfigurationError(
            f"there is no such user{did_you_mean(name, self.users)}",
            key="users",
            file=self.file,
            found=shown(name),
        )

    def _only_one(self) -> User:
        if not self.users:
            remedy = "doorward token new --state .doorward" if self.is_elsewhere else "doorward user add NAME"
            where = ", and a daemon runs on ./.doorward" if self.is_elsewhere else ""
            raise ConfigurationError(
                f"there is no user yet{where}; type: {remedy}", key="users", file=self.file
            )
        names = sorted(self.users)
        if len(names) > 1:
            rest = ", ..." if len(names) > _NAMES_SHOWN else ""
            raise click.UsageError(f"say whose it is with --user: {', '.join(names[:_NAMES_SHOWN])}{rest}")
        return self.users[names[0]]


def token_owners(
    folder: Path, config: Path | None, environment: Mapping[str, str], *, was_named: bool
) -> Owners:
    """
    The users of the state `folder`, and those of the configuration as far as it can be read.

    That is the one of the running daemon and the one that `config` names; the usual one where there is
    neither. `was_named` is whether somebody said which state.

    Raises:
        TrustError, StateError, ConfigurationError: as `UserFile.load`.
    """
    file = UserFile(folder)
    users = {user.name: user for user in file.load()}
    most = []
    for settings in configurations(folder, config, environment):
        users.update(settings.users)
        most.append(settings.limits.tokens)
    return Owners(
        users,
        min(most, default=Limits().tokens),
        str(file.path),
        is_elsewhere=runs_here(was_named=was_named),
    )
