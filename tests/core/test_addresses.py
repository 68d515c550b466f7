"""Addresses as a configuration has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.addresses import Address, is_this_machine, parse_address, source_of


@given(
    host=st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str),
    port=st.integers(min_value=0, max_value=65535),
)
def test_what_is_written_reads_as_what_it_was(host: str, port: int) -> None:
    address = Address(host, port)
    assert parse_address(str(address)) == address


@given(text=st.text(max_size=40))
def test_anything_else_is_a_value_error_and_nothing_worse(text: str) -> None:
    try:
        address = parse_address(text)
    except ValueError:
        return
    assert 0 <= address.port <= 65535


@pytest.mark.parametrize(
    "text",
    [
        *("localhost:7022", "127.0.0.1", ":7022", "127.0.0.1:65536", "[127.0.0.1]:1", "::1:7022", "127.1:1"),
        *(
            "127.0.0.1:-1",
            "[::1]7022",
            "[fe80::1%eth0]:1",
            "127.0.0.1:7022\n",
            "127.0.0.1:\uff17\uff10\uff12\uff12",
        ),
    ],
)
def test_names_and_near_misses_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        parse_address(text)


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [("127.0.0.1", True), ("127.255.0.9", True), ("::1", True), ("0.0.0.0", False), ("::", False)],
)
def test_loopback_is_known(host: str, *, is_loopback: bool) -> None:
    assert Address(host, 1).is_loopback is is_loopback


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_a_source_is_an_address_or_the_network_that_one_customer_has(host: str, source: str) -> None:
    assert source_of(host) == source


@pytest.mark.parametrize(
    ("listened", "reached"),
    [
        ("0.0.0.0:7023", "127.0.0.1:7023"),
        ("[::]:7023", "[::1]:7023"),
        ("192.0.2.7:7023", "192.0.2.7:7023"),
    ],
)
def test_who_listens_everywhere_is_found_on_loopback(listened: str, reached: str) -> None:
    assert str(parse_address(listened).from_here) == reached


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("localhost", True),
        ("LocalHost.", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("192.0.2.1", False),
        ("fe80::1%eth0", False),
        ("", False),
    ],
)
def test_this_machine_is_known_without_looking_anything_up(host: str, is_here: bool) -> None:  # noqa: FBT001
    assert is_this_machine(host) is is_here
