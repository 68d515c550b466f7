"""
The tree of errors, rooted at one class.

    DoorwardError
    ├── ConfigurationError      a file, a key, what was expected and what stood there
    │   └── CatalogueError      a command that cannot be declared so
    ├── LineError               the words of a line say no invocation
    │   ├── BadLine             bad UTF-8, an open quote: there are no words
    │   ├── UnknownCommand      no command has this name
    │   └── BadArgument         which parameter, what was expected, what came
    ├── ProtocolError           a peer broke the protocol and can only be closed
    │   ├── LineTooLong         no LF within the bound
    │   ├── BadFrame            not a frame, or one that may not come now
    │   └── TlsFailed           no TLS, or none that can be trusted
    ├── StateError              the state folder cannot be used
    │   ├── StateTaken          another daemon holds it
    │   └── NoRoom              a limit of what is kept has been met
    ├── ListenError             a door cannot be opened: door, address and holder
    ├── TrustError              a file that others could have written or read
    ├── CertificateError        a certificate or key that cannot be used: file and what to do
    ├── MailError               an address or a message that cannot be sent as it is
    ├── BackupError             a backup here that cannot be read, or is not what it was: path and what to do
    ├── SourceError             what came from an address is not what was asked for: address and what to do
    │   └── FeedError           it is no feed, or one that cannot be read
    │       └── IllFormedFeed   it means to be a feed, but is no XML; somebody more lenient may read it
    └── ConnectError            a client could not reach or understand its peer: address and phase
        ├── PeerRefused         it was understood, and the answer is no: the code
        ├── TransferIncomplete  a file did not come or go whole: how much did
        ├── NameTaken           what was to get a name would have taken another's
        ├── OutOfTime           the time of the whole fetch is over: in core/fetching.py, as the next two
        ├── TooLong             more came than was allowed
        ├── Interrupted         it broke off, and another try may do better
        ├── StoreError          a place of backups could not do it: what kind of trouble; core/backup_store.py
        └── Unmet               what was waited for in a conversation did not come: in core/talking.py
            ├── PeerEnded       the peer ended it before
            └── NotInTime       the time for it was over

What one module alone raises for a person at the command line stands there, right below `DoorwardError`:
`CannotSave`, `NoPassword`. What never leaves its module or its room is no `DoorwardError`.

Expected outcomes (a wrong password, exit status 3, a refusal) are values, not errors.
"""

from dataclasses import dataclass


class DoorwardError(Exception):
    """
    Whatever Doorward raises on purpose; the text is one line a person can act on.

    That holds for any fields: what would end the line, or deceive a terminal, is escaped.
    """

    def __str__(self) -> str:
        return one_line(super().__str__())


def one_line(text: str) -> str:
    """`text` with all that is not printable escaped as in a Python literal: line ends, ESC, turned text."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def fault_of(error: Exception) -> str:
    """One line about an error that nobody meant to be raised; the log has to tell it whole."""
    return one_line(f"a fault of the program itself: {error!r:.200}")


@dataclass(eq=False)
class ConfigurationError(DoorwardError):
    """
    A configuration that cannot be used.

    Attributes:
        problem: what is wrong, in one line.
        key: the dotted key, `commands.ping.run`; empty when the file as a whole is meant.
        file: the path of the file; empty for a value that came from a program.
        line: counted from 1; 0 when unknown.
        expected: what may stand there; empty when the problem says it.
        found: what stood there, as it would be written; empty when nothing did.
    """

    problem: str
    key: str = ""
    file: str = ""
    line: int = 0
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file
        head = ": ".join(part for part in (place, self.key, self.problem) if part)
        tail = "".join(
            (
                f"; expected {self.expected}" if self.expected else "",
                f"; found {self.found}" if self.found else "",
            )
        )
        return one_line(head + tail)


class CatalogueError(ConfigurationError):
    """A command that cannot be declared so; `key` is the command's name or the key below it."""


class LineError(DoorwardError):
    """The words of a line say no invocation; the text is the reason that the asker is told."""


class BadLine(LineError):
    """A line that has no words: bad UTF-8 or an open quote."""


_NAME_CHARACTERS = 64


@dataclass(eq=False)
class UnknownCommand(LineError):
    """
    No command has this name.

    Attributes:
        name: the first word of the line, as it came.
        nearest: a declared name that is close to it, or empty.
    """

    name: str
    nearest: str = ""

    def __str__(self) -> str:
        hint = f"; did you mean {self.nearest}?" if self.nearest else ""
        # as long as the peer made it, and it goes back with every answer
        rest = "..." if len(self.name) > _NAME_CHARACTERS else ""
        return one_line(f"there is no command {self.name[:_NAME_CHARACTERS]!r}{rest}{hint}")


@dataclass(eq=False)
class BadArgument(LineError):
    """
    An argument that its parameter refuses.

    Attributes:
        parameter: the name of the parameter; empty when the words fit no parameter.
        expected: what may stand there.
        found: what came, already safe to show; empty for nothing, and for a secret.
    """

    parameter: str
    expected: str
    found: str = ""

    def __str__(self) -> str:
        subject = f"{self.parameter}: " if self.parameter else ""
        came = f", got {self.found}" if self.found else ""
        return one_line(f"{subject}expected {self.expected}{came}")


