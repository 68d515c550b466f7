"""The tables `[errands.backup.NAME]`."""

from urllib.parse import urlsplit

from doorward.clients._trust import parse_fingerprint
from doorward.config.mail_settings import read_mailboxes
from doorward.config.report import Key, Report, found_in
from doorward.config.shapes import BackupShape
from doorward.config.ssh_settings import read_path
from doorward.config.timing_settings import read_timing
from doorward.config.words import WordT, read_word
from doorward.core.backup_errands import (
    AT_ONCE,
    DESTINATIONS,
    MOST_REMOVALS,
    RETRIES,
    Access,
    BackupErrand,
    Check,
)
from doorward.core.backup_store import is_plain_name
from doorward.core.mail_settings import MailSettings
from doorward.core.schedules import MailWhen

_MOST_NAMES = 1000
_ADDRESS = "an address such as ftps://user@backup.example.org/server1, without a password"
_KEEP = 'how many of each name stay, 1 to 100000, or "all"'
_RANGES = {
    "at_once": (1, 16),
    "bytes_per_second": (0, 10**12),
    "most_removals": (0, 100_000),
    "retries": (0, 1000),
}


def read_backup(
    name: str, shape: BackupShape, key: Key, mail: MailSettings, report: Report, *, is_whole: bool
) -> BackupErrand | None:
    """
    The errand; None when it lacks what it is nothing without. With other problems it is of no use.

    When the table is not whole, what is missing may stand there wrong, and is told already.
    """
    return _Table(shape, key, report, is_whole=is_whole).errand(name, mail)


class _Table:
    def __init__(self, shape: BackupShape, key: Key, report: Report, *, is_whole: bool) -> None:
        self._shape = shape
        self._key = key
        self._report = report
        self._is_whole = is_whole

    def errand(self, name: str, mail: MailSettings) -> BackupErrand | None:
        shape = self._shape
        timing = read_timing(shape.every, shape.at, self._key, self._report, is_whole=self._is_whole)
        folder = self._folder(shape.folder)
        destination = self._destination(shape.destination)
        keep = self._keep()
        names = self._names()
        when = self._word("mail", MailWhen.FAILURE if shape.to or mail.to else MailWhen.NEVER)
        to = read_mailboxes(shape.to, (*self._key, "to"), self._report, ours=mail.sender)
        if when is not MailWhen.NEVER and not to and not mail.to:
            self._refuse("mail", "there is nobody to mail to", "an address as `to`, here or in [mail]")
        numbers = {each: self._number(each) for each in _RANGES}
        access, check = self._access(), self._word("check", Check.SIZE)
        if timing is None or not folder or not destination:
            return None
        return BackupErrand(
            name=name,
            folder=folder,
            destination=destination,
            keep=keep,
            timing=timing,
            names=names,
            access=access,
            check=check,
            at_once=numbers["at_once"],
            bytes_per_second=numbers["bytes_per_second"],
            most_removals=numbers["most_removals"],
            retries=numbers["retries"],
            mail=when,
            to=to,
        )

    def _folder(self, text: str | None) -> str:
        if text is None:
            self._missing("folder", "the folder in which the backups are made")
            return ""
        return read_path(text.rstrip("/") or text, (*self._key, "folder"), self._report)

    def _destination(self, url: str | None) -> str:
        if url is None:
            self._missing("destination", _ADDRESS)
            return ""
        if not _is_destination(url):
            # what stands there may be a password
            self._refuse("destination", "this is no place for backups", _ADDRESS)
            return ""
        return url

    def _keep(self) -> int | None:
        keep = self._shape.keep
        if keep is None:
            # all of them, or the newest alone: neither is to happen because nothing was said
            self._missing("keep", _KEEP)
        elif keep == "all":
            return None
        elif isinstance(keep, int) and 1 <= keep <= 100_000:
            return keep
        else:
            self._refuse("keep", "so many cannot be kept", _KEEP, found_in(keep))
        return None

    def _names(self) -> tuple[str, ...]:
        names = self._shape.names
        if len(names) > _MOST_NAMES:
            self._refuse("names", f"there are {len(names)} names", f"at most {_MOST_NAMES}")
            return ()
        for index, name in enumerate(names):
            if not is_plain_name(name):
                expected = "what stands before the number: web, of web.15"
                key = (*self._key, "names", index)
                self._report.add(key, "this is no name of a backup", expected=expected, found=found_in(name))
        return tuple(names)

    def _access(self) -> Access:
        shape = self._shape
        paths = {
            each: read_path(getattr(shape, each), (*self._key, each), self._report)
            for each in ("password_file", "identity", "ca", "mount_point")
        }
        return Access(
            **paths,
            netrc=bool(shape.netrc),
            fingerprint=self._fingerprint(shape.fingerprint),
            may_be_overheard=bool(shape.unencrypted),
            at_most_tls12=bool(shape.at_most_tls12),
            is_active=bool(shape.active),
        )

    def _fingerprint(self, text: str | None) -> str:
        if text is None:
            return ""
        try:
            return parse_fingerprint(text)
        except ValueError:
            self._refuse("fingerprint", "this is no fingerprint", "SHA256:...", found_in(text))
            return ""

    def _number(self, name: str) -> int:
        defaults = {"at_once": AT_ONCE, "most_removals": MOST_REMOVALS, "retries": RETRIES}
        value, (least, most) = getattr(self._shape, name), _RANGES[name]
        if isinstance(value, int) and not least <= value <= most:
            self._refuse(name, "this is out of range", f"{least} to {most}", found_in(value))
        elif isinstance(value, int):
            return value
        return defaults.get(name, 0)

    def _word(self, name: str, default: WordT) -> WordT:
        return read_word(getattr(self._shape, name), default, (*self._key, name), self._report)

    def _missing(self, name: str, expected: str) -> None:
        if self._is_whole:
            self._refuse(name, "this is missing", expected)

    def _refuse(self, name: str, problem: str, expected: str, found: str = "") -> None:
        self._report.add((*self._key, name), problem, expected=expected, found=found)


def _is_destination(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_whole = "://" in url and bool(parts.hostname or parts.scheme == "file")
    has_no_password = parts.password is None
    is_plain = url.isprintable() and " " not in url and not parts.query and not parts.fragment
    return parts.scheme in DESTINATIONS and is_whole and has_no_password and is_plain
