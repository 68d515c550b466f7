"""docs/protocol.md is played and counted: it can neither lie nor leave anything out."""

import re
import shutil
import subprocess

import pytest

from doorward.core.builtin_commands import verb_commands
from doorward.core.command import Command, Verb
from doorward.core.errors import BadArgument, ProtocolError
from doorward.core.invocation import bind
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome, OutcomeKind, last_lines, outcome_members
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import ChoiceType, IntegerType
from doorward.core.settings import Language
from doorward.core.words import split_words
from doorward.gate.gate import SWEEP_SECONDS
from doorward.lines.events import CancelWanted, InputEnded, InputReceived
from doorward.lines.frames import FRAME_BYTES, HELLO, PeerFrame, ServerFrame, encode_frame
from doorward.lines.phrases import PHRASES
from doorward.lines.session import LINGERING_SECONDS
from tests.docs.protocol_page import PAGE, Transcript, tables, transcripts, unescaped
from tests.lines.dialogue import Dialogue, Reply, err, out, session

DF = out(b"/dev/vda1  42%\n")
STATUS_3 = Outcome(OutcomeKind.EXITED, status=3)

PICK = Command(
    name="pick",
    action=Verb.ECHO,
    parameters=(
        Parameter(name="colour", type=ChoiceType(choices=("red", "green"))),
        Parameter(name="count", type=IntegerType(), default=1),
    ),
)


def bound(line: str) -> Reply:
    """What a line with options is answered: a colour so many times, or words said again."""
    name, *words = split_words(line)
    echo = next(command for command in verb_commands() if command.name == "echo")
    try:
        values = bind(PICK if name == "pick" else echo, words, Limits()).values
    except BadArgument as error:
        return Reply(outcome=Outcome(OutcomeKind.INVALID, reason=str(error)))
    said = values.get("words")
    lines = (
        [" ".join(said)] if isinstance(said, tuple) else [str(values["colour"])] * int(str(values["count"]))
    )
    return Reply(run=21, chunks=[out("".join(f"{each}\n" for each in lines).encode())])


IN_TEXT: dict[str | None, Reply] = {
    **{
        line: bound(line) for line in ("pick --count 2 red", "pick --colour=red -- count=2", "echo --count 2")
    },
    "df": Reply(run=17, chunks=[DF]),
    "motd": Reply(run=17, chunks=[out(b"no line ending")]),
    "backup": Reply(run=19, chunks=[err(b"no space left")], outcome=STATUS_3),
    "sort": Reply(run=18, takes_input=True, is_held=True),
    "sleep 60": Reply(run=20, is_held=True),
    "quit": Reply(leaves=True),
    "frobnicate": Reply(
        outcome=Outcome(OutcomeKind.UNKNOWN, reason="there is no command 'frobnicate'; did you mean fortune?")
    ),
    "ping -f": Reply(outcome=Outcome(OutcomeKind.INVALID, reason='host: expected a host name, got "-f"')),
    'echo "open': Reply(outcome=Outcome(OutcomeKind.INVALID)),
    None: Reply(outcome=Outcome(OutcomeKind.INVALID)),
}
"""What the desk of the page answers."""

TRANSCRIPTS = transcripts()


def door_of(words: str) -> Dialogue:
    """The door that a transcript names."""
    parts = words.split(", ")
    assert set(parts) <= {'session = "once"', 'session = "keep"', 'language = "fr"', "login"}
    keep, login = 'session = "keep"' in parts, "login" in parts
    language = Language.FRENCH if 'language = "fr"' in parts else Language.ENGLISH
    return Dialogue(
        session=session(keep=keep, login=login, asks_name=login, language=language),
        replies=IN_TEXT,
        may_log_in=lambda text: text == "alice sesame",
    )


def act(dialogue: Dialogue, does: str, data: bytes) -> None:
    """Have the client do something, and the runs what follows from it."""
    start = len(dialogue.heard)
    try:
        if does == "C":
            dialogue.send(data)
        else:
            dialogue.half_close()
    except ProtocolError:
        assert dialogue.is_over()
    for event in dialogue.heard[start:]:
        if isinstance(event, InputEnded):
            received = [each.data for each in dialogue.heard if isinstance(each, InputReceived)]
            dialogue.finish(
                Outcome(OutcomeKind.EXITED),
                out(b"".join(sorted(b"".join(received).splitlines(keepends=True)))),
            )
        elif isinstance(event, CancelWanted):
            dialogue.finish(Outcome(OutcomeKind.CANCELLED, signal=15))


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda transcript: f"line {transcript.line}")
def test_a_transcript_is_what_happens(transcript: Transcript) -> None:
    dialogue, read_bytes, closes = door_of(transcript.door), 0, False
    for step in transcript.steps:
        assert not closes, "nothing follows the close"
        match step.does:
            case "S":
                assert bytes(dialogue.said[read_bytes : read_bytes + len(step.data)]) == step.data
                read_bytes += len(step.data)
            case "close":
                closes = True
            case _:
                assert dialogue.said[read_bytes:] == b"", "the server said more than the page"
                act(dialogue, step.does, step.data)
    assert dialogue.said[read_bytes:] == b"", "the server said more than the page"
    assert dialogue.is_over() is closes


