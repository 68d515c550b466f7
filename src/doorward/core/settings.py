"""What a configuration says, as values; where they come from is not known here."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from doorward.core.catalogue import Catalogue
from doorward.core.limits import Limits
from doorward.core.principal import User


class Language(enum.Enum):
    """The languages that the line protocol speaks."""

    ENGLISH = "en"
    FRENCH = "fr"


class LineSessionKind(enum.Enum):
    """What a line door does after its answer."""

    ONCE = "once"
    KEEP = "keep"


TCP = "tcp"
TLS = "tls"
UNIX = "unix"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """
    One door.

    Attributes:
        name: `tcp`, `tls` or `unix`.
        listen: `address:port`, port 0 for a free one; for unix one path, or none for the usual place.
        session: once or keep.
        user: of a door with passwords, whose is asked for; empty for any user's.
        certificate: of a door with TLS, the absolute path of its chain in PEM, the door's own certificate
            first; empty for the one that the state keeps.
        key: the absolute path of its private key in PEM; empty when it stands in the same file.
    """

    name: str
    listen: tuple[str, ...]
    session: LineSessionKind = LineSessionKind.ONCE
    user: str = ""
    certificate: str = ""
    key: str = ""


DEFAULT_DOORS = (
    DoorSettings(name=TCP, listen=("127.0.0.1:7022", "[::1]:7022")),
    DoorSettings(name=TLS, listen=("127.0.0.1:7023", "[::1]:7023")),
    DoorSettings(name=UNIX, listen=()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    A whole configuration.

    Attributes:
        file: where it stood; empty when there was none and this is the default.
        language: of the greetings.
        limits: all of them.
        doors: those that are to be opened, by name.
        users: those that stand in the configuration, by name.
        catalogue: the built-ins, and what was declared in TOML and in Python.
        notices: what a keeper should know although it is no error.
    """

    file: str = ""
    language: Language = Language.ENGLISH
    limits: Limits = field(default_factory=Limits)
    doors: Mapping[str, DoorSettings] = field(default_factory=lambda: MappingProxyType({}))
    users: Mapping[str, User] = field(default_factory=lambda: MappingProxyType({}))
    catalogue: Catalogue = field(default_factory=Catalogue)
    notices: tuple[str, ...] = ()

    @property
    def is_default(self) -> bool:
        """Whether no configuration was found."""
        return not self.file
