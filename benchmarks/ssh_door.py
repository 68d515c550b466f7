"""
The ssh door beside bare AsyncSSH, Twisted Conch and OpenSSH's sshd: logins, commands, output, memory.

All take one Ed25519 key by curve25519 and AES-GCM. The peers have a fixed answer; sshd runs `uptime` by
`ForceCommand`, with a process and the user's shell for each; ours is asked for `uptime` with
`fresh_seconds = 2`, gate, portal, desk and audit in the way. Conch knows AES with counters only. Rounds are
interleaved, and only the ratios of one run count. The load is AsyncSSH's client in one process, which takes
more of a core than the servers do: so what is judged is the server's CPU time, but for sshd, whose processes
come and go: it is compared by rates.
"""

import argparse
import asyncio
import functools
import getpass
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import uvloop
from line_door import (
    BenchmarkError,
    Server,
    choose_cores,
    cpu_seconds,
    find_doorward,
    lines_of_table,
    read_printed_port,
    read_written_port,
    resident_bytes,
    running,
)
from machine import describe

HERE = Path(__file__).parent
AT_ONCE = 8
IDLE = 50
BULK_BYTES = 24_000_000
"""As much as an answer that is given again may have by default, so that no child is measured beside it."""
OURS, BARE, CONCH, SSHD = "ours", "asyncssh", "conch", "sshd"
CONFIGURATION = """\
[doors.ssh]
listen = ["127.0.0.1:0"]
host_key = "{host_key}"

[limits]
early_refusals_from = 1000
not_logged_in = 1000
[limits.penalties]
exempt = ["127.0.0.0/8"]

[users.alice]
keys = ["{key}"]

[commands.uptime]
run = ["uptime"]
read_only = true
fresh_seconds = 2

[commands.bulk]
run = ["head", "-c", "{bulk}", "/dev/zero"]
output_bytes = {bulk}
read_only = true
fresh_seconds = 3600
"""
SSHD_CONFIGURATION = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {host_key}
PidFile none
UsePAM no
StrictModes no
AuthorizedKeysFile {authorized_keys}
ForceCommand {command}
MaxStartups 1000
MaxSessions 1000
"""


@dataclass(frozen=True, slots=True)
class Keys:
    """Files of a host's key, of a client's, and of the keys that may come in."""

    host: Path
    client: Path
    authorized: Path


def make_keys(folder: Path) -> Keys:
    for name in ("host", "client"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(words, check=True, timeout=30)
    authorized = folder / "authorized_keys"
    shutil.copy(folder / "client.pub", authorized)
    return Keys(folder / "host", folder / "client", authorized)


# Servers


def our_argv(program: str, keys: Keys, _keep: bool, folder: Path) -> list[str]:  # noqa: FBT001 - through a table
    configuration = folder / "doorward.toml"
    line = keys.authorized.read_text().strip()
    configuration.write_text(CONFIGURATION.format(host_key=keys.host, key=line, bulk=BULK_BYTES))
    configuration.chmod(0o600)
    return [program, "serve", "--config", str(configuration), "--state", str(folder / "state")]


def peer_argv(name: str, keys: Keys, _keep: bool, _folder: Path) -> list[str]:  # noqa: FBT001 - through a table
    program = str(HERE / "peers" / name)
    public = keys.client.with_suffix(".pub") if name == "conch.py" else keys.authorized
    return [sys.executable, program, str(keys.host), str(public)]


def sshd_argv(program: str, keys: Keys, _keep: bool, folder: Path) -> list[str]:  # noqa: FBT001 - through a table
    port = free_port()
    (folder / "port").write_text(str(port))
    command = folder / "command"
    command.write_text(
        '#!/bin/sh\ncase "$SSH_ORIGINAL_COMMAND" in\n'
        '*[!0-9]*) exec uptime;;\n*) exec head -c "$SSH_ORIGINAL_COMMAND" /dev/zero;;\nesac\n'
    )
    command.chmod(0o755)
    configuration = folder / "sshd_config"
    configuration.write_text(
        SSHD_CONFIGURATION.format(
            port=port, host_key=keys.host, authorized_keys=keys.authorized, command=command
        )
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    return [program, "-D", "-e", "-f", str(configuration)]


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def read_sshd_port(_: "subprocess.Popen[bytes]", folder: Path) -> int | None:
    import socket

    port = int((folder / "port").read_text())
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return port
    except OSError:
        return None


def find_servers(keys: Keys) -> tuple[dict[str, Server], list[str]]:
    """Those that can run here, and what is left out."""
    program = find_doorward()
    if program is None:
        raise BenchmarkError("no program `doorward` beside this Python nor on the path")
    servers = {
        OURS: Server(
            "Doorward",
            functools.partial(our_argv, program, keys),
            functools.partial(read_written_port, door="ssh"),
        ),
        BARE: Server(
            "bare AsyncSSH", functools.partial(peer_argv, "bare_asyncssh.py", keys), read_printed_port
        ),
    }
    left_out = []
    if subprocess.run(
        [sys.executable, "-c", "import twisted.conch.ssh.keys"], capture_output=True, check=False
    ).returncode:
        left_out.append("Twisted Conch is not installed")
    else:
        servers[CONCH] = Server(
            "Twisted Conch", functools.partial(peer_argv, "conch.py", keys), read_printed_port
        )
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if sshd is None or os.geteuid() != 0:
        left_out.append("OpenSSH's sshd is not there, or this is not root")
    else:
        servers[SSHD] = Server("OpenSSH sshd", functools.partial(sshd_argv, sshd, keys), read_sshd_port)
    return servers, left_out


# The load


@dataclass(frozen=True, slots=True)
class Target:
    """
    One server under load.

    Attributes:
        user: who logs in.
        bulk: the command that gives `BULK_BYTES`; empty for none.
    """

    pid: int
    port: int
    user: str
    bulk: str
    keys: Keys

    def connect(self) -> AbstractAsyncContextManager[asyncssh.SSHClientConnection]:
        return asyncssh.connect(
            "127.0.0.1",
            self.port,
            username=self.user,
            client_keys=[str(self.keys.client)],
            known_hosts=None,
            config=None,
            agent_path=None,
            kex_algs=["curve25519-sha256"],
            encryption_algs=["aes128-gcm@openssh.com", "aes128-ctr"],
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something was done."""

    per_second: float
    cpu_ms: float


