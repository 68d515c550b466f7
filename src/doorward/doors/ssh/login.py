"""The login of one connection: which passwords and keys are looked at, how often, and what came of it."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from doorward.core.keys import AuthorizedKey
from doorward.core.principal import Login as Way
from doorward.core.principal import Peer
from doorward.core.secret import Secret
from doorward.doors.ssh.door import SshDoor
from doorward.doors.ssh.wire import certificate_facts
from doorward.service.admission import Admission, Admitted, Refused

_ONE_AT_A_TIME = "one try to log in at a time"
_SHUT_OUT = "not allowed at this time, try again later"
_TWO_COMMANDS = "the key and its certificate force different commands"


class Entrance(Protocol):
    """The connection, as its login sees it."""

    @property
    def peer(self) -> Peer:
        """Who is there."""

    def may_try(self) -> bool:
        """Whether the source of the peer may try to log in."""

    def charge(self) -> None:
        """Have the source pay for a try in vain."""

    def turn_out(self, reason: str) -> None:
        """End the connection, and say why."""


class Login:
    """
    One login.

    Attributes:
        name: of who wants to log in; the client may change it between two tries.
    """

    def __init__(self, door: SshDoor, entrance: Entrance) -> None:
        self._door = door
        self._entrance = entrance
        self._admitted: Admitted | None = None
        self._key: AuthorizedKey | None = None
        self._blob = b""
        self._keys = 0
        self._failures = 0
        self._has_asked = False
        self._has_paid = False
        self._is_checking = False
        self.name = ""

    def failed(self) -> bool:
        """Hear that the client is about to be told that a try failed; gives whether it was the last one."""
        if not self._has_asked and not self._keys and not self._has_paid:
            # to ask which ways there are is no try
            self._has_asked = True
            return False
        self._failures += 1
        return self._failures >= self._door.limits.ssh_tries

    async def try_password(self, password: str) -> bool:
        """Whether `password` lets in; one who leaves meanwhile has it looked at, and pays, all the same."""
        if not self._may_try():
            return False
        self._is_checking = True
        checked: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._door.portal.try_password(
            self._entrance.peer,
            name=self.name,
            password=Secret(password),
            then=partial(self._hear, checked),
        )
        return await checked

    def show(self, blob: bytes) -> None:
        """Hear which key or certificate is looked at next."""
        self._blob = blob

    def find(self, blob: bytes, principals: Sequence[str] | None) -> AuthorizedKey | None:
        """
        What makes this key let in.

        Args:
            blob: the key; of a certificate, that of its authority.
            principals: whom the certificate names; None for a key.
        """
        self._key = None
        if not self._may_try():
            return None
        self._keys += 1
        portal, now = self._door.portal, self._door.clock.wall()
        address = self._entrance.peer.address
        if principals is None:
            self._key = portal.find_key(self.name, blob, address=address, now=now)
        else:
            self._key = portal.find_authority(
                self.name,
                blob,
                names=principals,
                address=address,
                now=now,
            )
        return self._key

    def complete(self, *, forced: set[str]) -> Admitted | None:
        """
        Who has come in, now that AsyncSSH has let them; None when they may not after all.

        Args:
            forced: the commands that the key, or the certificate and its authority, force.
        """
        if self._admitted is not None:
            return self._admitted
        if len(forced) > 1:
            self._entrance.turn_out(_TWO_COMMANDS)
        elif self._key is not None:
            facts = certificate_facts(self._blob)
            shown = "" if facts is None else f"{facts.key_id} (serial {facts.serial})"
            way = Way.CERTIFICATE if self._key.is_authority else Way.KEY
            admission = self._door.portal.admit_key(
                self._entrance.peer, name=self.name, key=self._key, login=way, shown=shown
            )
            if isinstance(admission, Admitted):
                return admission
            self._entrance.turn_out(admission.reason)
        return None

    def leave(self) -> None:
        """Hear that the client left and had not logged in: keys that were all refused count as one try."""
        if self._keys and not self._has_paid:
            self._has_paid = True
            self._entrance.charge()
            self._door.portal.refuse_keys(self._entrance.peer, name=self.name, keys=self._keys)

    def _may_try(self) -> bool:
        if self._is_checking:
            # a client that does not wait would have every password hashed that it can send
            self._entrance.turn_out(_ONE_AT_A_TIME)
            return False
        if not self._entrance.may_try():
            self._entrance.turn_out(_SHUT_OUT)
            return False
        return True

    def _hear(self, checked: "asyncio.Future[bool]", admission: Admission) -> None:
        self._is_checking = False
        if isinstance(admission, Refused):
            self._has_paid = True
            self._entrance.charge()
        if checked.done():
            return
        if isinstance(admission, Admitted):
            self._admitted = admission
        checked.set_result(self._admitted is not None)
