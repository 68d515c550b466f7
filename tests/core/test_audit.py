import enum
import json
import math
import signal
import unicodedata
from types import MappingProxyType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from doorward.core.audit import AuditEvent, AuditKind, AuditValue, audit_line
from doorward.core.launch import Stream
from doorward.core.principal import Peer
from tests.core.strategies import any_text, awkward_text

texts = st.one_of(any_text, awkward_text.map(lambda text: text.replace("\ud800", "")))
values = st.one_of(
    texts,
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64),
    st.floats(allow_nan=False, allow_infinity=False),
)


class Word(str, enum.Enum):  # noqa: UP042 - one that writes itself as `Word.YES`
    YES = "yes"


OWN = ("at", "event", "who", "door", "from", "visitor")


@given(
    st.sampled_from(AuditKind),
    texts,
    st.none() | st.builds(Peer, texts, texts, visitor=st.integers(0, 2**31)),
    st.dictionaries(texts.filter(lambda name: name not in OWN), values),
    texts,
)
@example(AuditKind.LOGIN, "a\nb\x1b[2J\u202e\u2028\x7f\x85", Peer("t\ncp", "\x00\x7f"), {"\n": "\r\n"}, "\n")
@example(AuditKind.RUN, '"}\n{"event":"login', None, {"\\\x7f": "\\u007f\x7f\\"}, "")
def test_any_text_in_any_field_is_one_line_of_printable_ascii_that_parses_back(
    kind: AuditKind, who: str, peer: Peer | None, details: dict[str, AuditValue], at: str
) -> None:
    line = audit_line(AuditEvent(kind, who, peer, MappingProxyType(details)), at=at)
    assert line.endswith("\n")
    assert line[:-1].isascii()
    assert line[:-1].isprintable()
    expected: dict[str, AuditValue] = {"at": at, "event": kind.value, **details}
    if who:
        expected["who"] = who
    if peer is not None:
        expected |= {"door": peer.door, "from": peer.address, "visitor": peer.visitor}
    assert json.loads(line) == expected


@pytest.mark.parametrize(
    "code", [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0x202E, 0x2066, 0xD800, 0xDC00, 0xFEFF]
)
def test_each_character_that_deceives_is_escaped(code: int) -> None:
    line = audit_line(AuditEvent(AuditKind.LOGIN, f"a{chr(code)}b"), at="now")
    assert all(unicodedata.category(character) != "Cc" for character in line[:-1])
    assert line[:-1].isascii()
    assert json.loads(line)["who"] == f"a{chr(code)}b"


def test_an_event_without_a_peer_says_nothing_of_one() -> None:
    assert audit_line(AuditEvent(AuditKind.RELOAD), at="2026-01-01T00:00:00Z") == (
        '{"at":"2026-01-01T00:00:00Z","event":"reload"}\n'
    )


def test_the_time_and_the_event_stand_first() -> None:
    event = AuditEvent(
        AuditKind.RUN, "alice", Peer("tcp", "127.0.0.1", visitor=7), {"run": 3, "command": "df"}
    )
    assert audit_line(event, at="T") == (
        '{"at":"T","event":"run","who":"alice","door":"tcp","from":"127.0.0.1","visitor":7,"run":3,"command":"df"}\n'
    )


@pytest.mark.parametrize(
    ("value", "member"),
    [
        (signal.SIGTERM, 15),
        (Stream.ERR, 2),
        (True, True),
        (1, 1),
        (-0.0, -0.0),
        (1e300, 1e300),
        (None, None),
        (Word.YES, "yes"),
    ],
)
def test_members_of_enums_are_their_values(value: AuditValue, member: AuditValue) -> None:
    line = audit_line(AuditEvent(AuditKind.END, details={"it": value}), at="T")
    assert json.loads(line)["it"] == member
    assert type(json.loads(line)["it"]) is type(member)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_have_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="is no number in JSON"):
        audit_line(AuditEvent(AuditKind.END, details={"after_seconds": number}), at="T")
