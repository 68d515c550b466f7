"""Whom a connection counts for."""

import pytest

from doorward.gate.origins import KEEPER, Origin, origin_of_host, origin_of_uid


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1", Origin("127.0.0.1", "127.0.0.1")),
        ("127.9.9.9", Origin("127.0.0.1", "127.9.9.9")),
        ("::1", Origin("::1", "::1")),
        ("::ffff:127.0.0.1", Origin("127.0.0.1", "::ffff:127.0.0.1")),
        ("192.0.2.7", Origin("192.0.2.7", "192.0.2.7", is_limited=True)),
        ("::ffff:192.0.2.7", Origin("192.0.2.7", "::ffff:192.0.2.7", is_limited=True)),
        ("2001:db8:1:2:3::4", Origin("2001:db8:1:2::/64", "2001:db8:1:2:3::4", is_limited=True)),
        ("gone", Origin("gone", "gone", is_limited=True)),
    ],
)
def test_a_host_counts_for_itself_or_its_network_and_loopback_is_not_limited(
    host: str, origin: Origin
) -> None:
    assert origin_of_host(host) == origin


def test_every_user_of_the_machine_has_a_share_but_the_keepers() -> None:
    keepers = frozenset({0, 990})
    assert origin_of_uid(1000, keepers=keepers) == Origin("uid 1000", is_limited=True)
    assert origin_of_uid(0, keepers=keepers) == origin_of_uid(990, keepers=keepers) == KEEPER
