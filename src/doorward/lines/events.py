"""What a peer of the line protocol wants, as the session reads it."""

from typing import NamedTuple


class LoginTried(NamedTuple):
    """A login: `text` is the whole line, whose parts only the portal can tell apart."""

    text: str


class Asked(NamedTuple):
    """A line to be understood by the desk; None stands for one that is not UTF-8."""

    line: str | None


class InputReceived(NamedTuple):
    """Bytes for the stdin of the run that is being answered."""

    data: bytes


class InputEnded(NamedTuple):
    """That stdin ends here."""


class CancelWanted(NamedTuple):
    """The run that is being answered is to be stopped, as far as it is this peer's."""


class Ignored(NamedTuple):
    """A frame that came too late to mean anything: counted, so that a peer cannot send a million for free."""


Event = LoginTried | Asked | InputReceived | InputEnded | CancelWanted | Ignored
