"""
Backups beside other clients: many small files and some large ones, sent to servers of FTP, FTPS and SFTP.

A server runs on one core and each client in turn on another, in interleaved rounds. Only the ratios of one
run count. `benchmarks/README.md` tells how to read the tables.
"""

import argparse
import contextlib
import getpass
import itertools
import json
import math
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from machine import describe
from timing import cpu_seconds
from turns import counting_turns

SMALL_BYTES = 10_000
LARGE_BYTES = 50_000_000
FEW = 200
AT_ONCE = 4
START_SECONDS = 20.0

CLIENTS = ("ours", "lftp", "rclone", "curl", "sftp")
SERVERS = ("ftp", "ftps", "sftp")
KNOWN_BY = {
    "ours": SERVERS,
    "lftp": SERVERS,
    "rclone": SERVERS,
    "curl": ("ftp", "ftps"),
    "sftp": ("sftp",),
}
"""Which servers each client is tried on. `sftp` sends one file after another."""

VSFTPD = """
listen=YES
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=YES
local_enable=NO
write_enable=YES
anon_root={folder}/root
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_world_readable_only=NO
anon_umask=022
secure_chroot_dir={folder}/empty
seccomp_sandbox=NO
xferlog_enable=YES
log_ftp_protocol=YES
vsftpd_log_file={folder}/log
no_anon_password=NO
"""

WITH_TLS = """
ssl_enable=YES
allow_anon_ssl=YES
require_ssl_reuse=YES
ssl_ciphers=HIGH
force_anon_data_ssl=YES
force_anon_logins_ssl=YES
rsa_cert_file={folder}/certificate
rsa_private_key_file={folder}/key
"""

SSHD = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/home/.ssh/id_ed25519.pub
PidFile none
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
PermitRootLogin yes
MaxStartups 100
Subsystem sftp internal-sftp
"""


@dataclass(frozen=True, slots=True)
class Server:
    """
    One that runs.

    Attributes:
        kind: one of `SERVERS`.
        port: on 127.0.0.1.
        folder: with certificate, keys, log and `root`, the folder of the files.
    """

    kind: str
    port: int
    folder: Path

    @property
    def files(self) -> Path:
        """Where the files come to, on this machine."""
        return self.folder / "root" / "in"

    @property
    def inside(self) -> str:
        """What the server calls that."""
        return str(self.files) if self.kind == "sftp" else "/in"


@contextlib.contextmanager
def serving(kind: str, core: int) -> Iterator[Server]:
    """A server of this kind, on one core."""
    with tempfile.TemporaryDirectory(prefix="doorward-bench-") as name, socket.socket() as free:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "empty").mkdir()
        (folder / "root").mkdir(mode=0o755)
        (folder / "root" / "in").mkdir()
        (folder / "root" / "in").chmod(0o777)
        free.bind(("127.0.0.1", 0))
        server = Server(kind, free.getsockname()[1], folder)
        free.close()
        argv = _sshd(server) if kind == "sftp" else _vsftpd(server)
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(["taskset", "-c", str(core), *argv], stdout=output, stderr=output)
        try:
            _await_listening(process, server.port)
            yield server
        finally:
            process.terminate()
            process.wait(10)


def _vsftpd(server: Server) -> list[str]:
    folder = server.folder
    text = VSFTPD.format(port=server.port, folder=folder)
    if server.kind == "ftps":
        _certify(folder)
        text += WITH_TLS.format(folder=folder)
    (folder / "vsftpd.conf").write_text(text)
    return [_program("vsftpd"), str(folder / "vsftpd.conf")]


def _certify(folder: Path) -> None:
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key"), "-out", str(folder / "certificate")]
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files]
    subprocess.run(argv, check=True, capture_output=True)


def _sshd(server: Server) -> list[str]:
    folder = server.folder
    client = folder / "home" / ".ssh"
    client.mkdir(parents=True, mode=0o700)
    for file in (folder / "host", client / "id_ed25519"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    _know_host(server)
    (folder / "sshd.conf").write_text(SSHD.format(port=server.port, folder=folder))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    return [_program("sshd"), "-D", "-e", "-f", str(folder / "sshd.conf")]


def _know_host(server: Server) -> None:
    public = " ".join((server.folder / "host.pub").read_text().split()[:2])
    with (server.folder / "home" / ".ssh" / "known_hosts").open("a") as hosts:
        hosts.write(f"[127.0.0.1]:{server.port} {public}\n")


def _program(name: str) -> str:
    beside = str(Path(sys.executable).parent)
    found = shutil.which(name, path=beside) or shutil.which(name)
    found = found or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        sys.exit(f"backup: {name} is missing")
    return found


def _await_listening(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until or process.poll() is not None:
                sys.exit("backup: the server does not listen")
            time.sleep(0.02)
        else:
            return


# The clients


def _run(
    argv: list[str],
    *,
    said: str = "",
    output: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> float:
    """Run a client to its end; gives the most memory that it held, in MB, as far as that was seen."""
    held = 0.0
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=output, env=environment, text=True) as process:
        assert process.stdin is not None
        process.stdin.write(said)
        process.stdin.close()
        while process.poll() is None:
            held = max(held, _held_by(process.pid))
            time.sleep(0.01)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, argv[0])
    return held


def _held_by(process_id: int) -> float:
    """Of its own memory: what resource usage tells of a child begins with the size of whoever forked it."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process_id}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1000 if found else 0.0


