"""Lines of an authorized_keys file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.authorized_keys import LINE_CHARACTERS, authority_of, key_of, read_authorized_key
from doorward.core.errors import ConfigurationError
from doorward.core.keys import AuthorizedKey

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5nHnAApiwg+zhpmqg5MjyWIETroBIW/q50ZkJerk/1 a key, it is"
BLOB = key_of(KEY).blob


def test_a_key_alone_has_no_limits() -> None:
    assert read_authorized_key(f"  {KEY}\t") == key_of(KEY) == AuthorizedKey(blob=BLOB)
    assert authority_of(KEY) == AuthorizedKey(blob=BLOB, is_authority=True)


@pytest.mark.parametrize("line", ["", "  ", "# a comment", "\t# another"])
def test_a_comment_is_no_key(line: str) -> None:
    assert read_authorized_key(line) is None


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ("restrict", AuthorizedKey(blob=BLOB, has_terminal=False)),
        ("restrict,pty", AuthorizedKey(blob=BLOB)),
        ("no-port-forwarding,No-X11-Forwarding,no-agent-forwarding,no-user-rc", AuthorizedKey(blob=BLOB)),
        ("no-touch-required", AuthorizedKey(blob=BLOB, is_touched=False)),
        ('from="10.0.0.0/8, !10.1.*"', AuthorizedKey(blob=BLOB, sources=("10.0.0.0/8", "!10.1.*"))),
        ('command="echo \\"a  b\\" c, d"', AuthorizedKey(blob=BLOB, command='echo "a  b" c, d')),
        (
            'cert-authority,principals="a, b"',
            AuthorizedKey(blob=BLOB, is_authority=True, principals=("a", "b")),
        ),
        ('expiry-time="20300102030405Z"', AuthorizedKey(blob=BLOB, expires_at=1893553445.0)),
        ('expiry-time="203001020304Z"', AuthorizedKey(blob=BLOB, expires_at=1893553440.0)),
        ('expiry-time="20300101Z"', AuthorizedKey(blob=BLOB, expires_at=1893456000.0)),
    ],
)
def test_an_option_is_honoured(options: str, wanted: AuthorizedKey) -> None:
    assert read_authorized_key(f"{options} {KEY}") == wanted


@pytest.mark.parametrize(
    "line",
    [
        f'environment="A=b" {KEY}',
        f'permitopen="*:1" {KEY}',
        f"verify-required {KEY}",
        f"agent-forwarding {KEY}",
        f"unheard-of {KEY}",
        f"command {KEY}",
        f'command="" {KEY}',
        f'restrict="yes" {KEY}',
        f'principals="a" {KEY}',
        f'cert-authority,principals="," {KEY}',
        f'from="*.example.org" {KEY}',
        f'from="10.0.0.1",from="10.0.0.2" {KEY}',
        f'expiry-time="2030" {KEY}',
        f'expiry-time="20301301" {KEY}',
        f'expiry-time="next year" {KEY}',
        f'command="open {KEY}',
        f"restrict, {KEY}",
        "restrict",
        "ssh-dss AAAA",
        f"{KEY}\x1b[2J",
        KEY + "x" * LINE_CHARACTERS,
    ],
)
def test_what_cannot_be_honoured_is_refused(line: str) -> None:
    with pytest.raises(ConfigurationError):
        read_authorized_key(line)


@given(st.text(max_size=60))
def test_whatever_stands_before_a_key_limits_it_or_is_refused(before: str) -> None:
    try:
        key = read_authorized_key(f"{before} {KEY}")
    except ConfigurationError:
        return
    if key is not None and before.strip():
        assert key.blob == BLOB
