"""What is told of the peer over TLS."""

import asyncio
from pathlib import Path

import doorward
from doorward.cli.talk_peer import pem_of, tls_json, tls_lines
from doorward.core.errors import one_line
from tests.certificates import make_certificate, server_context
from tests.clients.talk.peers import echo, peer

HOSTILE = "\x1b[2J\u202egro.elpmaxe"


async def test_what_a_certificate_says_of_itself_commands_nothing_and_is_not_long(tmp_path: Path) -> None:
    names = ("localhost", *(f"{number}.example.org" for number in range(40)))
    made = make_certificate(HOSTILE + "x" * 40, names=names)
    written = await asyncio.to_thread(made.written, tmp_path)
    async with (
        peer(echo, context=server_context(written)) as address,
        doorward.talk(address, tls=True, insecure=True, seconds=30) as talk,
    ):
        lines = list(tls_lines(talk))
        told = tls_json(talk)
        assert pem_of(talk) == made.pem
    subject, names_line = lines[1], lines[2]
    assert "\\x1b[2J\\u202e" in one_line(subject)
    assert names_line.endswith(", 18.example.org, 21 more")
    assert told is not None
    assert told["certificate"]["names"] == list(names)
    assert all(len(line) < 1000 for line in lines)