def _ours(server: Server, source: Path) -> float:
    words = ["--from", str(source), "--keep", "all", "--at-once", str(AT_ONCE), "--quiet"]
    environment = dict(os.environ)
    if server.kind == "sftp":
        words += ["--to", f"sftp://{getpass.getuser()}@127.0.0.1:{server.port}{server.inside}"]
        environment["HOME"] = str(server.folder / "home")
    elif server.kind == "ftps":
        words += ["--to", f"ftpes://127.0.0.1:{server.port}{server.inside}"]
        words += ["--ca", str(server.folder / "certificate")]
    else:
        words += ["--to", f"ftp://127.0.0.1:{server.port}{server.inside}"]
    argv = [_program("doorward"), "backup", "push", *words]
    return _run(argv, output=subprocess.DEVNULL, environment=environment)


def _lftp(server: Server, source: Path) -> float:
    settings = ["set cmd:fail-exit yes", "set xfer:use-temp-file yes", "set mirror:parallel-directories no"]
    if server.kind == "sftp":
        home = server.folder / "home" / ".ssh"
        ssh = f"ssh -a -x -i {home}/id_ed25519 -o UserKnownHostsFile={home}/known_hosts"
        settings.append(f'set sftp:connect-program "{ssh}"')
        url = f"sftp://{getpass.getuser()}:@127.0.0.1:{server.port}"
    else:
        is_encrypted = server.kind == "ftps"
        settings.append(f"set ftp:ssl-allow {'yes' if is_encrypted else 'no'}")
        settings.append(f"set ftp:ssl-force {'yes' if is_encrypted else 'no'}")
        if is_encrypted:
            settings += ["set ftp:ssl-allow-anonymous yes", f"set ssl:ca-file {server.folder}/certificate"]
        url = f"ftp://127.0.0.1:{server.port}"
    mirror = f"mirror -R --no-perms --parallel={AT_ONCE} {source} {server.inside}"
    return _run(["lftp", "-c", "; ".join([*settings, f"open {url}", mirror])])


def _rclone(server: Server, source: Path) -> float:
    if server.kind == "sftp":
        home = server.folder / "home" / ".ssh"
        remote = f":sftp,host=127.0.0.1,port={server.port},user={getpass.getuser()}"
        remote += f",key_file={home}/id_ed25519,known_hosts_file={home}/known_hosts,md5sum_command=none"
        remote += ",sha1sum_command=none"
    else:
        obscured = subprocess.run(["rclone", "obscure", "guest"], check=True, capture_output=True, text=True)
        remote = f":ftp,host=127.0.0.1,port={server.port},user=anonymous,pass={obscured.stdout.strip()}"
        if server.kind == "ftps":
            remote += ",explicit_tls=true,no_check_certificate=true"
    options = ["--transfers", str(AT_ONCE), "--config", "/dev/null", "-q", "--retries", "1"]
    return _run(["rclone", "copy", *options, str(source), f"{remote}:{server.inside}"])


