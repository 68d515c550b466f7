"""A daemon's mail while the server is away, and while the outbox cannot be used."""

import asyncio
import json
import time
from collections.abc import Callable

import pytest

from tests.clients.smtp.servers import FaultServer
from tests.daemon import DOORS, RunningDaemon, StartDaemon

PATIENCE_SECONDS = 40.0


def until(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"not so: {what}"
        time.sleep(0.2)


def notices(daemon: RunningDaemon) -> str:
    found: list[str] = json.loads(daemon.shell.run("ask", "status", "form=json").stdout)["notices"]
    return "\n".join(found)


def test_what_waits_for_a_server_that_is_away_is_told_and_goes_out_once_it_is_back(
    start_daemon: StartDaemon,
) -> None:
    server = FaultServer()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(server.start())
    loop.run_until_complete(server.stop())
    daemon = start_daemon(
        f'{DOORS}\n[mail]\nserver = "127.0.0.1:{server.port}"\n[limits]\nmail_retry_seconds = 1\n'
    )
    run = daemon.shell.run("mail", "send", "--state", str(daemon.state), "a@example.org", stdin="hello\n")
    assert run.stdout == "Message 1 is queued; the daemon delivers it.\n"
    until(lambda: "nobody listens there" in notices(daemon), "the status tells that mail waits")

    async def serve_until_it_came() -> None:
        await server.start()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not server.messages or "QUIT" not in server.heard:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.05)

    loop.run_until_complete(serve_until_it_came())
    until(lambda: notices(daemon) == "", "the status tells that no mail waits")
    listed = daemon.shell.run("mail", "queue", "list", "--state", str(daemon.state), "--json").stdout
    assert json.loads(listed) == []
    loop.run_until_complete(server.stop())
    loop.close()
    assert len(server.messages) == 1


@pytest.mark.parametrize("content", [b"no database" * 100, b""])
def test_an_outbox_that_cannot_be_used_stays_as_it_is_and_stops_nothing_else(
    start_daemon: StartDaemon, content: bytes
) -> None:
    daemon = start_daemon(DOORS)
    file = daemon.state / "doorward.db"
    file.write_bytes(content)
    file.chmod(0o600)
    until(lambda: "doorward.db is corrupted" in notices(daemon), "the status tells of it")
    run = daemon.shell.run("mail", "send", "--state", str(daemon.state), "a@example.org", stdin="hello\n")
    assert run.returncode == 1
    assert "doorward.db is corrupted" in run.stderr
    assert file.read_bytes() == content
    assert daemon.shell.run("ask", "echo", "hello").stdout == "hello\n"
