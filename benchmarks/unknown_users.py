"""
Whether the time of a wrong login tells which users there are: 200 of each kind at one door, in turn.

    python benchmarks/unknown_users.py [--door tls|ssh] [--tries N]
"""

import argparse
import asyncio
import json
import random
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import asyncssh
from machine import describe
from start import serving

AIM = 0.05
"""How far the median of the rounds' ratios may be from 1."""

CONFIGURATION = """
[doors.{door}]
listen = ["127.0.0.1:0"]
[limits.penalties]
exempt = ["127.0.0.1"]
[users.alice]
password = "{hash}"
[users.bob]
password = "{hash}"
[users.keys]
uid = 54321
"""

LINES = {
    "a user, a wrong password": b"alice wrong",
    "no user": b"mallory wrong",
    "a user without a password": b"keys wrong",
    "no name": b" wrong",
}
KNOWN = "a user, a wrong password"

Try = Callable[[bytes], float]
"""Tries to log in with a name and a password, a blank between them; gives the seconds until it is refused."""


def main() -> int:
    """Try, and print the medians and their ratios to that of a user's, over all rounds and within each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tries", type=int, default=200)
    parser.add_argument("--door", choices=("tls", "ssh"), default="tls")
    options = parser.parse_args()
    tries = max(10, min(options.tries, 2000))
    with tempfile.TemporaryDirectory() as folder:
        seconds = measured(Path(folder), options.door, tries)
    print(describe("uvloop", "argon2-cffi"))
    known = statistics.median(seconds[KNOWN])
    worst = 0.0
    for kind, found in seconds.items():
        median = statistics.median(found)
        paired = statistics.median(one / other for one, other in zip(found, seconds[KNOWN], strict=True))
        worst = max(worst, abs(paired - 1))
        print(
            f"{kind:<28} median {median * 1e3:7.2f} ms  ratio {median / known:.3f}"
            f"  median of the rounds' ratios {paired:.3f}"
        )
    print(f"aim: within {AIM:.0%}; {'reached' if worst <= AIM else 'missed'} with {worst:.1%}")
    return 0


def measured(folder: Path, door: str, tries: int) -> dict[str, list[float]]:
    """The seconds of each kind of wrong login, in an order that no load of the machine favours."""
    program = str(Path(sys.executable).with_name("doorward"))
    configuration, state = folder / "doorward.toml", folder / "state"
    configuration.touch(mode=0o600)
    configuration.write_text(CONFIGURATION.format(door=door, hash=hashed(program)))
    chances = random.Random(1)
    seconds: dict[str, list[float]] = {kind: [] for kind in LINES}
    with serving(program, configuration, state):
        refused = by_ssh(state) if door == "ssh" else by_tls(state)
        for line in LINES.values():
            refused(line)  # the first of all is no measure
        for _ in range(tries):
            # each round has one of each kind, so that the load of a minute meets all alike
            for kind in chances.sample(sorted(LINES), len(LINES)):
                seconds[kind].append(refused(LINES[kind]))
    return seconds


def hashed(program: str) -> str:
    """A hash as a keeper has it made."""
    words = [program, "hash-password", "--password-file", "-"]
    done = subprocess.run(words, input="sesame\n", capture_output=True, text=True, check=True)
    return next(word.strip('"') for word in done.stdout.split() if word.strip('"').startswith("$argon2id$"))


def door_of(state: Path) -> tuple[tuple[str, int], ssl.SSLContext]:
    """Where the tls door listens, and what trusts it."""
    context = ssl.create_default_context(cafile=str(state / "cert.pem"))
    context.check_hostname = False
    return address_of(state, "tls"), context


def by_tls(state: Path) -> Try:
    """Tries at the tls door."""
    address, context = door_of(state)
    return lambda line: refused_by_tls(address, context, line)


def by_ssh(state: Path) -> Try:
    """Tries at the ssh door."""
    host, port = address_of(state, "ssh")
    return lambda line: asyncio.run(refused_by_ssh(host, port, line))


def address_of(state: Path, door: str) -> tuple[str, int]:
    """The first address of a door."""
    host, _, port = json.loads((state / "doors.json").read_text())[door][0].rpartition(":")
    return host, int(port)


def refused_by_tls(address: tuple[str, int], context: ssl.SSLContext, line: bytes) -> float:
    """Seconds from the password to the end of the connection."""
    with (
        socket.create_connection(address) as raw,
        context.wrap_socket(raw, server_hostname=address[0]) as peer,
    ):
        if peer.recv(64) != b"Password?\n":
            raise SystemExit("nobody was asked for a password")
        began_at = time.perf_counter()
        peer.sendall(line + b"\n")
        if heard := peer.recv(64):
            raise SystemExit(f"let in, or told something: {heard!r}")
        return time.perf_counter() - began_at


class OnePassword(asyncssh.SSHClient):
    """
    Shows one password.

    Attributes:
        asked_at: when it was asked for one: before it was shown, and again after it was refused.
    """

    def __init__(self, password: str) -> None:
        self.asked_at: list[float] = []
        self._password = password

    def password_auth_requested(self) -> str | None:
        self.asked_at.append(time.perf_counter())
        return self._password if len(self.asked_at) == 1 else None


async def refused_by_ssh(host: str, port: int, line: bytes) -> float:
    """Seconds from a password until it was refused."""
    name, _, password = line.decode().partition(" ")
    client = OnePassword(password)
    try:
        # no name would be that of whoever runs this
        connection = await asyncssh.connect(
            host,
            port,
            username=name or "nobody at all",
            client_factory=lambda: client,
            client_keys=None,
            known_hosts=None,
            config=None,
            agent_path=None,
            preferred_auth="password",
        )
    except asyncssh.PermissionDenied:
        shown_at, refused_at = client.asked_at
        return refused_at - shown_at
    connection.abort()
    raise SystemExit("let in")


if __name__ == "__main__":
    sys.exit(main())