def _curl(server: Server, source: Path) -> float:
    """It has no temporary names."""
    base = f"ftp://127.0.0.1:{server.port}{server.inside}/"
    lines = [f'upload-file = "{path}"\nurl = "{base}{path.name}"\n' for path in sorted(source.iterdir())]
    options = ["-s", "-S", "--fail", "--parallel", "--parallel-max", str(AT_ONCE)]
    if server.kind == "ftps":
        options += ["--ssl-reqd", "--cacert", str(server.folder / "certificate")]
    config = server.folder / "curl"
    config.write_text("".join(lines))
    return _run(["curl", *options, "-K", str(config)], output=subprocess.DEVNULL)


def _sftp(server: Server, source: Path) -> float:
    home = server.folder / "home" / ".ssh"
    options = ["-q", "-b", "-", "-P", str(server.port), "-i", str(home / "id_ed25519")]
    options += ["-o", f"UserKnownHostsFile={home}/known_hosts"]
    lines = [f"put {path} {path.name}.part\nrename {path.name}.part {path.name}" for path in source.iterdir()]
    batch = "\n".join([f"cd {server.inside}", *lines])
    argv = ["sftp", *options, f"{getpass.getuser()}@127.0.0.1"]
    return _run(argv, said=batch, output=subprocess.DEVNULL)


SENDING: dict[str, Callable[[Server, Path], float]] = {
    "ours": _ours,
    "lftp": _lftp,
    "rclone": _rclone,
    "curl": _curl,
    "sftp": _sftp,
}


@dataclass(frozen=True, slots=True)
class Load:
    """
    Files to send.

    Attributes:
        name: `small`, `large`, or `few` to count turns by.
        count: how many.
        size_bytes: of each.
    """

    name: str
    count: int
    size_bytes: int


def measure(client: str, server: Server, source: Path) -> dict[str, float]:
    """
    Send all of a folder, in this process or one below it.

    Returns:
        `seconds`, `cpu` seconds and the `memory` of the largest process, in MB.
    """
    cpu, begun = cpu_seconds(), time.perf_counter()
    held = SENDING[client](server, source)
    seconds, cpu = time.perf_counter() - begun, cpu_seconds() - cpu
    return {"seconds": seconds, "cpu": cpu, "memory": held}


Found = dict[tuple[str, str, str], list[dict[str, float]]]
"""Figures of all rounds, by server, load and client."""


def rounds(arguments: argparse.Namespace) -> Found:
    """All that is measured."""
    cores = sorted(os.sched_getaffinity(0))
    loads = [Load("small", arguments.small, SMALL_BYTES), Load("large", arguments.large, LARGE_BYTES)]
    loads = [load for load in loads if load.count]
    few = Load("few", FEW, SMALL_BYTES)
    found: Found = {}
    with tempfile.TemporaryDirectory(prefix="doorward-bench-") as name:
        sources = {load.name: _make(Path(name) / load.name, load) for load in (*loads, few)}
        for kind in arguments.only or SERVERS:
            clients = [each for each in CLIENTS if kind in KNOWN_BY[each] and _is_there(each)]
            with serving(kind, cores[0]) as server:
                for _, load, client in itertools.product(range(arguments.rounds), loads, clients):
                    figures = _one(client, server, load, sources[load.name], core=cores[-1])
                    if figures:
                        found.setdefault((kind, load.name, client), []).append(figures)
                for client in clients if arguments.small else ():
                    turns = _turns(client, server, few, sources[few.name], core=cores[-1])
                    _note_turns(found.get((kind, "small", client), []), turns)
    return found


def _note_turns(figures: list[dict[str, float]], turns: float | None) -> None:
    if turns is not None:
        for each in figures:
            each["turns"] = turns


def _turns(client: str, server: Server, load: Load, source: Path, *, core: int) -> float | None:
    """How often a client waits for an answer on its way for each file; None of one that failed."""
    with counting_turns(server.port) as turns:
        through = replace(server, port=turns.port)
        if server.kind == "sftp":
            _know_host(through)
        if _measured(client, through, source, core=core) is None:
            return None
    _check_and_empty(client, server, load)
    return turns.count / load.count


def _make(folder: Path, load: Load) -> Path:
    folder.mkdir()
    content = os.urandom(load.size_bytes)
    for number in range(load.count):
        (folder / f"{load.name}.{number}").write_bytes(content)
    return folder


def _is_there(client: str) -> bool:
    return client == "ours" or shutil.which(client) is not None


