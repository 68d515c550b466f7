"""A conversation with GNU's telnetd, which negotiates for a dozen options before it lets anybody in."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import doorward
from tests.fetch_servers import free_ports, running

PATIENT = 50.0

pytestmark = [
    pytest.mark.needs_program("telnetd", package="inetutils-telnetd"),
    pytest.mark.needs_program("socat", package="socat"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can start telnetd"),
]

LOGIN = """#!/bin/sh
printf 'login: '
read -r name
stty -echo
printf 'Password: '
read -r password
stty echo
printf '\\nhello %s, you have %s letters\\n' "$name" "${#password}"
exec sh -i
"""


@pytest.fixture(scope="module")
def telnetd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one that lets anybody have a shell."""
    login: Path = tmp_path_factory.mktemp("telnetd") / "login"
    login.write_text(LOGIN)
    login.chmod(0o755)
    (port,) = free_ports(1)
    serves = f"EXEC:{shutil.which('telnetd')} -h -E {login}"
    listens = f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork"
    with running([str(shutil.which("socat")), listens, serves], port):
        yield f"127.0.0.1:{port}"


@pytest.mark.parametrize("telnet", [None, True])
async def test_its_options_are_declined_and_a_shell_is_used(telnetd: str, *, telnet: bool | None) -> None:
    transcript: list[str] = []
    talking = doorward.talk(telnetd, seconds=PATIENT, telnet=telnet, transcript=transcript.append)
    async with talking as talk:
        assert (await talk.expect("login: ")).before == ""
        await talk.send_line("alice")
        await talk.expect("Password: ")
        await talk.send_secret("sesame")
        assert (await talk.expect(r"^hello (\w+), you have (\d+) letters\n")).groups == ("alice", "6")
        await talk.send_line(r"printf 'a\377b\n'; echo $((6 * 7))")
        assert "a\udcffb\n" in (await talk.expect("^42\n")).before
        await talk.send_line("exit")
        await talk.expect_end()
    said = "".join(transcript)
    assert "sesame" not in said
    assert "\\xfd" not in said, "no negotiation is part of what was said"


async def test_without_telnet_its_negotiation_is_part_of_the_text(telnetd: str) -> None:
    async with doorward.talk(telnetd, seconds=PATIENT, telnet=False) as talk:
        assert (await talk.expect("\udcff[\udcfb\udcfd].")).before == ""
