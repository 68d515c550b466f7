"""Tokens guessed, cut, mixed and forged: nobody comes in, all answers are one, and no secret is seen."""

import json
import logging
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from doorward.core import tokens as tokens_module
from doorward.core.errors import DoorwardError
from doorward.core.principal import Peer, User
from doorward.core.secret import Secret
from doorward.core.tokens import ShownToken, Token, new_token, parse_token
from doorward.service.admission import Admitted, Refused
from doorward.service.portal import Portal
from doorward.stores.passwords import HashCost, PasswordVerifier, hash_password
from doorward.stores.tokens import TokenFile
from doorward.testing.audit import MemoryAuditLog
from doorward.testing.clock import ManualClock
from tests.attacks.conftest import Attacked
from tests.attacks.test_secrets import TWO_USERS, exposed, files_of
from tests.doors.peers import address_of, ask, frames

WEB = Peer("web", "192.0.2.1")
NOT_VALID = Refused("the token is not valid")
COST = HashCost(memory_kib=8, passes=1, lanes=1)
ALICES, BOBS, OLD, GHOSTS = (new_token(Random(seed).randbytes) for seed in range(4))
ALICE = User(name="alice", roles=frozenset({"admin"}))
BOB = User(name="bob")
TOKENS = [
    Token(id=ALICES.id, user="alice", digest=ALICES.digest),
    Token(id=BOBS.id, user="bob", digest=BOBS.digest),
    Token(id=OLD.id, user="alice", digest=OLD.digest, expires_at=1),
    Token(id=GHOSTS.id, user="ghost", digest=GHOSTS.digest),
]
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


@pytest.fixture
def audit() -> MemoryAuditLog:
    return MemoryAuditLog()


@pytest.fixture
def portal(audit: MemoryAuditLog) -> Iterator[Portal]:
    verifier = PasswordVerifier(waiting=1, most_bytes=1024, workers=1, cost=COST)
    portal = Portal(
        [ALICE, BOB],
        tokens=TOKENS,
        verifier=verifier,
        audit=audit,
        clock=ManualClock(),
        process_uid=990,
        checks_per_source=2,
    )
    yield portal
    portal.close()
    verifier.close()
    verifier.join()


def refused(portal: Portal, text: str) -> bool:
    return portal.admit_token(WEB, Secret(text)) == NOT_VALID


def test_no_guess_lets_anybody_in_whatever_is_known_of_the_token(portal: Portal) -> None:
    for _ in range(2000):
        guess = new_token(secrets.token_bytes)
        assert refused(portal, guess.text.revealed)
        assert refused(portal, replace(guess, id=ALICES.id).text.revealed)
    # a guess that is nearly right is no nearer than another
    for place in range(56):
        for letter in LETTERS:
            near = ALICES.secret.revealed[:place] + letter + ALICES.secret.revealed[place + 1 :]
            if near != ALICES.secret.revealed:
                assert refused(portal, ShownToken(ALICES.id, Secret(near)).text.revealed)
    assert isinstance(portal.admit_token(WEB, ALICES.text), Admitted)


def test_a_cut_one_and_a_longer_one_are_none(portal: Portal) -> None:
    text = ALICES.text.revealed
    for length in range(len(text)):
        assert refused(portal, text[:length])
        assert refused(portal, text[length + 1 :])
    for more in ("a", "=", " ", "\n", "\r\n", "\x00", "_", text, "a" * 1_000_000):
        assert refused(portal, text + more)
        assert refused(portal, more + text)


def test_the_same_in_other_letters_is_another(portal: Portal) -> None:
    text = ALICES.text.revealed
    fullwidth = "".join(chr(ord(each) + 0xFEE0) for each in text)
    for other in (
        text.upper(),
        text.title(),
        fullwidth,
        text.replace("_", "-"),
        f"Bearer {text}",
        f'"{text}"',
    ):
        assert refused(portal, other)


def test_one_s_own_secret_under_another_s_id_is_nobody_s(portal: Portal) -> None:
    for mixed in (ShownToken(ALICES.id, BOBS.secret), ShownToken(BOBS.id, ALICES.secret)):
        assert refused(portal, mixed.text.revealed)
    admitted = portal.admit_token(WEB, BOBS.text)
    assert isinstance(admitted, Admitted)
    assert (admitted.principal.name, admitted.principal.is_admin) == ("bob", False)


def test_what_is_kept_is_no_token(portal: Portal) -> None:
    for token in TOKENS:
        digits = token.digest.hex()
        for forged in (digits, f"dw_{token.id}_{digits}", f"dw_{token.id}_{digits[:56]}"):
            assert refused(portal, forged)


