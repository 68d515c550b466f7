"""What is started, and how it can end: the values between the desk and whatever runs children."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

EXECUTABLE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where executables are looked for, and the PATH of every child; the caller's own never counts."""


class Stream(enum.IntEnum):
    """Which of a child's outputs; the values are its descriptors."""

    OUT = 1
    ERR = 2


@dataclass(frozen=True, slots=True)
class Launch:
    """
    A child process to be: an argument vector, never a line for a shell.

    Attributes:
        argv: the absolute executable first; at least one element; no element holds a NUL.
        environment: the child's whole environment.
        folder: the absolute working folder.
        user: another system user by name; empty for the daemon's own.
        resources: a resource limit as prlimit(1) spells it, without dashes, to its soft and hard value.
        takes_input: the caller's stdin goes to the child; otherwise it reads an empty one.
        secrets: each is handed over as an open file without a name: `secrets[i]` is descriptor 3 + i,
            which argv already calls `/dev/fd/3`. They stand in no argv and no environment.
        grace_seconds: from TERM to KILL when the tree is stopped.
        unkillable_seconds: from KILL until the tree is given up.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    folder: str = "/"
    user: str = ""
    resources: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    takes_input: bool = False
    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    grace_seconds: float = 5.0
    unkillable_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Exited:
    """The child ended by itself, with `status` from 0 to 255."""

    status: int


@dataclass(frozen=True, slots=True)
class Signalled:
    """A signal ended the child, ours or another's."""

    signal: int


@dataclass(frozen=True, slots=True)
class NotStarted:
    """
    There was no child.

    Attributes:
        errno: the system's number, 0 when the reason is not the system's.
        reason: one line.
    """

    errno: int
    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """What watched over the child is gone, and how the child ended is not known; its tree is dead."""

    reason: str


@dataclass(frozen=True, slots=True)
class Raised:
    """
    A Python function raised an error.

    Attributes:
        reference: under which the log explains it.
        reason: one line for the asker instead, when the error was a `DoorwardError`.
    """

    reference: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Declined:
    """
    A Python function cannot do anything with what it was called with.

    Attributes:
        reason: one line for the asker.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Unkillable:
    """Some of the tree survived KILL; nobody waits for it any more."""


Ending = Exited | Signalled | NotStarted | Lost | Raised | Declined | Unkillable
"""How a child, or a function, ended."""
