"""What the connections of the SSH door share."""

from dataclasses import dataclass

import asyncssh

from doorward.core.limits import Limits
from doorward.core.ports import Clock
from doorward.core.settings import SshSettings
from doorward.doors.ssh.histories import Histories
from doorward.gate.gate import Gate
from doorward.service.desk import Desk
from doorward.service.portal import Portal


@dataclass(frozen=True, slots=True, kw_only=True)
class SshDoor:
    """
    The door as it is configured; connections go on with the one that they came by.

    Attributes:
        name: `ssh`.
        settings: what only this door has.
        options: what AsyncSSH is told.
        histories: what the prompt remembers of each user.
    """

    name: str
    settings: SshSettings
    options: asyncssh.SSHServerConnectionOptions
    limits: Limits
    clock: Clock
    gate: Gate
    portal: Portal
    desk: Desk
    histories: Histories