class CountedDigest:
    """The real one, counted."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, data: bytes) -> object:
        self.count += 1
        return sha256(data)


def test_unknown_wrong_expired_and_without_a_user_cost_the_same_and_say_the_same(
    portal: Portal, audit: MemoryAuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = CountedDigest()
    monkeypatch.setattr(tokens_module, "sha256", digest)
    shown = {
        "unknown": ShownToken("aaaaaaaa", ALICES.secret),
        "wrong": ShownToken(ALICES.id, BOBS.secret),
        "expired": OLD,
        "without a user": GHOSTS,
    }
    costs = {}
    for what, each in shown.items():
        before = digest.count
        assert portal.admit_token(WEB, each.text) == NOT_VALID
        costs[what] = digest.count - before
    assert set(costs.values()) == {1}
    told = [
        {name: value for name, value in event.details.items() if name != "token"} for event in audit.events
    ]
    assert told == [told[0]] * len(shown)


HOSTILE = [
    'x"}\n{"event":"login","who":"admin"}',
    "\x1b[2J\x1b]0;owned\x07",
    "\u202enimda\u202c\u2066\u2069\u200f",
    "\x00\x7f\x85\u2028\u2029\u009b31m",
    "\ud800",
    "x" * 100_000,
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_a_hostile_text_leaves_one_harmless_line_and_nothing_of_itself(
    portal: Portal, audit: MemoryAuditLog, hostile: str
) -> None:
    for text in (hostile, f"dw_{hostile}_{ALICES.secret.revealed}", f"dw_{ALICES.id}_{hostile}"):
        assert refused(portal, text)
    for line in audit.lines:
        assert line[:-1].isascii()
        assert line[:-1].isprintable()
        assert "token" not in {*json.loads(line)} - {"how"}
    assert len(audit.lines) == 3


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
@pytest.mark.parametrize("name", ["summary", "user", "id"])
def test_a_hostile_member_is_refused_in_one_harmless_line_and_reaches_no_terminal(
    tmp_path: Path, name: str, hostile: str
) -> None:
    file = TokenFile(tmp_path)
    file.add(TOKENS[0], most=1)
    members = json.loads(file.path.read_text())
    members["tokens"][0][name] = hostile
    file.path.write_text(json.dumps(members))
    changes: list[Callable[[], object]] = [file.load, lambda: file.add(TOKENS[1], most=9)]
    for use in changes:
        with pytest.raises(DoorwardError) as caught:
            use()
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 1000
    run = subprocess.run(
        [sys.executable, "-m", "doorward", "token", "list", "--state", str(tmp_path)],
        check=False,
        capture_output=True,
        timeout=30,
    )
    assert (run.returncode, run.stdout) == (1, b"")
    assert len(run.stderr.decode().splitlines()) == 1
    assert run.stderr.decode().removesuffix("\n").isprintable()


def test_a_summary_is_no_part_of_the_trail(portal: Portal, audit: MemoryAuditLog) -> None:
    portal.replace_credentials([ALICE], [replace(TOKENS[0], summary="canary in a summary")])
    assert isinstance(portal.admit_token(WEB, ALICES.text), Admitted)
    assert "canary" not in "".join(audit.lines)


def test_the_portal_shows_no_secret_and_no_digest(
    portal: Portal, audit: MemoryAuditLog, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    admitted = portal.admit_token(WEB, ALICES.text)
    assert isinstance(admitted, Admitted)
    session = portal.opened(admitted, list)
    mixed = portal.admit_token(WEB, ShownToken(BOBS.id, ALICES.secret).text)
    shown = f"{admitted!r} {session!r} {session.admitted!r} {mixed!r} {portal!r} {admitted.token!r}"
    shown += "".join(audit.lines) + repr(audit.events) + caplog.text
    assert ALICES.id in shown
    assert ALICES.secret.revealed not in shown
    assert ALICES.digest.hex() not in shown
    assert repr(ALICES.digest) not in shown


def test_a_token_is_seen_nowhere_after_it_was_made_nor_where_it_is_typed_as_a_password(
    attacked: Attacked,
) -> None:
    config = TWO_USERS.format(hash=hash_password(Secret("another"), cost=COST))
    daemon = attacked(tls=config + '[limits.penalties]\nexempt = ["127.0.0.1"]\n')
    words = ["token", "new", "--user", "alice", "--state", str(daemon.state)]
    run = subprocess.run(
        [sys.executable, "-m", "doorward", *words], check=False, capture_output=True, text=True, timeout=30
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr.endswith("The running daemon knows it already.\n")
    shown = parse_token(run.stdout.strip())
    assert shown is not None
    secret = shown.secret.revealed.encode()
    seen = run.stderr.encode()
    for line in (shown.text.revealed, f"alice {shown.text.revealed}", f"{shown.text.revealed} alice"):
        seen += ask(address_of(daemon, "tls"), line.encode() + b"\n")
    with frames(daemon.socket_path) as asker:
        for line in ("runs form=json", "status form=json"):
            asker.ask(line)
            seen += bytes(asker.out + asker.err)
    for place in (seen, *exposed(daemon.pid), *files_of(daemon)):
        assert secret not in place
    assert daemon.stop() == 0
    assert shown.id in (daemon.state / "tokens.json").read_text()
    assert '"tokens":1' in (daemon.state / "audit.jsonl").read_text()
    for place in files_of(daemon):
        assert secret not in place
