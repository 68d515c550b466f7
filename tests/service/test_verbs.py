"""What the desk answers by itself, for people and for programs, and who may see what."""

import json
from dataclasses import replace
from typing import Any

import pytest

from doorward.core.launch import Exited, Signalled
from doorward.core.outcome import SUCCESS, OutcomeKind
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import ChoiceType, IntegerType
from tests.service.house import ALICE, BOB, GUEST, ROOT, House, Reader, caller, program

PING = program(
    "ping",
    Parameter(name="host", summary="which host"),
    Parameter(name="count", type=IntegerType(min=1, max=10), default=3),
    Parameter(name="how", type=ChoiceType(choices=("fast", "slow")), required=False),
    summary="Is a host there?",
    roles=frozenset({"operator"}),
    doors=frozenset({"unix"}),
)
SLEEP = program("sleep", Parameter(name="seconds", required=False))
OPERATOR = caller("oona", roles=["operator"])


def read_json(reader: Reader) -> Any:
    assert reader.outcome == SUCCESS
    assert reader.text.count("\n") == 1
    return json.loads(reader.text)


def kind(reader: Reader) -> OutcomeKind:
    assert reader.outcome is not None
    return reader.outcome.kind


def test_whoami_says_who_whence_and_how_many() -> None:
    house = House()
    assert house.ask(GUEST, "whoami").text == (
        "Your address is 127.0.0.1, you are guest at the tcp door.\n"
        "You are visitor 2 since the start; nobody else is connected.\n"
    )
    house.connected = 3
    assert house.ask(OPERATOR, "whoami").text == (
        "Your address is uid 1000, you are oona (operator) at the unix door.\n"
        "You are visitor 1 since the start; 3 are connected.\n"
    )
    assert "you are admin at" in house.ask(ROOT, "whoami").text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("echo", "\n"),
        ("echo a  b", "a b\n"),
        ("echo 'a  b' \"c\"", "a  b c\n"),
        ("echo words=x", "words=x\n"),
        ("echo é ✓", "é ✓\n"),
    ],
)
def test_echo_says_the_words_again(line: str, said: str) -> None:
    assert House().ask(GUEST, line).text == said


@pytest.mark.parametrize(
    "line", ["echo 'open", None, "echo a\x1bb", "echo \u202ex", "ping", "attach x", "attach 0"]
)
def test_what_cannot_be_read_is_invalid(line: str | None) -> None:
    assert kind(House(PING).ask(OPERATOR, line)) is OutcomeKind.INVALID


@pytest.mark.parametrize("line", ["", "   ", "pign", "UPTIME"])
def test_what_is_no_command_is_not_known(line: str) -> None:
    assert kind(House().ask(GUEST, line)) is OutcomeKind.UNKNOWN


def test_a_name_that_is_near_is_told_to_those_who_may_see_it() -> None:
    house = House(PING)
    near, far = house.ask(OPERATOR, "pign").outcome, house.ask(GUEST, "pign").outcome
    assert near is not None
    assert far is not None
    assert near.reason == "there is no command 'pign'; did you mean ping?"
    assert "ping" not in far.reason
    assert house.ask(GUEST, "help pign").outcome == far


def test_help_lists_the_keeper_s_commands_first_and_what_one_may_ask_for_only() -> None:
    house = House(PING, SLEEP)
    lines = house.ask(OPERATOR, "help").text.splitlines()
    assert lines[0].split("  ", 1)[0] == "ping HOST [COUNT] [HOW]"
    assert lines[0].endswith("Is a host there?")
    names = [line.split()[0] for line in lines]
    assert names == [
        "ping",
        "sleep",
        "attach",
        "cancel",
        "df",
        "echo",
        "help",
        "quit",
        "runs",
        "uptime",
        "whoami",
    ]
    guests = [line.split()[0] for line in house.ask(GUEST, "help").text.splitlines()]
    assert guests == ["df", "echo", "help", "quit", "uptime", "whoami"]
    assert "status" in house.ask(ROOT, "help").text


def test_help_for_one_command_tells_its_parameters_and_whom_it_is_for() -> None:
    house = House(PING)
    assert house.ask(OPERATOR, "help ping").text == (
        "ping HOST [COUNT] [HOW]\n"
        "    Is a host there?\n"
        "    host: which host; a text of 1 to 256 characters that does not begin with a dash\n"
        "    count: an integer from 1 to 10, 3 when left out\n"
        f"    how: {PING.parameters[2].type.expected}, may be left out\n"
        "    For operator, and admin, at unix.\n"
    )
    assert kind(house.ask(GUEST, "help ping")) is OutcomeKind.UNKNOWN
    assert kind(house.ask(replace(OPERATOR, peer=GUEST.peer), "help ping")) is OutcomeKind.UNKNOWN


