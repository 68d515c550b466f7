import struct
import subprocess
from pathlib import Path

import pytest

from doorward.config import capabilities
from doorward.config.capabilities import ALL, NONE, listed, of_file
from doorward.config.unit_file import service_assignments


def after(*values: str, initial: frozenset[str] = ALL) -> frozenset[str]:
    text = "[Service]\n" + "".join(f"X={value}\n" for value in values)
    return listed(service_assignments(text, "u"), initial=initial)


def test_lists_add_up_and_take_away_as_systemd_has_them() -> None:
    assert after() == ALL
    assert after("") == NONE
    assert after("~") == ALL
    assert after("CAP_KILL", "CAP_CHOWN") == {"CAP_KILL", "CAP_CHOWN"}
    assert after("cap_kill cap_nonsense") == {"CAP_KILL"}
    assert after("~CAP_KILL") == ALL - {"CAP_KILL"}
    assert after("CAP_KILL CAP_CHOWN", "~CAP_KILL") == {"CAP_CHOWN"}
    assert after("CAP_KILL", "", "CAP_CHOWN") == {"CAP_CHOWN"}
    assert after("CAP_KILL", initial=NONE) == {"CAP_KILL"}


def test_both_revisions_of_the_attribute_of_a_file_are_read() -> None:
    net_raw = 1 << 13
    second = struct.pack("<IIIII", 0x02000001, net_raw, 0, 1 << (39 - 32), 0)
    assert of_file(second) == {"CAP_NET_RAW", "CAP_BPF"}
    assert of_file(second + struct.pack("<I", 1000)) == {"CAP_NET_RAW", "CAP_BPF"}
    assert of_file(struct.pack("<III", 0x01000000, net_raw, 0)) == {"CAP_NET_RAW"}
    assert of_file(b"") == of_file(b"\x02") == NONE


@pytest.mark.needs_program("capsh", package="libcap2-bin")
def test_the_names_have_the_numbers_of_libcap() -> None:
    for number, name in enumerate(capabilities.NAMES):
        shown = subprocess.run(
            ["capsh", f"--decode={1 << number:x}"], check=True, capture_output=True, text=True
        )
        assert shown.stdout.strip().lower().endswith(f"=cap_{name.lower()}")
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    assert len(capabilities.NAMES) > last
