from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.ftp.commands import (
    COMMAND_BYTES,
    format_command,
    parse_epsv,
    parse_names,
    parse_pasv,
    parse_path,
    parse_size,
    parse_time,
)
from doorward.clients.ftp.replies import Reply
from doorward.core.errors import ProtocolError
from tests.core.strategies import any_text, awkward_text


def reply(text: str) -> Reply:
    return Reply(200, (text,))


@given(st.one_of(any_text, awkward_text, st.text(st.characters())))
def test_a_command_is_one_line_or_it_is_refused(argument: str) -> None:
    try:
        line = format_command("RETR", argument)
    except ValueError:
        return
    assert line.startswith(b"RETR ")
    assert line.endswith(b"\r\n")
    assert not set(line[:-2]) & {0, 10, 13, 255}
    assert line[5:-2].decode("utf-8", "surrogateescape") == argument


@pytest.mark.parametrize("argument", ["", "a\rb", "a\nb", "a\0b", "a\udcffb", "\ud800", "x" * COMMAND_BYTES])
def test_what_is_no_argument_is_refused_and_not_repeated(argument: str) -> None:
    with pytest.raises(ValueError, match=r"\S") as caught:
        format_command("PASS", argument)
    assert not argument or argument not in str(caught.value)


def test_names_that_are_no_utf8_are_sent_as_they_came() -> None:
    (name,) = parse_names(b"caf\xe9\r\n")
    assert format_command("RETR", name) == b"RETR caf\xe9\r\n"
    assert format_command("PWD") == b"PWD\r\n"


@pytest.mark.parametrize(
    ("text", "port"),
    [("Entering Extended Passive Mode (|||6446|)", 6446), ("(!!!1!)", 1), ("ok (|||65535|).", 65535)],
)
def test_the_port_of_epsv(text: str, port: int) -> None:
    assert parse_epsv(reply(text)) == port


@pytest.mark.parametrize(
    "text",
    [
        "",
        "6446",
        "(|||0|)",
        "(|||65536|)",
        "(|||-1|)",
        "(|1|192.0.2.1|22|)",
        "(|||x|)",
        "(||!22|)",
        "(|||²²|)",
    ],
)
def test_no_port_of_epsv(text: str) -> None:
    with pytest.raises(ProtocolError):
        parse_epsv(reply(text))


@pytest.mark.parametrize("text", ["Entering Passive Mode (192,0,2,1,25,46).", "=192,0,2,1,25,46"])
def test_the_address_of_pasv(text: str) -> None:
    assert parse_pasv(reply(text)) == ("192.0.2.1", 6446)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(192,0,2,1,0,0)",
        "(192,0,2,256,25,46)",
        "(192,0,2,1,25)",
        "(1192,0,2,1,25,46)",
        "(192,0,2,1,25,460)",
    ],
)
def test_no_address_of_pasv(text: str) -> None:
    with pytest.raises(ProtocolError):
        parse_pasv(reply(text))


def test_sizes_times_and_paths() -> None:
    assert parse_size(reply("1024")) == 1024
    assert parse_size(reply("0 ")) == 0
    assert parse_time(reply("20261127081648")) == datetime(2026, 11, 27, 8, 16, 48, tzinfo=UTC)
    assert parse_time(reply("20261127081648.123")) == datetime(2026, 11, 27, 8, 16, 48, tzinfo=UTC)
    assert parse_path(reply('"/a ""b"" c" is current')) == '/a "b" c'
    assert parse_path(reply('"/"')) == "/"


@pytest.mark.parametrize("text", ["", "-1", "1e3", "x", "9" * 20, "1 2", "²"])
def test_no_size(text: str) -> None:
    with pytest.raises(ProtocolError, match="no size"):
        parse_size(reply(text))


@pytest.mark.parametrize("text", ["", "2026", "20261327081648", "20261127086148", "00000000000000"])
def test_no_time(text: str) -> None:
    with pytest.raises(ProtocolError, match="no time"):
        parse_time(reply(text))


@pytest.mark.parametrize("text", ["", "/a", '"/a', '""'])
def test_no_path(text: str) -> None:
    with pytest.raises(ProtocolError, match="no path"):
        parse_path(reply(text))


def test_a_list_of_names_has_them_in_their_order_without_the_folder_itself() -> None:
    assert parse_names(b"") == []
    assert parse_names(b".\r\n..\r\nweb.9\r\nweb.17\n./web 1\r\n") == ["web.9", "web.17", "web 1"]


@pytest.mark.parametrize("listing", [b"a\r\nb", b"../a\r\n", b"/etc/passwd\r\n", b"a\0b\r\n"])
def test_what_is_no_list_of_names_is_an_error(listing: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_names(listing)


@given(st.binary(max_size=200))
def test_only_the_documented_error_escapes(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for parse in (parse_epsv, parse_pasv, parse_size, parse_time, parse_path):
        try:
            parse(reply(text))
        except ProtocolError:
            continue