def test_help_for_programs_is_json() -> None:
    house = House(PING)
    commands = {command["name"]: command for command in read_json(house.ask(OPERATOR, "help form=json"))}
    [ping] = read_json(house.ask(OPERATOR, "help ping json"))
    assert commands["ping"] == ping
    assert ping["doors"] == ["unix"]
    assert [parameter["required"] for parameter in ping["parameters"]] == [True, False, False]
    assert ping["parameters"][2]["choices"] == ["fast", "slow"]


def test_runs_show_one_s_own_and_an_administrator_all() -> None:
    house = House(SLEEP)
    assert house.ask(ALICE, "runs").text == "No runs.\n"
    house.ask(ALICE, "sleep 10")
    house.ask(BOB, "sleep 'a b'")
    house.clock.advance(1.25)
    house.children[0].end(Exited(3))
    assert house.ask(ALICE, "runs").text == (
        "RUN  STATE          ASKED (UTC)          SECONDS  WHO    DOOR  COMMAND\n"
        "1    exit status 3  2025-06-15 15:06:40  1.2      alice  unix  sleep seconds=10\n"
    )
    assert [line.split()[0] for line in house.ask(ROOT, "runs").text.splitlines()] == ["RUN", "2", "1"]


def test_runs_tell_how_each_ended() -> None:
    house = House(program("sleep", timeout_seconds=9.0))
    for _ in range(4):
        house.ask(ALICE, "sleep")
    house.children[0].end(Signalled(9))
    house.children[1].end()
    house.ask(ALICE, "cancel 3")
    house.clock.advance(9)
    states = [each["outcome"]["kind"] for each in read_json(house.ask(ALICE, "runs json"))]
    assert states == ["timed out", "cancelled", "exited", "signalled"]
    text = house.ask(ALICE, "runs").text
    for words in ("timed out", "cancelled", "exit status 0", "signal 9"):
        assert words in text


def test_runs_for_programs_are_json() -> None:
    house = House(SLEEP)
    house.ask(ALICE, "sleep 10")
    house.child.write(b"12345")
    house.clock.advance(1.25)
    assert read_json(house.ask(ALICE, "runs form=json")) == [
        {
            "run": 1,
            "state": "live",
            "command": "sleep",
            "words": "sleep seconds=10",
            "who": "alice",
            "owners": ["alice"],
            "door": "unix",
            "from": "uid 1000",
            "asked_at": "2025-06-15T15:06:40.000+00:00",
            "seconds": 1.25,
            "output_bytes": 5,
            "readers": 1,
            "outcome": None,
        }
    ]
    house.child.end()
    assert read_json(house.ask(ALICE, "runs json"))[0]["outcome"] == {"kind": "exited", "exit_status": 0}


def test_no_more_than_a_hundred_runs_are_listed_for_people() -> None:
    house = House(SLEEP)
    for _ in range(103):
        house.ask(ALICE, "sleep")
        house.child.end()
    lines = house.ask(ALICE, "runs").text.splitlines()
    assert (len(lines), lines[-1]) == (102, "3 more")
    assert len(read_json(house.ask(ALICE, "runs json"))) == 103


def test_status_is_for_administrators() -> None:
    house = House()
    house.status = {
        "version": "1.2",
        "pid": 7,
        "state": None,
        "doors": {"tcp": ["127.0.0.1:7022", "[::1]:7022"]},
        "turned_away": {},
        "load": 0.25,
        "default": True,
        "notices": [],
    }
    assert house.ask(ROOT, "status").text == (
        "version: 1.2\npid: 7\nstate: none\ndoors:\n  tcp: 127.0.0.1:7022, [::1]:7022\n"
        "turned away: none\nload: 0.2\ndefault: yes\nnotices: none\n"
    )
    assert read_json(house.ask(ROOT, "status json")) == house.status
    for asker in (GUEST, ALICE):
        assert kind(house.ask(asker, "status")) is OutcomeKind.REFUSED


def test_quit_leaves_without_a_word() -> None:
    reader = House().ask(GUEST, "quit")
    assert (reader.text, reader.answer.leaves, reader.outcome) == ("", True, SUCCESS)


def test_a_guest_s_runs_are_seen_by_administrators_only() -> None:
    house = House()
    house.ask(GUEST, "uptime")
    assert house.ask(ALICE, "runs").text == "No runs.\n"
    assert house.ask(ROOT, "runs").text.splitlines()[1].split() == [
        "1",
        "live",
        "2025-06-15",
        "15:06:40",
        "0.0",
        "guest",
        "tcp",
        "uptime",
    ]


def test_verbs_take_no_place_and_no_number() -> None:
    house = House()
    for line in ("whoami", "echo x", "help", "runs", "quit"):
        assert house.ask(ALICE, line).answer.number == 0
    house.assert_at_rest()
    assert house.trail() == []
