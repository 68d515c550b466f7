"""What a daemon tells once its doors are open."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from doorward.core.certificates import Certificate
from doorward.core.principal import User
from doorward.core.settings import Settings
from doorward.stores.first_start import FirstUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """
    What is open, told once all doors are.

    Attributes:
        doors: by name, the addresses really listened on; a path for the unix door.
        settings: of the daemon.
        users: all of them, of the configuration and of the state.
        state_folder: absolute.
        notices: what the keeper should know although it is no error.
        certificates: of the doors with TLS, by the name of the door.
        host_key: the fingerprint of the SSH door's; empty when there is no such door.
        first_user: who was made just now, whose password is to be shown once; None for nobody.
    """

    doors: Mapping[str, tuple[str, ...]]
    settings: Settings
    users: tuple[User, ...]
    state_folder: Path
    notices: tuple[str, ...]
    certificates: Mapping[str, Certificate]
    host_key: str = ""
    first_user: FirstUser | None = None
