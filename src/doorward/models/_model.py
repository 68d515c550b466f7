"""What a model says of itself, and what it has to offer."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from doorward.core.errors import DoorwardError, one_line
from doorward.models._answering import Reception


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """
    A way to wait, in a few lines for people.

    Attributes:
        name: as on the command line, and of its file.
        waits: how it waits.
        costs: what that costs.
        take_when: when it is the one to take.
        most_peers: how many it serves at once, slow ones and silent ones among them; who comes then waits in
            the listener's backlog, held up by whatever those do.
        out_of_reach: a number of connections to why the model does not get there; levels above count too.
        transport: `tcp` or `udp`.
        package: what must be installed for it; empty for nothing.
    """

    name: str
    waits: str
    costs: str
    take_when: str
    most_peers: int
    out_of_reach: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    transport: str = "tcp"
    package: str = ""

    def why_not(self, connections: int) -> str:
        """Why it does not serve so many at once; empty when it does."""
        reasons = [reason for level, reason in sorted(self.out_of_reach.items()) if level <= connections]
        return reasons[-1] if reasons else ""


class Server(Protocol):
    """What the module of a model has."""

    @property
    def MODEL(self) -> Model:  # noqa: N802 - a constant of the module
        """What it says of itself."""

    def serve(self, listener: socket.socket, reception: Reception) -> None:
        """
        Serve `listener`, which belongs to the caller, until `Stopped` is raised in this thread.

        Nothing is left of any peer or child when this ends.
        """


@dataclass(eq=False)
class ModelMissing(DoorwardError):
    """
    A model that cannot run here.

    Attributes:
        name: its name.
        package: what it is built on.
        next_step: how that is installed.
    """

    name: str
    package: str
    next_step: str

    def __str__(self) -> str:
        return one_line(
            f"the model {self.name} needs {self.package}, which is not installed: {self.next_step}"
        )