def _one(client: str, server: Server, load: Load, source: Path, *, core: int) -> dict[str, float]:
    """The figures of one client; none of one that failed."""
    log = server.folder / "log"
    before = log.stat().st_size if log.exists() else 0
    figures = _measured(client, server, source, core=core)
    if figures is None:
        return {}
    if log.exists():
        with log.open("rb") as said:
            said.seek(before)
            figures["commands"] = said.read().count(b" FTP command: ") / load.count
    _check_and_empty(client, server, load)
    return figures


def _measured(client: str, server: Server, source: Path, *, core: int) -> dict[str, float] | None:
    """The figures of one run; None of one that failed, as one without resumed sessions does over TLS."""
    argv = ["taskset", "-c", str(core), sys.executable, __file__, "--measure", client]
    argv += ["--kind", server.kind, "--port", str(server.port), "--folder", str(server.folder)]
    run = subprocess.run([*argv, "--source", str(source)], capture_output=True, text=True, check=False)
    if run.returncode:
        print(f"backup: {client} failed at {server.kind}: {_reason(run.stderr)}", file=sys.stderr)
        _empty(server)
        return None
    figures: dict[str, float] = json.loads(run.stdout)
    return figures


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"error|fail|denied|curl:", line, re.IGNORECASE)]
    return (telling or lines or ["it said nothing"])[0][:200]


def _check_and_empty(client: str, server: Server, load: Load) -> None:
    names = {path.name: path.stat().st_size for path in server.files.iterdir()}
    if names != {f"{load.name}.{number}": load.size_bytes for number in range(load.count)}:
        sys.exit(f"backup: {client} did not send all files to {server.kind}")
    _empty(server)


def _empty(server: Server) -> None:
    shutil.rmtree(server.files)
    server.files.mkdir()
    server.files.chmod(0o777)


@dataclass(slots=True)
class Table:
    """What is shown of one server and one load."""

    rows: dict[str, dict[str, float]] = field(default_factory=dict)

    def show(self, title: str, megabytes: float) -> None:
        """Print it, with what each is beside ours."""
        print(f"\n{title}")
        print(
            f"{'':10}{'s':>9}{'MB/s':>8}{'CPU s':>8}{'MB held':>9}"
            f"{'commands':>10}{'turns':>7}{'time/ours':>11}"
        )
        ours = self.rows["ours"]["seconds"] if "ours" in self.rows else math.nan
        for client, row in self.rows.items():
            commands = f"{row['commands']:.1f}" if "commands" in row else ""
            turns = f"{row['turns']:.1f}" if "turns" in row else ""
            print(
                f"{client:10}{row['seconds']:9.2f}{megabytes / row['seconds']:8.0f}{row['cpu']:8.2f}"
                f"{row['memory']:9.0f}{commands:>10}{turns:>7}{row['seconds'] / ours:11.2f}"
            )


def show(found: Found, arguments: argparse.Namespace) -> None:
    """Medians, a table for each server and load."""
    tables: dict[tuple[str, str], Table] = {}
    for (kind, load, client), figures in found.items():
        medians = {name: statistics.median(each[name] for each in figures) for name in figures[0]}
        tables.setdefault((kind, load), Table()).rows[client] = medians
    for (kind, load), table in tables.items():
        count, size = (arguments.small, SMALL_BYTES) if load == "small" else (arguments.large, LARGE_BYTES)
        table.show(f"{kind}: {count} files of {size:,} bytes", count * size / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", type=int, default=1000, help="how many small files; 0 for none")
    parser.add_argument("--large", type=int, default=20, help="how many large ones; 0 for none")
    parser.add_argument("--only", action="append", choices=SERVERS, help="this server; may be repeated")
    parser.add_argument("--json", action="store_true", help="every round's figures")
    parser.add_argument("--measure", choices=CLIENTS, help=argparse.SUPPRESS)
    parser.add_argument("--kind", choices=SERVERS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        server = Server(arguments.kind, arguments.port, arguments.folder)
        try:
            figures = measure(arguments.measure, server, arguments.source)
        except subprocess.CalledProcessError as error:
            sys.exit(str(error))
        print(json.dumps(figures))
        return
    print(describe("asyncssh"))
    found = rounds(arguments)
    if arguments.json:
        print(json.dumps({"/".join(key): figures for key, figures in found.items()}))
    else:
        show(found, arguments)


if __name__ == "__main__":
    main()
