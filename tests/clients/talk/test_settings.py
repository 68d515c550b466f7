"""Addresses as they are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.talk.settings import Security, TalkSettings, TcpPlace, UnixPlace, parse_place
from doorward.core.errors import ConnectError


@pytest.mark.parametrize(
    ("address", "security", "place"),
    [
        ("mail.example.org:25", Security.NONE, TcpPlace("mail.example.org", 25)),
        ("127.0.0.1:1", Security.TLS, TcpPlace("127.0.0.1", 1)),
        ("[::1]:65535", Security.NONE, TcpPlace("::1", 65535)),
        ("[fe80::1%eth0]:25", Security.NONE, TcpPlace("fe80::1%eth0", 25)),
        ("tcp://x:25", Security.NONE, TcpPlace("x", 25)),
        ("tls://x:993", Security.TLS, TcpPlace("x", 993)),
        ("x", Security.SMTP, TcpPlace("x", 25)),
        ("x", Security.IMAP, TcpPlace("x", 143)),
        ("x", Security.POP3, TcpPlace("x", 110)),
        ("[::1]", Security.FTP, TcpPlace("::1", 21)),
        ("unix:///run/x", Security.NONE, UnixPlace("/run/x")),
        ("unix://x", Security.NONE, UnixPlace("x")),
        ("/run/x y", Security.NONE, UnixPlace("/run/x y")),
        ("./x", Security.NONE, UnixPlace("./x")),
    ],
)
def test_an_address_is_a_host_with_a_port_or_a_path(
    address: str, security: Security, place: TcpPlace | UnixPlace
) -> None:
    assert parse_place(address, security) == place


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("", "this is no host with a port"),
        ("x", "the port is missing. Write x:PORT."),
        ("[::1]", r"the port is missing. Write \[::1\]:PORT."),
        ("x:", "this is no host with a port"),
        ("x:0", "a port of 1 to 65535"),
        ("x:65536", "a port of 1 to 65535"),
        ("-x:25", "a port of 1 to 65535"),
        ("::1", r"stands in brackets. Write \[::1\]:PORT."),
        ("::1:25", r"brackets. Write \[::1\]:25 or \[::1:25\]:PORT."),
        ("tcp://::1:25", r"brackets. Write \[::1\]:25 or \[::1:25\]:PORT."),
        ("1:2:3:4:5:6:7:8:25", r"brackets. Write \[1:2:3:4:5:6:7:8\]:25."),
        ("2001:db8::1:99999", "this is no host with a port. Write HOST:PORT"),
        ("[::1]:99999", r"1 to 65535. Write \[::1\]:PORT."),
        ("user@x:25", "this is no host with a port"),
        ("tcp://tls://x:25", "this is no host with a port"),
        ("http://x:25", "this is no host with a port"),
        ("unix://", "this is no path of a socket"),
        ("/x\0", "this is no path of a socket"),
    ],
)
def test_what_is_none_is_told_with_what_to_write(address: str, problem: str) -> None:
    with pytest.raises(ConnectError, match=problem) as caught:
        parse_place(address)
    assert caught.value.phase == "address"


@given(address=st.text(max_size=30))
def test_only_the_documented_error_escapes(address: str) -> None:
    try:
        parse_place(address)
    except ConnectError:
        return
    assert address


@given(
    address=st.ip_addresses(v=6).map(str),
    port=st.one_of(st.just(""), st.integers(0, 99_999).map(":{}".format)),
    shape=st.sampled_from(["[{}]{}", "{}{}"]),
)
def test_what_is_to_be_written_can_be_read(address: str, port: str, shape: str) -> None:
    try:
        parse_place(shape.format(address, port))
    except ConnectError as error:
        told = error.next_step.removeprefix("Write ").removesuffix(".").split(" or ")
        bare = [each.replace("[", "").replace("]", "") for each in told]
        if "HOST:PORT" in bare[0]:
            assert port  # it is none, and with its end taken for an address, none either
            return
        assert set(bare) <= {f"{address}{port}", f"{address}:PORT", f"{address}{port}:PORT"}
        for each in told:
            assert isinstance(parse_place(each.replace("PORT", "25")), TcpPlace)


def test_a_socket_of_the_file_system_speaks_no_tls_here() -> None:
    settings = TalkSettings(address="/x", place=UnixPlace("/x"), security=Security.TLS)
    with pytest.raises(ConnectError, match="TLS needs a host and a port"):
        _ = settings.tls_endpoint
