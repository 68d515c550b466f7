"""Backups that are carried away from here by the clock: which, where to, and how many are kept there."""

import enum
from dataclasses import dataclass
from typing import ClassVar

from doorward.core.mailboxes import Mailbox
from doorward.core.schedules import MailWhen, Timing

DESTINATIONS = ("ftp", "ftpes", "ftps", "sftp", "file")
"""The schemes of places that keep backups."""

MOST_REMOVALS = 10
"""So many files are removed in one run at most: a mistake in a configuration takes no more than these."""

AT_ONCE = 2
"""So many files go at the same time."""

RETRIES = 5
"""So often in a row a file is tried again that does not get any further."""


class Check(enum.Enum):
    """How it is made sure that a file is there as it is here, before it gets its name."""

    SIZE = "size"
    """Its length, which the other end says."""
    HASH = "hash"
    """Its SHA-256 too: as the other end computes it, or of what is read back where it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """
    How one gets at a place: whom one takes for it, and what one logs in with as the user in its URL.

    Attributes:
        password_file: the absolute path of a file whose first line is the password; empty for none.
        netrc: who logs in is looked up in $NETRC or ~/.netrc.
        identity: the absolute path of a private key of SSH; empty for the usual ones.
        ca: the absolute path of certificates in PEM that may vouch for the server; empty for the system's.
        fingerprint: of the only certificate or host key that is taken for the server's, SHA-256 as 64
            hexadecimal digits in lower case; empty for none.
        may_be_overheard: a password may go over the network in the clear.
        at_most_tls12: for servers of FTP that lose files over TLS 1.3.
        is_active: a server of FTP connects to this machine for files, in place of being connected to.
        mount_point: the absolute path of where a disk has to be mounted, of a folder of this machine; empty
            for what the table of file systems says.
    """

    password_file: str = ""
    netrc: bool = False
    identity: str = ""
    ca: str = ""
    fingerprint: str = ""
    may_be_overheard: bool = False
    at_most_tls12: bool = False
    is_active: bool = False
    mount_point: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupErrand:
    """
    One `[errands.backup.NAME]`.

    Attributes:
        name: as a command's.
        folder: the absolute path of where the backups are made.
        destination: the URL of the folder in which they are kept, without a password.
        keep: so many of each name stay there, 1 and up; None for all of them.
        timing: when.
        names: of the backups; with none, all that there are.
        access: how one gets there.
        check: how a file is compared.
        at_once: how many go at the same time.
        bytes_per_second: all of them together; 0 for as fast as it goes.
        most_removals: of one run.
        retries: how often in a row a file is tried again.
        mail: after which runs there is mail.
        to: who gets it; with none, who the settings of mail say.
    """

    kind: ClassVar[str] = "backup"

    name: str
    folder: str
    destination: str
    keep: int | None
    timing: Timing
    names: tuple[str, ...] = ()
    access: Access = Access()
    check: Check = Check.SIZE
    at_once: int = AT_ONCE
    bytes_per_second: int = 0
    most_removals: int = MOST_REMOVALS
    retries: int = RETRIES
    mail: MailWhen = MailWhen.NEVER
    to: tuple[Mailbox, ...] = ()

    @property
    def about(self) -> str:
        """What it is about, in words for people."""
        return f"{self.folder} to {self.destination}"
