"""
The SSH door: AsyncSSH behind the gate, with the holes of that library closed around it.

Nothing but the daemon's composition imports this room, since AsyncSSH takes 20 MB and 200 ms.
"""

from doorward.doors.ssh.connection import SshConnection
from doorward.doors.ssh.door import SshDoor
from doorward.doors.ssh.histories import Histories
from doorward.doors.ssh.options import quieten, server_options

__all__ = ["Histories", "SshConnection", "SshDoor", "quieten", "server_options"]
