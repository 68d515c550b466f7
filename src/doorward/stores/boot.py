"""Which boot of the machine this is."""

from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """
    Tell this boot from every other; empty where the system has no number for it.

    Blocks for no disk: the kernel answers.

    Source: random(4).
    """
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