async def log_in(target: Target) -> None:
    async with target.connect() as connection:
        await ask(connection)


async def ask(connection: asyncssh.SSHClientConnection) -> None:
    said = (await connection.run("uptime")).stdout
    if "load average" not in str(said):
        raise BenchmarkError(f"answered {said!r}")


async def often(target: Target, work: Callable[[], Awaitable[None]], *, at_once: int, seconds: float) -> Rate:
    """Do `work` for about so long, so many at once."""
    done = 0
    until = time.monotonic() + seconds

    async def go_on() -> None:
        nonlocal done
        while time.monotonic() < until:
            await work()
            done += 1

    before, began_at = cpu_seconds(target.pid), time.monotonic()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(go_on())
    taken_seconds = time.monotonic() - began_at
    return Rate(done / taken_seconds, (cpu_seconds(target.pid) - before) * 1000 / done)


async def bulk(target: Target) -> Rate:
    """Bytes of one command's output: megabytes a second, and CPU a megabyte."""
    async with target.connect() as connection:
        # ours has it run first, and then gives it again
        await connection.run(target.bulk, encoding=None)
        before, began_at = cpu_seconds(target.pid), time.monotonic()
        said = (await connection.run(target.bulk, encoding=None)).stdout or b""
        taken_seconds, cpu = time.monotonic() - began_at, cpu_seconds(target.pid) - before
    if len(said) != BULK_BYTES:
        raise BenchmarkError(f"{len(said)} bytes of {BULK_BYTES}")
    megabytes = BULK_BYTES / 1e6
    return Rate(megabytes / taken_seconds, cpu * 1000 / megabytes)


async def memory(target: Target) -> float:
    """KiB for each connection that is logged in and idle."""
    async with AsyncExitStack() as stack:
        before = resident_bytes(target.pid)
        for _ in range(IDLE):
            await ask(await stack.enter_async_context(target.connect()))
        return (resident_bytes(target.pid) - before) / 1024 / IDLE


def latency_ms(target: Target, *, times: int) -> float:
    """How long `ssh host uptime` takes, in the middle."""
    words = [
        "ssh",
        "-F",
        "none",
        "-i",
        str(target.keys.client),
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        "BatchMode=yes",
    ]
    words += ["-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"]
    words += [
        "-o",
        "KexAlgorithms=curve25519-sha256",
        "-p",
        str(target.port),
        f"{target.user}@127.0.0.1",
        "uptime",
    ]
    taken = []
    for _ in range(times):
        began_at = time.monotonic()
        subprocess.run(words, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=20)
        taken.append((time.monotonic() - began_at) * 1000)
    return statistics.median(taken)


