"""Bare AsyncSSH on uvloop: one key lets in; a command has a fixed answer, or as many bytes as it names."""

import asyncio
import sys

import asyncssh
import uvloop

ANSWER = b" 12:00:00 up 1 day,  1:00,  1 user,  load average: 0.00, 0.00\n"
_PIECE = bytes(64 * 1024)


async def answer(process: "asyncssh.SSHServerProcess[bytes]") -> None:
    """One command: `uptime`, or the number of bytes that are wanted."""
    command = process.command or ""
    if command.isdigit():
        left = int(command)
        while left > 0:
            process.stdout.write(_PIECE[:left])
            await process.stdout.drain()
            left -= len(_PIECE)
    else:
        process.stdout.write(ANSWER)
    process.exit(0)


async def serve(host_key: str, authorized_keys: str) -> None:
    """Print the port and serve until the process is ended."""
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host_key],
        authorized_client_keys=authorized_keys,
        process_factory=answer,
        encoding=None,
        kex_algs=["curve25519-sha256"],
        encryption_algs=["aes128-gcm@openssh.com"],
        gss_host=None,
        config=None,
        backlog=1024,
    )
    print(server.get_port(), flush=True)
    await server.wait_closed()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(sys.argv[1], sys.argv[2]))
