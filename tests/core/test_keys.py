"""Keys and what limits them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.keys import AuthorizedKey, fingerprint_of, is_from, is_source


@pytest.mark.parametrize(
    ("address", "patterns", "is_within"),
    [
        ("192.0.2.7", ["192.0.2.7"], True),
        ("192.0.2.7", ["192.0.2.*"], True),
        ("192.0.2.7", ["192.0.2.?"], True),
        ("192.0.2.17", ["192.0.2.?"], False),
        ("192.0.2.7", ["10.0.0.0/8", "192.0.2.0/24"], True),
        ("192.0.2.7", ["192.0.2.0/24", "!192.0.2.7"], False),
        ("192.0.2.7", ["!192.0.2.7", "192.0.2.0/24"], False),
        ("192.0.2.7", ["!192.0.3.0/24"], False),
        ("::ffff:192.0.2.7", ["192.0.2.0/24"], True),
        ("2001:db8::7", ["2001:db8::/32"], True),
        ("2001:db8::7", ["192.0.2.0/24"], False),
        ("2001:db8::a", ["2001:DB8::A"], True),
        ("gone", ["*"], False),
    ],
)
def test_an_address_is_compared_with_patterns_as_sshd_does(
    address: str, patterns: list[str], *, is_within: bool
) -> None:
    assert is_from(address, patterns) is is_within


@pytest.mark.parametrize("pattern", ["", "!", "host", "*.example.org", "192.0.2.0/33", "1.2.3.4 ", "[::1]"])
def test_what_is_no_pattern_of_addresses_is_known(pattern: str) -> None:
    assert not is_source(pattern)


@given(st.ip_addresses().map(str), st.text("0123456789abcdef.:*?/!", max_size=20))
def test_no_pattern_raises(address: str, pattern: str) -> None:
    if is_source(pattern):
        is_from(address, [pattern])


def test_a_key_lets_in_until_its_time_is_over() -> None:
    key = AuthorizedKey(blob=b"", expires_at=100.0)
    assert key.lets_in(address="192.0.2.7", now=99.9)
    assert not key.lets_in(address="192.0.2.7", now=100.0)


def test_an_authority_vouches_for_the_user_or_for_its_principals_and_never_for_nobody() -> None:
    plain = AuthorizedKey(blob=b"", is_authority=True)
    named = AuthorizedKey(blob=b"", is_authority=True, principals=("deploy",))
    assert plain.vouches_for("alice", ["bob", "alice"])
    assert not plain.vouches_for("alice", [])
    assert named.vouches_for("alice", ["deploy"])
    assert not named.vouches_for("alice", ["alice"])


def test_a_fingerprint_is_openssh_s() -> None:
    assert fingerprint_of(b"") == "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
