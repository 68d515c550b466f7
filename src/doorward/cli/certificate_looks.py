"""What `check` sees of the certificates: those of doors, and those of users as the TLS library takes them."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from doorward.config.machine import Machine
from doorward.core.errors import CertificateError, DoorwardError
from doorward.core.principal import User
from doorward.core.settings import DoorSettings, Settings
from doorward.stores.places import CERTIFICATE_NAME


@dataclass(frozen=True, slots=True)
class CertificateLooks:
    """
    What was seen.

    Attributes:
        problems: why a daemon would not start.
        notices: what ends soon, or ended.
    """

    problems: tuple[DoorwardError, ...] = ()
    notices: tuple[str, ...] = ()


def looked_over(
    settings: Settings, folder: Path | None, users: Iterable[User], *, machine: Machine
) -> CertificateLooks:
    """
    Look over the pair that each door with TLS would serve; one that the daemon would make first is none yet.

    Args:
        settings: which say whether there is such a door.
        folder: the state's; None when there is none.
        users: all of them.
        machine: says whom the daemon runs as, and the time.
    """
    certificates = [user.certificate for user in users if user.certificate is not None]
    looks = [
        _looked_over(door, folder, certificates, machine)
        for door in settings.doors.values()
        if door.is_encrypted and (door.certificate or _has_own(folder))
    ]
    return CertificateLooks(
        problems=tuple(problem for each in looks for problem in each.problems),
        notices=tuple(notice for each in looks for notice in each.notices),
    )


def _looked_over(
    door: DoorSettings, folder: Path | None, client_certificates: list[bytes], machine: Machine
) -> CertificateLooks:
    from doorward.stores.certificates import load_door_pair, notices_of, server_context

    uid = _daemon_uid(door, folder, machine)
    try:
        pair = load_door_pair(door, folder or Path(), uid=uid)
        server_context(pair, client_certificates=client_certificates)
    except CertificateError as error:
        return CertificateLooks(problems=(error,))
    unreadable = (_unreadable(path, uid) for path in dict.fromkeys((pair.certificate_path, pair.key_path)))
    return CertificateLooks(
        notices=(*filter(None, unreadable), *notices_of(pair, wall_seconds=machine.wall()))
    )


def _has_own(folder: Path | None) -> bool:
    return folder is not None and os.path.lexists(folder / CERTIFICATE_NAME)


def _daemon_uid(door: DoorSettings, folder: Path | None, machine: Machine) -> int:
    """Whose daemon this is: the state's own files are its owner's, whoever looks at them."""
    if folder is None or door.certificate or not folder.exists():
        return machine.uid
    return folder.stat().st_uid


def _unreadable(path: str, uid: int) -> str:
    """
    What root should know of a file that root can read and the daemon's user may not; else empty.

    Certbot keeps keys where root alone can go. By the modes alone: an access list may say more.
    """
    if os.geteuid() != 0 or uid == 0:
        return ""
    groups = _groups_of(uid)
    real = Path(os.path.realpath(path))
    needed = [(real, os.R_OK), *((folder, os.X_OK) for folder in real.parents)]
    for each, access in needed:
        status = each.stat()
        shift = 6 if status.st_uid == uid else 3 if status.st_gid in groups else 0
        if not (status.st_mode >> shift) & access:
            where = "it" if each == real else f"it, as it may not enter {each}"
            return f"{path}: uid {uid}, whom the daemon runs as, seems not to be able to read {where}"
    return ""


def _groups_of(uid: int) -> frozenset[int]:
    import pwd

    try:
        account = pwd.getpwuid(uid)
    except KeyError:
        return frozenset()
    return frozenset(os.getgrouplist(account.pw_name, account.pw_gid))
