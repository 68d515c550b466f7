"""Capabilities of the kernel: their names, lists of them in a unit, and those that a file carries."""

import struct
from collections.abc import Iterable

from doorward.config.unit_file import Assignment

NAMES = (
    *("CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID"),
    *("SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW"),
    *("IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT"),
    *("SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD"),
    *("LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG"),
    *("WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE"),
)
"""By their numbers, without CAP_; capabilities(7)."""

ALL = frozenset(f"CAP_{name}" for name in NAMES)
NONE = frozenset[str]()

_WORDS = struct.Struct("<II")
_MAGIC = struct.Struct("<I")


def listed(assignments: Iterable[Assignment], *, initial: frozenset[str]) -> frozenset[str]:
    """
    The set that these assignments come to; `initial` counts when there is none.

    Lists add up, `~` takes away, an empty one leaves nothing, and the first takes the place of `initial`.

    Source: systemd.exec(5), CapabilityBoundingSet= and AmbientCapabilities=.
    """
    result = initial
    for assignment in assignments:
        text = assignment.value
        names = frozenset(word.upper() for word in text.removeprefix("~").split()) & ALL
        if not names or result == initial:
            result = ALL - names if text.startswith("~") else names
        else:
            result = result - names if text.startswith("~") else result | names
    return result


def of_file(attribute: bytes) -> frozenset[str]:
    """
    What the extended attribute `security.capability` of a file gives whoever executes it.

    Source: linux/capability.h, struct vfs_cap_data: a magic, then pairs of permitted and inheritable words,
    and in revision 3 half a pair, the uid of a namespace's root.
    """
    bits = 0
    for index in range((len(attribute) - _MAGIC.size) // _WORDS.size):
        permitted, _ = _WORDS.unpack_from(attribute, _MAGIC.size + index * _WORDS.size)
        bits |= permitted << (32 * index)
    return frozenset(f"CAP_{name}" for number, name in enumerate(NAMES) if bits >> number & 1)