def test_the_transcripts_show_each_frame_and_each_kind_of_door() -> None:
    sent = b"".join(step.data for each in TRANSCRIPTS for step in each.steps if step.does == "C")
    said = b"".join(step.data for each in TRANSCRIPTS for step in each.steps if step.does == "S")
    for peer_kind in PeerFrame:
        assert re.search(rf"{peer_kind.value} \d+\n".encode(), sent), peer_kind
    for server_kind in ServerFrame:
        assert re.search(rf"{server_kind.value} \d+\n".encode(), said), server_kind
    assert {part for each in TRANSCRIPTS for part in each.door.split(", ")} == {
        'session = "once"',
        'session = "keep"',
        'language = "fr"',
        "login",
    }


def test_each_kind_of_frame_is_listed() -> None:
    assert set(tables("What the client sends")[0]) == {kind.value for kind in PeerFrame}
    assert set(tables("What the server sends")[0]) == {kind.value for kind in ServerFrame}


def test_each_phrase_is_listed() -> None:
    listed = tables("What the server says")[0]
    assert set(listed) == {language.value for language in Language}
    for language in Language:
        phrases = PHRASES[language]
        said = [phrases.greeting, phrases.password, phrases.not_understood]
        assert listed[language.value] == [f"`{phrase.decode().rstrip()}`" for phrase in said]


def test_each_kind_of_outcome_is_listed_with_its_exit_status() -> None:
    _, kinds = tables("Outcomes")
    assert set(kinds) == {kind.value for kind in OutcomeKind}
    for kind in OutcomeKind:
        exit_status = kinds[kind.value][1]
        plain, signalled = Outcome(kind, status=7), Outcome(kind, status=7, signal=9)
        if exit_status == "its own":
            assert plain.exit_status == 7
        elif exit_status.startswith("128 + signal"):
            assert signalled.exit_status == 137
            if kind is OutcomeKind.CANCELLED:
                assert exit_status == f"128 + signal, {plain.exit_status} without one"
        else:
            assert int(exit_status) == plain.exit_status == signalled.exit_status


def test_each_member_of_an_outcome_is_listed() -> None:
    members, _ = tables("Outcomes")
    full = outcome_members(
        Outcome(OutcomeKind.EXITED, status=1, signal=1, reason="x", after_seconds=1.0, cut_at_bytes=1)
    )
    assert set(members) == {*full, "drawing"}


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(OutcomeKind.EXITED, status=3),
        Outcome(OutcomeKind.SIGNALLED, signal=9),
        Outcome(OutcomeKind.TIMED_OUT, after_seconds=60.0),
        Outcome(OutcomeKind.CANCELLED),
        Outcome(OutcomeKind.UNKILLABLE),
        Outcome(OutcomeKind.EXITED, cut_at_bytes=1048576),
    ],
)
def test_each_last_line_is_listed(outcome: Outcome) -> None:
    assert set(last_lines(outcome)) <= set(tables("Last lines")[0])


def test_limits_are_listed_with_their_names_and_defaults() -> None:
    limits, listed = Limits(), tables("Limits")[0]
    for name, (default, _) in listed.items():
        assert float(default) == getattr(limits, name)
    assert {"line_bytes", "frame_bytes", "first_line_seconds", "idle_seconds", "login_seconds"} <= set(listed)


def test_figures_in_the_text_are_the_real_ones() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"`{HELLO.decode()}`" in text
    assert f"*{Limits().line_bytes}octet" in text
    assert f"at most {FRAME_BYTES}\n" in text
    assert FRAME_BYTES == 65_536
    assert f"waits {LINGERING_SECONDS:g} s for such a client" in text
    assert SWEEP_SECONDS == 1, "Deadlines are looked at once a second"


def test_the_bytes_in_hex_are_the_frames_they_show() -> None:
    dumped = [
        bytes.fromhex(match[1])
        for match in re.finditer(r"^[CS]  ((?:[0-9a-f]{2} )+)", PAGE.read_text(), re.MULTILINE)
    ]
    assert dumped == [
        encode_frame(PeerFrame.LINE, b"df"),
        encode_frame(ServerFrame.RUN, b"17"),
        encode_frame(ServerFrame.OUT, b"ok\n"),
    ]


@pytest.mark.skipif(shutil.which("bash") is None, reason="the examples are typed into bash")
def test_what_is_typed_by_hand_sends_what_the_transcripts_do() -> None:
    typed = re.findall(r"printf '([^']*)'.*?(\w+) (?:-|s_client|127)", PAGE.read_text(encoding="utf-8"))
    assert [program for _, program in typed] == ["nc", "nc", "openssl"]
    for text, program in typed:
        printed = subprocess.run(["bash", "-c", 'printf "$0"', text], capture_output=True, check=True).stdout
        assert printed == unescaped(text)
        dialogue = door_of('session = "once", login' if program == "openssl" else 'session = "once"')
        dialogue.send(printed)
        assert b"/dev/vda1  42%\n" in dialogue.said
