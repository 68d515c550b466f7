import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients._connecting import connect
from doorward.clients._endpoints import (
    HttpEndpoint,
    SshEndpoint,
    SshIdentity,
    TcpEndpoint,
    TlsEndpoint,
    UnixEndpoint,
    parse_endpoint,
)
from doorward.core.errors import ConnectError


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("unix:///run/d.sock", UnixEndpoint("unix:///run/d.sock", "/run/d.sock")),
        ("unix://d.sock", UnixEndpoint("unix://d.sock", "d.sock")),
        ("tcp://127.0.0.1:7022", TcpEndpoint("tcp://127.0.0.1:7022", "127.0.0.1", 7022)),
        ("tcp://[::1]:7022", TcpEndpoint("tcp://[::1]:7022", "::1", 7022)),
        ("tcp://host.example:1/", TcpEndpoint("tcp://host.example:1/", "host.example", 1)),
        ("tls://db.example:7023", TlsEndpoint("tls://db.example:7023", "db.example", 7023)),
        ("http://[::1]:7024", HttpEndpoint("http://[::1]:7024", "::1", 7024, is_encrypted=False)),
        ("http://host.example", HttpEndpoint("http://host.example", "host.example", 80, is_encrypted=False)),
        (
            "https://host.example/",
            HttpEndpoint("https://host.example/", "host.example", 443, is_encrypted=True),
        ),
        ("ssh://host.example", SshEndpoint("ssh://host.example", "host.example", 0)),
        ("ssh://a@[::1]:7025", SshEndpoint("ssh://a@[::1]:7025", "::1", 7025, SshIdentity(user="a"))),
    ],
)
def test_a_url_names_an_endpoint(url: str, endpoint: object) -> None:
    assert parse_endpoint(url) == endpoint


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("127.0.0.1:7022", "Write tcp://127.0.0.1:7022"),
        ("/run/d.sock", "Write unix:///run/d.sock"),
        ("ssh://alice:sesame@host", "no password"),
        ("ssh://", "Write ssh://USER@HOST:PORT"),
        ("ssh://host/x", "Write ssh://USER@HOST:PORT without a path"),
        ("ssh://host:0x", "Write ssh://USER@HOST:PORT"),
        ("ssh://-oProxyCommand=x", "Write ssh://USER@HOST:PORT"),
        ("ssh://::1", "ssh://[::1]:7025"),
        ("http://", "Write http://HOST:PORT without a path"),
        ("https://host/doorward", "Write https://HOST:PORT without a path"),
        ("https://host:0", "Write https://HOST:PORT"),
        ("https://host?a=b", "without a path"),
        ("https://::1:7024", "https://[::1]:7024"),
        ("https://alice:sesame@host", "Use --user NAME"),
        ("tls://alice:sesame@host:7023", "Use --user NAME"),
        ("tls://host", "Write tls://HOST:PORT"),
        ("tls://::1:7023", "tls://[::1]:7023"),
        ("tcp://host", "HOST:PORT"),
        ("tcp://::1:7022", "tcp://[::1]:7022"),
        ("tcp://host:0", "HOST:PORT"),
        ("tcp://host:70000", "HOST:PORT"),
        ("unix://", "names no daemon"),
        ("", "names no daemon"),
    ],
)
def test_what_is_no_endpoint_is_told_with_what_to_write(url: str, advice: str) -> None:
    with pytest.raises(ConnectError, match=advice.replace("[", r"\[")) as caught:
        parse_endpoint(url)
    assert caught.value.phase == "connect"


def test_a_password_in_a_url_is_not_said_again() -> None:
    for url in (
        "https://alice:sesame@host",
        "tcp://alice:sesame@host:1",
        "https://sesame@/x",
        "ssh://a:sesame@x",
    ):
        with pytest.raises(ConnectError) as caught:
            parse_endpoint(url)
        assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "is_confidential"),
    [
        ("http://127.0.0.1:1", True),
        ("http://[::1]:1", True),
        ("http://localhost:1", True),
        ("https://host.example", True),
        ("http://host.example", False),
        ("http://192.0.2.1", False),
    ],
)
def test_plain_http_is_confidential_on_this_machine_alone(url: str, *, is_confidential: bool) -> None:
    endpoint = parse_endpoint(url)
    assert isinstance(endpoint, HttpEndpoint)
    assert endpoint.is_confidential is is_confidential


@given(st.text(max_size=60))
def test_only_the_documented_error_escapes(text: str) -> None:
    for url in (text, f"tcp://{text}", f"unix://{text}", f"https://{text}"):
        try:
            endpoint = parse_endpoint(url)
        except ConnectError:
            continue
        assert endpoint.url == url


def test_an_address_where_nobody_listens_is_told_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectError, match="connection refused") as caught:
        connect(parse_endpoint(f"tcp://127.0.0.1:{port}"))
    assert "doorward serve" in caught.value.next_step


def test_a_socket_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConnectError, match=r"no such file or directory.*Is the daemon running"):
        connect(parse_endpoint(f"unix://{tmp_path}/none.sock"))


def test_a_path_too_long_for_a_socket_is_an_error_like_any_other() -> None:
    with pytest.raises(ConnectError, match="too long"):
        connect(parse_endpoint(f"unix:///{'x' * 200}"))


def test_a_full_queue_of_connections_is_not_waited_for_forever(tmp_path: Path) -> None:
    path = str(tmp_path / "full.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(0)
        with connect(parse_endpoint(f"unix://{path}")), pytest.raises(ConnectError, match=r"within 0\.05 s"):
            connect(parse_endpoint(f"unix://{path}"), within_seconds=0.05)