async def measure_on_loop(target: Target, *, seconds: float) -> dict[str, float]:
    await log_in(target)
    figures = {"memory_kib": await memory(target)}
    logins = await often(target, functools.partial(log_in, target), at_once=AT_ONCE, seconds=seconds)
    async with target.connect() as connection:
        commands = await often(target, functools.partial(ask, connection), at_once=AT_ONCE, seconds=seconds)
    output = await bulk(target) if target.bulk else Rate(0.0, 0.0)
    return figures | {
        "logins": logins.per_second,
        "login_cpu_ms": logins.cpu_ms,
        "commands": commands.per_second,
        "command_cpu_ms": commands.cpu_ms,
        "bulk_mb": output.per_second,
        "bulk_cpu_ms": output.cpu_ms,
    }


def measure(key: str, server: Server, keys: Keys, *, seconds: float, core: int) -> dict[str, float]:
    with running(server, keep=False, core=core) as (pid, port):
        user = getpass.getuser() if key == SSHD else "alice"
        # Conch copies all that waits for each write: 24 MB take it minutes
        bulk_command = {OURS: "bulk", CONCH: ""}.get(key, str(BULK_BYTES))
        target = Target(pid, port, user, bulk_command, keys)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            figures = runner.run(measure_on_loop(target, seconds=seconds))
        return figures | {"latency_ms": latency_ms(target, times=15)}


Figures = Mapping[str, Sequence[Mapping[str, float]]]

AIMS = (
    ("logins, by CPU, of bare AsyncSSH", BARE, "login_cpu_ms", True, 0.85),
    ("logins a second, of sshd", SSHD, "logins", False, 10.0),
    ("commands on one connection, by CPU, of bare AsyncSSH", BARE, "command_cpu_ms", True, 0.7),
    ("output, by CPU, of bare AsyncSSH", BARE, "bulk_cpu_ms", True, 0.8),
)
"""What is aimed at: against whom, by which figure, whether less of it is better, and the least ratio."""


def middle(figures: Figures, key: str, name: str) -> float:
    return statistics.median(each[name] for each in figures[key])


def tell(figures: Figures, titles: Mapping[str, str]) -> None:
    columns = {
        "logins": "logins/s",
        "login_cpu_ms": "CPU ms",
        "commands": "commands/s",
        "command_cpu_ms": "CPU ms",
        "bulk_mb": "output MB/s",
        "bulk_cpu_ms": "CPU ms a MB",
        "latency_ms": "ssh ms",
        "memory_kib": "KiB each",
    }
    rows = [["server", *columns.values()]]
    for key, title in titles.items():
        cells = []
        for name in columns:
            # its work is done by processes that come and go
            is_unknown = key == SSHD and (name.endswith("cpu_ms") or name == "memory_kib")
            is_unknown = is_unknown or (key == CONCH and name.startswith("bulk"))
            cells.append("-" if is_unknown else f"{middle(figures, key, name):,.2f}")
        rows.append([title, *cells])
    print("\n".join(["", *lines_of_table(rows), ""]))
    for title, peer, name, less_is_better, least in AIMS:
        if peer not in figures:
            continue
        ours, theirs = middle(figures, OURS, name), middle(figures, peer, name)
        ratio = theirs / ours if less_is_better else ours / theirs
        print(f"{'reached' if ratio >= least else 'MISSED'}: {title}: {ratio:.2f} (aim: {least:g})")


def run(arguments: argparse.Namespace) -> None:
    print(describe("uvloop", "asyncssh", "cryptography", "twisted"))
    with tempfile.TemporaryDirectory(prefix="ssh-door-") as folder:
        keys = make_keys(Path(folder))
        servers, left_out = find_servers(keys)
        for reason in left_out:
            print(f"left out: {reason}")
        cores = choose_cores()
        os.sched_setaffinity(0, {cores.load})
        figures: dict[str, list[dict[str, float]]] = {key: [] for key in servers}
        for turn in range(arguments.rounds):
            for key in sorted(servers, reverse=bool(turn % 2)):
                figures[key].append(
                    measure(key, servers[key], keys, seconds=arguments.seconds, core=cores.server)
                )
        if arguments.json:
            print(json.dumps(figures))
        tell(figures, {key: server.title for key, server in servers.items()})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="%(default)s")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement (%(default)s)")
    parser.add_argument("--json", action="store_true", help="every round's figures too")
    try:
        run(parser.parse_args())
    except BenchmarkError as error:
        print(f"ssh_door: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
