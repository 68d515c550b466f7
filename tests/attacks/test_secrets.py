"""Canaries in a secret parameter, a password and its hash: they turn up in no log, /proc or answer."""

import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from doorward.core.secret import Secret
from doorward.stores.passwords import HashCost, hash_password
from tests.attacks.conftest import Attacked
from tests.doors.daemon import Daemon, processes_below
from tests.doors.peers import address_of, ask, dial, frames, receive_until

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
    daemon = attacked(CONFIG.format(hash=password_hash, program=PROGRAM), tls="")
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


TWO_USERS = """
[doors.tls]
listen = ["127.0.0.1:0"]
[users.alice]
password = "{hash}"
[users.bob]
password = "{hash}"
[commands.hold]
run = ["sh", "-c", "echo holding; exec sleep 1000"]
"""


def test_no_password_that_is_typed_at_a_door_is_seen_anywhere(attacked: Attacked) -> None:
    password = f"canary{secrets.token_hex(16)}"
    cheap = HashCost(memory_kib=8, passes=1, lanes=1)
    config = TWO_USERS.format(hash=hash_password(Secret(password), cost=cheap))
    daemon = attacked(tls=config + '[limits.penalties]\nexempt = ["127.0.0.1"]\n')
    wrong = [
        f"alice {password}x",
        f"nobody {password}",
        # by those who forgot the name, or the space, or had it twice
        password,
        f"alice{password}",
        f"alice  {password}",
        f" {password}",
        f"{password} {password}",
        f"GET /{password} HTTP/1.1",
        f"doorward/1\n{password}",
        f"doorward/1\nline {len(password)}\n{password}",
        f"{password}\x1b[2J\r",
        f"alice {password * 100}",
    ]
    seen = bytearray()
    for line in wrong:
        seen += ask(address_of(daemon, "tls"), line.encode() + b"\n")
    with dial(address_of(daemon, "tls")) as peer, frames(daemon.socket_path) as asker:
        peer.sendall(f"alice {password}\nhold\n".encode())
        receive_until(peer, b"holding\n")
        for line in ("runs", "runs form=json", "status form=json"):
            asker.ask(line)
            seen += asker.out + asker.err
        assert b"hold" in seen
        assert any(b"sleep" in place for place in exposed(daemon.pid))  # we did look at the child
        for place in (bytes(seen), *exposed(daemon.pid), *files_of(daemon)):
            assert password.encode() not in place
    assert daemon.stop() == 0
    assert '"tried":"alice"' in (daemon.state / "audit.jsonl").read_text()
    for place in files_of(daemon):
        assert password.encode() not in place