class ProtocolError(DoorwardError):
    """A peer broke the protocol; its connection can only be closed."""


class LineTooLong(ProtocolError):
    """No line ending came within the bound."""


class BadFrame(ProtocolError):
    """Bytes that are no frame, or a frame that may not come in this state."""


@dataclass(eq=False)
class TlsFailed(ProtocolError):
    """
    A peer that broke TLS, ended it with an alert, or showed a certificate that is not trusted.

    Attributes:
        reason: what OpenSSL says about it, in words.
        code: its name for that in OpenSSL, `WRONG_VERSION_NUMBER`; empty where it has none.
        verify_code: X509_V_ERR_* of openssl/x509_vfy.h when it is the certificate; else 0.
    """

    reason: str
    code: str = ""
    verify_code: int = 0

    def __str__(self) -> str:
        return one_line(self.reason)


class StateError(DoorwardError):
    """The state folder cannot be used; the text names the path and what to do."""


class NoRoom(StateError):
    """What is to be kept does not fit into what a keeper allows; nothing of it was kept, and all else was."""


class StateTaken(StateError):
    """Another daemon holds the state folder."""


@dataclass(eq=False)
class ListenError(DoorwardError):
    """
    A door that cannot be opened.

    Attributes:
        door: its name, `tcp`.
        address: as it stood in the configuration.
        problem: what the system said, and who holds the address if that is known.
    """

    door: str
    address: str
    problem: str

    def __str__(self) -> str:
        return one_line(f"door {self.door} cannot listen on {self.address}: {self.problem}")


class TrustError(DoorwardError):
    """A file that others could have written or read; the text names it and the mode it needs."""


@dataclass(eq=False)
class CertificateError(DoorwardError):
    """
    A certificate, or the key to it, that cannot be used.

    Attributes:
        file: where it stands.
        problem: what is wrong.
        next_step: what a person can do now; empty when the problem says it.
    """

    file: str
    problem: str
    next_step: str = ""

    def __str__(self) -> str:
        step = f"; {self.next_step}" if self.next_step else ""
        return one_line(f"{self.file}: {self.problem}{step}")


class MailError(DoorwardError):
    """An address or a message that cannot be sent as it is; the text says which and why."""


@dataclass(eq=False)
class ConnectError(DoorwardError):
    """
    A client that could not reach its peer, or not understand it.

    Attributes:
        address: the URL that was asked for.
        phase: `address`, `resolve`, `connect`, `proxy`, `TLS`, `SSH`, `login`, `send`, `wait`, `read`,
            `redirect`, `reply` or `data`.
        problem: what happened.
        next_step: what a person can do now; empty when there is nothing to say.
    """

    address: str
    phase: str
    problem: str
    next_step: str = ""

    def __str__(self) -> str:
        # what a server said may have its full stop
        stop = "" if self.problem.endswith((".", "!", "?")) else "."
        step = f"{stop} {self.next_step}" if self.next_step else ""
        return one_line(f"{self.address}: {self.phase}: {self.problem}{step}")


@dataclass(eq=False)
class BackupError(DoorwardError):
    """
    A backup of this machine that cannot be read, or is not what it was when it was listed.

    Attributes:
        path: the file, or the folder.
        problem: what is wrong.
        next_step: what a person can do now; empty when the problem says it.
    """

    path: str
    problem: str
    next_step: str = ""

    def __str__(self) -> str:
        step = f". {self.next_step}" if self.next_step else ""
        return one_line(f"{self.path}: {self.problem}{step}")


@dataclass(eq=False)
class SourceError(DoorwardError):
    """
    What came from an address is not what was asked for, or cannot be used.

    Attributes:
        source: the address that was asked for; of what this machine says itself, the program.
        problem: what is wrong.
        next_step: what a person can do now; empty when there is nothing to say.
    """

    source: str
    problem: str
    next_step: str = ""

    def __str__(self) -> str:
        step = f". {self.next_step}" if self.next_step else ""
        return one_line(f"{self.source}: {self.problem}{step}")


class FeedError(SourceError):
    """What came is no feed, or none that can be read."""


class IllFormedFeed(FeedError):
    """A feed by its first element, but not well-formed XML; `problem` says where it breaks."""


@dataclass(eq=False)
class PeerRefused(ConnectError):
    """
    A peer that understood what was asked of it and said no.

    Attributes:
        code: its own for that, of three digits.
    """

    code: int = 0

    @property
    def is_temporary(self) -> bool:
        """Whether the same may be tried again later, unchanged: RFC 959 section 4.2.1."""
        return 400 <= self.code < 500


@dataclass(eq=False)
class TransferIncomplete(ConnectError):
    """
    A file that did not come or go whole, as far as anybody can tell.

    Attributes:
        moved_bytes: how many of its bytes came or went, those before the offset included.
        expected_bytes: how long it is, or is to be; None when that is not known.
        code: what the peer said at the end, of three digits; 0 when it said nothing.
    """

    moved_bytes: int = 0
    expected_bytes: int | None = None
    code: int = 0

    @property
    def was_called_good(self) -> bool:
        """Whether the peer said that all of it was there, which then was not so."""
        return 200 <= self.code < 300


class NameTaken(ConnectError):
    """What was to get a name would have taken the place of what has it; nothing was changed."""
