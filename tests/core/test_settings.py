"""What kinds of doors there are."""

from dataclasses import replace

import pytest

from doorward.core.settings import DEFAULT_DOORS, DOOR_KINDS, WEB, Comers, DoorSettings


@pytest.mark.parametrize("name", DOOR_KINDS)
def test_no_door_is_on_a_network_without_login_and_encryption(name: str) -> None:
    kind = DOOR_KINDS[name]
    door = DoorSettings(name=name, listen=("192.0.2.1:7022",))
    is_encrypted = (
        door.encrypts("192.0.2.1:7022") or kind.comers is Comers.USERS_WITH_PASSWORD_OR_KEY
    )  # SSH's own
    is_safe = is_encrypted and kind.comers is not Comers.GUESTS
    assert is_safe or kind.only_loopback or kind.is_path


def test_guests_come_by_loopback_and_the_kernel_knows_uids_of_paths_alone() -> None:
    for kind in DOOR_KINDS.values():
        assert kind.comers is not Comers.GUESTS or kind.only_loopback
        assert (kind.comers is Comers.USERS_BY_UID) is kind.is_path


def test_every_door_is_open_by_default_on_loopback_or_at_the_usual_path() -> None:
    assert [door.name for door in DEFAULT_DOORS] == list(DOOR_KINDS)
    for door in DEFAULT_DOORS:
        assert all(address.startswith(("127.0.0.1:", "[::1]:")) for address in door.listen)
        assert bool(door.listen) is not door.kind.is_path


def test_the_web_door_speaks_tls_off_loopback_unless_a_proxy_does_it() -> None:
    door = DoorSettings(name=WEB, listen=("127.0.0.1:7024", "192.0.2.1:7024"))
    assert [door.encrypts(address) for address in door.listen] == [False, True]
    assert door.is_encrypted
    behind = replace(door, proxies=("192.0.2.2/32",))
    assert not behind.is_encrypted
    assert replace(behind, certificate="/own.pem").encrypts("127.0.0.1:7024")


def test_a_door_that_nobody_described_is_none() -> None:
    with pytest.raises(KeyError):
        _ = DoorSettings(name="attic", listen=("0.0.0.0:0",)).kind
