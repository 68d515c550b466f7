"""What is written down: one line for each deed, with what a keeper needs, and no secret."""

import json

from doorward.core.audit import AuditKind
from doorward.core.limits import Limits
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import SecretType
from doorward.testing.spawner import FakeSpawner
from tests.service.house import ALICE, BOB, GUEST, ROOT, House, program

CANARY = "canary-77e1"
SLEEP = program("sleep", Parameter(name="seconds", required=False))


def members(house: House) -> list[dict[str, object]]:
    return [json.loads(line) for line in house.audit.lines]


def test_a_run_has_a_line_for_its_beginning_and_one_for_its_end() -> None:
    house = House(SLEEP)
    house.ask(ALICE, "sleep 10")
    house.child.write(b"123")
    house.clock.advance(2.5)
    house.child.end()
    common = {"who": "alice", "door": "unix", "from": "uid 1000", "visitor": 1, "run": 1}
    assert members(house) == [
        {"at": "1750000000.000", "event": "run", **common, "command": "sleep seconds=10"},
        {
            "at": "1750000002.500",
            "event": "end",
            **common,
            "command": "sleep",
            "outcome": "exited",
            "exit_status": 0,
            "seconds": 2.5,
            "output_bytes": 3,
        },
    ]


def test_a_run_that_never_began_has_both_lines_too() -> None:
    house = House(SLEEP, limits=Limits(runs=1, queue_seconds=5.0))
    house.ask(ALICE, "sleep")
    house.ask(BOB, "sleep")
    house.ask(BOB, "sleep").cancel()
    house.clock.advance(5)
    house.child.end()
    assert [(line["event"], line["run"], line.get("outcome")) for line in house.trail()] == [
        ("run", 1, None),
        ("run", 2, None),
        ("run", 3, None),
        ("cancel", 3, None),
        ("end", 3, "cancelled"),
        ("end", 2, "busy"),
        ("end", 1, "exited"),
    ]


def test_one_that_is_turned_away_has_a_line_that_says_why() -> None:
    house = House(SLEEP, limits=Limits(runs=1, queue=0))
    house.ask(ALICE, "sleep")
    assert house.ask(BOB, "sleep 5").is_over
    assert house.trail(AuditKind.REFUSAL) == [
        {"event": "refusal", "who": "bob", "command": "sleep", "reason": "busy, try again later"}
    ]


def test_each_cancellation_and_each_refusal_has_a_line() -> None:
    house = House(SLEEP, spawner=FakeSpawner(children_end_when_stopped=False))
    house.ask(ALICE, "sleep")
    house.ask(GUEST, "sleep")
    house.ask(BOB, "cancel 1")
    house.ask(BOB, "cancel 2")
    house.ask(ROOT, "cancel 1")
    house.ask(ROOT, "cancel 1")
    house.ask(ALICE, "cancel 1")
    assert house.trail(AuditKind.REFUSAL, AuditKind.CANCEL) == [
        {"event": "refusal", "who": "guest", "command": "sleep", "reason": "guest may not run sleep"},
        {"event": "refusal", "who": "bob", "run": 1, "deed": "cancel", "reason": "a run of somebody else"},
        {"event": "cancel", "who": "admin", "run": 1},
    ]


def test_reading_and_leaving_and_mistakes_are_not_written_down() -> None:
    house = House(SLEEP)
    house.ask(ALICE, "sleep")
    before = len(house.audit.lines)
    for line in (
        "whoami",
        "help",
        "runs",
        "attach 1",
        "attach 9",
        "nonsense",
        "sleep 1 2",
        "sleep 'open",
        None,
    ):
        house.ask(ALICE, line).leave()
    assert len(house.audit.lines) == before


def test_a_secret_stands_in_no_line_list_or_answer() -> None:
    house = House(program("login", Parameter(name="key", type=SecretType()), Parameter(name="n")))
    readers = [
        house.ask(ALICE, f"login {CANARY} 1"),
        house.ask(ALICE, f"login key={CANARY} n=1"),
        house.ask(ALICE, f"login {CANARY}"),
        house.ask(ALICE, f"login 1 2 {CANARY}"),
        house.ask(ALICE, f"login n=-{CANARY} key=x"),
        house.ask(GUEST, f"login {CANARY} 1"),
        house.ask(ROOT, "runs"),
        house.ask(ROOT, "runs json"),
    ]
    house.ask(ALICE, "cancel 1")
    assert [child.launch.secrets for child in house.children] == [(CANARY.encode(),)] * 2
    told = [reader.text + repr(reader.outcome) for reader in readers]
    assert CANARY not in "".join([*told, *house.audit.lines])
    assert not any(CANARY in word for child in house.children for word in child.launch.argv)
    assert CANARY not in repr(house.children)
