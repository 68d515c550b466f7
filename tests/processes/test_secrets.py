"""A secret is in a file that only the child has, and nowhere else that can be looked at."""

import asyncio
import os
from pathlib import Path

from doorward.core.launch import Exited
from doorward.processes.spawner import ShimSpawner
from tests.processes.runs import launch_of, start

CANARY = b"canary-5f1c"


def places_that_show(needle: bytes) -> list[str]:
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for name in ("cmdline", "environ"):
            try:
                if needle in Path(f"/proc/{pid}/{name}").read_bytes():
                    found.append(f"{pid}/{name}")
            except OSError:
                continue
    return found


async def test_secrets_are_read_by_name_and_shown_nowhere(spawner: ShimSpawner) -> None:
    launch = launch_of(
        "/bin/sh",
        "-c",
        'cat "$1" "$2"; cat <&4; readlink "$1" >&2; echo; read answer',
        "sh",
        "/dev/fd/3",
        "/dev/fd/4",
        secrets=(CANARY, b"second" * 20_000),
        takes_input=True,
    )
    heard = start(spawner, launch)
    await heard.until(lambda: heard.out.endswith(b"second\n"))
    assert await asyncio.to_thread(places_that_show, CANARY) == []
    assert heard.child is not None
    heard.child.close_input()
    await heard.ending()
    assert heard.out == CANARY + b"second" * 40_000 + b"\n"
    assert b"(deleted)" in heard.err


async def test_many_secrets_stand_in_their_order(spawner: ShimSpawner) -> None:
    secrets = tuple(str(number).encode() for number in range(20))
    names = [f"/dev/fd/{3 + number}" for number in range(20)]
    for fields in ({}, {"resources": {"core": 0}}):
        heard = start(spawner, launch_of("/bin/cat", *names, secrets=secrets, **fields))
        assert await heard.ending() == Exited(0)
        assert heard.out == b"".join(secrets)
