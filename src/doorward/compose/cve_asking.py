"""What a daemon and the process that looks at vulnerabilities for it say to each other."""

from dataclasses import dataclass

from doorward.core.cve_errands import CveErrand, CveSource
from doorward.core.cve_filters import CveFilter
from doorward.core.errors import ConnectError, DoorwardError, MailError, SourceError, StateError
from doorward.core.limits import Limits
from doorward.core.mail_settings import MailSettings
from doorward.core.mailboxes import Mailbox
from doorward.core.schedules import EVERY_MOST_SECONDS, Every

_KINDS: dict[str, type[DoorwardError]] = {
    kind.__name__: kind for kind in (ConnectError, SourceError, StateError, MailError)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLook:
    """
    One look that is wanted.

    Attributes:
        folder: of the state, absolute.
        name, sources, filter, to, mails, tell_after: of the errand.
        mail: whose message it is.
        limits: all of them.
        memory_bytes: what the process may take of memory.
        cpu_seconds: what it may take of processor time.
    """

    folder: str
    name: str
    sources: tuple[CveSource, ...]
    filter: CveFilter
    to: tuple[Mailbox, ...]
    mails: bool
    tell_after: int
    mail: MailSettings
    limits: Limits
    memory_bytes: int
    cpu_seconds: int

    @property
    def errand(self) -> CveErrand:
        """The errand; when it is due next is not this process's business."""
        return CveErrand(
            name=self.name,
            sources=self.sources,
            timing=Every(EVERY_MOST_SECONDS),
            filter=self.filter,
            to=self.to,
            mails=self.mails,
            tell_after=self.tell_after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldError:
    """
    An error that was raised in the process.

    Attributes:
        kind: the name of its class, or of that above it that both sides know; else `DoorwardError`.
        fields: what it is made of.
    """

    kind: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLook:
    """What came of the look: the members of `Gone`, or an error."""

    text: str = ""
    mails: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    troubles: tuple[ToldError, ...] = ()
    error: ToldError | None = None


def error_told(error: DoorwardError) -> ToldError:
    """`error`, to be sent; of an unknown kind, its text."""
    fields: tuple[str, ...]
    match error:
        case ConnectError():
            fields = (error.address, error.phase, error.problem, error.next_step)
        case SourceError():
            fields = (error.source, error.problem, error.next_step)
        case _:
            fields = (str(error),)
    known = (name for name, kind in _KINDS.items() if isinstance(error, kind))
    return ToldError(kind=next(known, "DoorwardError"), fields=fields)


def error_of(told: ToldError) -> DoorwardError:
    """The error that `told` is of."""
    return _KINDS.get(told.kind, DoorwardError)(*told.fields)
