"""Canaries in a secret parameter and in a password hash: they turn up in no log, /proc or answer."""

import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.attacks.conftest import Attacked
from tests.doors.daemon import Daemon, processes_below
from tests.doors.peers import address_of, dial, frames, receive_until

PROGRAM = 'read -r key < "$1"; echo got $(printf %s "$key" | wc -c) characters; exec sleep 1000'
CONFIG = """
[users.alice]
password = "$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA${hash}"
uid = 54321
[commands.unlock]
run = ["sh", "-c", '{program}', "unlock", "{{key}}"]
roles = ["guest"]
[commands.unlock.parameters]
key = {{ type = "secret" }}
"""


def exposed(pid: int) -> Iterator[bytes]:
    """What others could see of a process and of those below it."""
    for each in (pid, *processes_below(pid)):
        for name in ("cmdline", "environ"):
            try:
                yield Path(f"/proc/{each}/{name}").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue


def files_of(daemon: Daemon) -> Iterator[bytes]:
    """Every file of the state, the log beside it."""
    yield daemon.log.encode()
    for path in daemon.state.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


def test_neither_canary_is_seen_anywhere(attacked: Attacked) -> None:
    # the second is the tag of a hash: 32 bytes in base64
    key, password_hash = f"canary{secrets.token_hex(16)}", f"canary{secrets.token_hex(18)}A"
    daemon = attacked(CONFIG.format(hash=password_hash, program=PROGRAM))
    with frames(daemon.socket_path) as holder, dial(address_of(daemon, "tcp")) as guest:
        holder.begin(f"unlock '{key}'")
        assert holder.first_line() == f"got {len(key)} characters"
        guest.sendall(f"unlock key={key}\n".encode())
        receive_until(guest, f"got {len(key)} characters\n".encode())
        with frames(daemon.socket_path) as asker:
            seen = bytearray()
            for line in (
                "runs",
                "runs form=json",
                "status form=json",
                "help unlock",
                f"unlock '{key}' {key}",
            ):
                asker.ask(line)
                seen += asker.out + asker.err
            assert b"unlock" in seen
            refused = asker.ask(f"unlock {key} extra=1")
            assert key not in refused.reason
        places: Iterable[bytes] = (bytes(seen), *exposed(daemon.pid), *files_of(daemon))
        for place in places:
            assert key.encode() not in place
            assert password_hash.encode() not in place
        assert any(b"sleep" in place for place in exposed(daemon.pid))  # we did look at the child
        holder.socket.sendall(holder.session.cancel())
        holder.end()
    assert daemon.stop() == 0
    assert "unlock" in (daemon.state / "audit.jsonl").read_text()
    for place in files_of(daemon):
        assert key.encode() not in place
        assert password_hash.encode() not in place
