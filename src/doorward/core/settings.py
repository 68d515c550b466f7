"""What a configuration says, as values; where they come from is not known here."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from doorward.core.addresses import parse_address
from doorward.core.catalogue import Catalogue
from doorward.core.errands import Errand
from doorward.core.limits import Limits
from doorward.core.mail_settings import MailSettings
from doorward.core.mounts import Mount
from doorward.core.principal import User
from doorward.core.schedules import Schedule


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
WEB = "web"
SSH = "ssh"


class Comers(enum.Enum):
    """Who comes by a door, as far as the door knows before they say anything."""

    GUESTS = enum.auto()
    USERS_BY_UID = enum.auto()
    USERS_WITH_PASSWORD = enum.auto()
    USERS_WITH_PASSWORD_OR_KEY = enum.auto()


class Encryption(enum.Enum):
    """Where a door speaks TLS."""

    NEVER = enum.auto()
    ALWAYS = enum.auto()
    OFF_LOOPBACK = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorKind:
    """
    What a door is, whatever its configuration says.

    Attributes:
        comers: guests, users for whose uid the kernel vouches, users with a password or a certificate, or
            users with a password or a key of SSH.
        encryption: whether TLS is spoken.
        is_path: it listens on a unix socket, not on an address of the network.
        only_loopback: it may listen on no other address; nothing of it is safe on a network.
        listen: where, when the configuration does not say; for a path, none means the usual place.
    """

    comers: Comers
    encryption: Encryption
    is_path: bool
    only_loopback: bool
    listen: tuple[str, ...]

    @property
    def asks_login(self) -> bool:
        """Whether whoever comes has to show something before they may ask for anything."""
        return self.comers in {Comers.USERS_WITH_PASSWORD, Comers.USERS_WITH_PASSWORD_OR_KEY}


DOOR_KINDS: Mapping[str, DoorKind] = MappingProxyType(
    {
        TCP: DoorKind(
            comers=Comers.GUESTS,
            encryption=Encryption.NEVER,
            is_path=False,
            only_loopback=True,
            listen=("127.0.0.1:7022", "[::1]:7022"),
        ),
        TLS: DoorKind(
            comers=Comers.USERS_WITH_PASSWORD,
            encryption=Encryption.ALWAYS,
            is_path=False,
            only_loopback=False,
            listen=("127.0.0.1:7023", "[::1]:7023"),
        ),
        WEB: DoorKind(
            comers=Comers.USERS_WITH_PASSWORD,
            encryption=Encryption.OFF_LOOPBACK,
            is_path=False,
            only_loopback=False,
            listen=("127.0.0.1:7024", "[::1]:7024"),
        ),
        UNIX: DoorKind(
            comers=Comers.USERS_BY_UID,
            encryption=Encryption.NEVER,
            is_path=True,
            only_loopback=False,
            listen=(),
        ),
        SSH: DoorKind(
            comers=Comers.USERS_WITH_PASSWORD_OR_KEY,
            encryption=Encryption.NEVER,
            is_path=False,
            only_loopback=False,
            listen=("127.0.0.1:7025", "[::1]:7025"),
        ),
    }
)
"""
Every door that there is, by its name.

To be asked with `[]`: a door that somebody forgot is to fail, and not to be taken for one that knows neither
login nor TLS.
"""


class SshProfile(enum.Enum):
    """Which algorithms the SSH door agrees to."""

    COMPATIBLE = "compatible"
    STRICT = "strict"


@dataclass(frozen=True, slots=True, kw_only=True)
class SshSettings:
    """
    What only the SSH door has.

    Attributes:
        profile: its algorithms.
        host_key: the absolute path of its private key; empty for the one that the state keeps.
        host_certificate: the absolute path of a certificate of that key; empty for the one beside the key, if
            there is one.
        passwords: a user may log in with a password.
        authorized_keys: the absolute path of the file with a user's keys, in which `{user}` stands for the
            name; empty for none.
        authorities: public keys in OpenSSH's one-line format, whose certificates let in the users they name.
        banner: shown before the login; empty for none.
        motd: shown when a prompt opens; empty for none.
    """

    profile: SshProfile = SshProfile.COMPATIBLE
    host_key: str = ""
    host_certificate: str = ""
    passwords: bool = True
    authorized_keys: str = ""
    authorities: tuple[str, ...] = ()
    banner: str = ""
    motd: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """
    One door.

    Attributes:
        name: `tcp`, `tls`, `web`, `unix` or `ssh`.
        listen: `address:port`, port 0 for a free one; for unix one path, or none for the usual place.
        session: once or keep.
        user: of a door with passwords, whose is asked for; empty for any user's.
        certificate: of a door with TLS, the absolute path of its chain in PEM, the door's own certificate
            first; empty for the one that the state keeps.
        key: the absolute path of its private key in PEM; empty when it stands in the same file.
        public_url: of the web door behind a proxy, `https://ops.example.org`; empty for none.
        proxies: addresses and networks of the proxies in front of the web door.
        hosts: names that the web door answers to beside addresses and `localhost`, in lower case; that of
            `public_url` among them.
        mounts: folders that the web door shows.
        ssh: what only the SSH door has.
    """

    name: str
    listen: tuple[str, ...]
    session: LineSessionKind = LineSessionKind.ONCE
    user: str = ""
    certificate: str = ""
    key: str = ""
    ssh: SshSettings = field(default_factory=SshSettings)
    public_url: str = ""
    proxies: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()

    def encrypts(self, address: str) -> bool:
        """Whether TLS is spoken at `address`, one of its own."""
        encryption = self.kind.encryption
        if encryption is not Encryption.OFF_LOOPBACK:
            return encryption is Encryption.ALWAYS
        # whoever names a certificate wants it used, and a proxy that is named speaks TLS in our place
        return bool(self.certificate) or not (self.proxies or parse_address(address).is_loopback)

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS is spoken at any of the addresses asked for."""
        is_always = self.kind.encryption is Encryption.ALWAYS
        return is_always or any(self.encrypts(address) for address in self.listen)

    @property
    def kind(self) -> DoorKind:
        """What a door of this name is."""
        return DOOR_KINDS[self.name]


DEFAULT_DOORS = tuple(DoorSettings(name=name, listen=kind.listen) for name, kind in DOOR_KINDS.items())


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
        mail: where it goes.
        schedules: what runs by the clock, by name.
        errands: what the daemon goes out for by the clock, by `errand_name`.
        notices: what a keeper should know although it is no error.
    """

    file: str = ""
    language: Language = Language.ENGLISH
    limits: Limits = field(default_factory=Limits)
    doors: Mapping[str, DoorSettings] = field(default_factory=lambda: MappingProxyType({}))
    users: Mapping[str, User] = field(default_factory=lambda: MappingProxyType({}))
    catalogue: Catalogue = field(default_factory=Catalogue)
    mail: MailSettings = field(default_factory=MailSettings)
    schedules: Mapping[str, Schedule] = field(default_factory=lambda: MappingProxyType({}))
    errands: Mapping[str, Errand] = field(default_factory=lambda: MappingProxyType({}))
    notices: tuple[str, ...] = ()

    @property
    def is_default(self) -> bool:
        """Whether no configuration was found."""
        return not self.file
