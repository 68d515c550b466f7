"""What `check` sees of the files that the ssh door reads: its host key, and the keys of its users."""

import os
from collections.abc import Iterable
from pathlib import Path

from doorward.cli.certificate_looks import CertificateLooks
from doorward.config.machine import Machine
from doorward.core.errors import CertificateError
from doorward.core.principal import User
from doorward.core.settings import SSH, Settings
from doorward.stores.places import HOST_KEY_NAME


def ssh_looked_over(
    settings: Settings, folder: Path | None, users: Iterable[User], *, machine: Machine
) -> CertificateLooks:
    """
    Look over what the daemon would read; a host key that it would make first is none yet.

    Args:
        settings: which say whether there is such a door.
        folder: the state's; None when there is none.
        users: all of them.
        machine: says whom the daemon runs as.
    """
    if (door := settings.doors.get(SSH)) is None:
        return CertificateLooks()
    from doorward.stores.authorized_keys import with_authorized_keys
    from doorward.stores.host_key import load_host_key

    problems: tuple[CertificateError, ...] = ()
    notices: list[str] = []
    is_state_s = folder is not None and os.path.lexists(folder / HOST_KEY_NAME)
    if door.ssh.host_key or is_state_s:
        # the state's own file is its owner's, whoever looks at it
        owner = machine.uid if folder is None or door.ssh.host_key else folder.stat().st_uid
        try:
            load_host_key(door.ssh, folder or Path(), uid=owner)
        except CertificateError as error:
            problems = (error,)
    if door.ssh.authorized_keys:
        with_authorized_keys(users, door.ssh.authorized_keys, notices, uid=machine.uid)
    return CertificateLooks(problems=problems, notices=tuple(notices))
