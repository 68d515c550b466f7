"""`doorward mail`, as a person types it, with its own sink as the mail server."""

import asyncio
import contextlib
import json
import os
import pty
import pwd
import select
import signal
import smtplib
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.smtp.servers import FaultServer
from tests.daemon import ANSWER_SECONDS, END_SECONDS, Shell
from tests.mail.processes import free_port

ALICE, BOB = "alice@example.org", "bob@example.org"


@dataclass(slots=True)
class Sink:
    """
    A sink that runs.

    Attributes:
        process: it.
        port: of loopback.
    """

    process: subprocess.Popen[bytes]
    port: int

    def line(self) -> bytes:
        """The next line that it prints."""
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], ANSWER_SECONDS)[0]
        return self.process.stdout.readline()

    def message(self) -> dict[str, Any]:
        """The next message, as it prints one with --json."""
        found: dict[str, Any] = json.loads(self.line())
        return found

    def end(self) -> bytes:
        """End it with Ctrl-C; what it printed that was not read yet."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=END_SECONDS)[0]


StartSink = Callable[..., Sink]


@pytest.fixture
def start_sink(shell: Shell) -> Iterator[StartSink]:
    """Start sinks: further words go to it; what is left at the end of the test is ended."""
    started: list[Sink] = []

    def start(*words: str, port: int = 0) -> Sink:
        process = shell.start("mail", "sink", "--port", str(port), *words)
        assert process.stderr is not None
        assert select.select([process.stderr], [], [], ANSWER_SECONDS)[0]
        told = process.stderr.readline().decode()
        assert told.startswith("doorward: mail is taken at 127.0.0.1:"), told
        started.append(Sink(process, int(told.split(":")[2])))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.end()


@pytest.fixture
def sink(start_sink: StartSink) -> Sink:
    """One whose messages are read as JSON."""
    return start_sink("--json")


def configure(shell: Shell, port: int, *more: str) -> tuple[str, ...]:
    """Write a configuration for a mail server at `port`; the options that name it, and a state."""
    lines = ["[mail]", f'server = "127.0.0.1:{port}"', 'from = "Ops <ops@example.org>"', *more]
    (shell.folder / "doorward.toml").write_text("\n".join(lines))
    return ("--config", "doorward.toml", "--state", "state")


def empty(shell: Shell) -> str:
    return f"The queue of {shell.folder / 'state'} is empty.\n"


def test_what_comes_from_stdin_arrives_with_its_attachments(shell: Shell, sink: Sink) -> None:
    options = configure(shell, sink.port, 'bounces_to = ""')
    (shell.folder / "größe.bin").write_bytes(b"\0\r\n.\r\n\xff")
    words = ("mail", "send", *options, "-s", "Grüße", "-a", "größe.bin", ALICE, "Bob <bob@example.org>")
    run = shell.run(*words, stdin="a\n.\nb\n")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == f"Message 1 is delivered to {ALICE}, {BOB}.\n"
    message = sink.message()
    headers = dict(message["headers"])
    assert (message["sender"], message["recipients"]) == ("", [ALICE, BOB])
    assert (headers["Subject"], headers["From"]) == ("Grüße", "Ops <ops@example.org>")
    assert message["text"].splitlines() == ["a", ".", "b"]
    assert message["attached"] == [
        {"name": "größe.bin", "media_type": "application/octet-stream", "size_bytes": 7}
    ]


def test_what_cannot_be_delivered_now_is_kept_shown_and_tried_again(
    shell: Shell, start_sink: StartSink
) -> None:
    port = free_port()
    options = configure(shell, port, f'to = ["{ALICE}"]')
    run = shell.run("mail", "send", *options, "-s", "later", stdin="hello \x1b[2J\n")
    assert (run.returncode, run.stdout) == (125, "")
    assert f"doorward: message 1 to {ALICE} waits: 127.0.0.1:{port}: connect: nobody listens" in run.stderr
    assert "`doorward mail queue retry --state state --config doorward.toml 1` now" in run.stderr
    assert "`doorward serve --state state --config doorward.toml` with this state tries" in run.stderr

    (listed,) = json.loads(shell.run("mail", "queue", "list", *options, "--json").stdout)
    assert (listed["number"], listed["state"], listed["recipients"][0]["attempts"]) == (1, "waiting", 1)
    assert "waiting" in shell.run("mail", "queue", "list", *options).stdout

    text = shell.run("mail", "queue", "show", "1", *options).stdout
    assert "Subject: later\n" in text
    assert "\x1b" not in text
    raw = shell.run("mail", "queue", "show", "--raw", "1", *options).stdout
    assert f"Message-ID: {listed['message_id']}\n" in raw

    started = start_sink("--json", port=port)
    run = shell.run("mail", "queue", "retry", "1", "7", *options)
    assert (run.returncode, run.stdout) == (1, f"Message 1 is delivered to {ALICE}.\n")
    assert "there is no message 7 in the queue" in run.stderr
    assert dict(started.message()["headers"])["Message-ID"] == listed["message_id"]
    started.end()
    assert shell.run("mail", "queue", "list", *options).stdout == empty(shell)


def test_a_message_that_is_dropped_is_gone(shell: Shell) -> None:
    options = configure(shell, free_port())
    shell.run("mail", "send", *options, ALICE, stdin="hello\n")
    run = shell.run("mail", "queue", "drop", "1", *options)
    assert (run.returncode, run.stdout) == (0, "Message 1 is dropped.\n")
    run = shell.run("mail", "queue", "show", "1", *options)
    assert run.returncode == 1
    assert run.stderr.startswith("doorward: there is no message 1 in the queue; `doorward mail queue list`")


def test_looking_at_a_queue_that_is_not_there_makes_none(shell: Shell) -> None:
    options = configure(shell, free_port())
    assert shell.run("mail", "queue", "list", *options).stdout == empty(shell)
    assert shell.run("mail", "queue", "list", "--json", *options).stdout == "[]\n"
    assert shell.run("mail", "queue", "drop", "1", *options).returncode == 1
    assert os.listdir(shell.folder) == ["doorward.toml"]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (
            (),
            1,
            "doorward: there is nobody to send this to; name somebody, or set `to` in the table [mail]\n",
        ),
        (("a b@c",), 1, "doorward: 'a b@c' is no mail address; expected alice@example.org\n"),
        ((ALICE, "-a", "none"), 1, "doorward: none cannot be read: No such file or directory\n"),
        ((ALICE, "--from", "a@b\nBcc: c@d"), 1, "is no mail address; expected alice@example.org\n"),
        (("queue", "retry", "x"), 2, "'x' is no number of a message; `doorward mail queue list` has them\n"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_queues_nothing(
    shell: Shell, words: tuple[str, ...], status: int, said: str
) -> None:
    options = configure(shell, free_port())
    verb = () if words[:1] == ("queue",) else ("send",)
    run = shell.run("mail", *verb, *words, *options, stdin="hello\n")
    assert (run.returncode, run.stdout) == (status, "")
    assert said in run.stderr
    assert not (shell.folder / "state").exists()


@pytest.mark.parametrize("words", [(), ("a b@c",), (ALICE, "-a", "none"), (ALICE, "--from", "x y@z")])
def test_a_mistake_in_the_words_is_told_before_a_letter_is_typed(
    shell: Shell, words: tuple[str, ...]
) -> None:
    process = shell.start("mail", "send", *words, *configure(shell, free_port()), stdin=subprocess.PIPE)
    # stdin stays open: whoever reads it first waits for ever
    try:
        assert process.wait(timeout=END_SECONDS) == 1
    finally:
        process.kill()
        process.communicate()


def test_what_stands_in_the_folder_and_does_not_count_is_told(shell: Shell) -> None:
    configure(shell, free_port())
    (shell.folder / ".doorward").mkdir(mode=0o700)
    for words in (("mail", "queue", "list"), ("mail", "send", "a b@c"), ("errands", "run", "x")):
        told = shell.run(*words, stdin="").stderr
        assert "./.doorward is not the state that is used; for that one add --state .doorward\n" in told
        assert "./doorward.toml is not read; to have it count add --config doorward.toml\n" in told
    told = shell.run("mail", "queue", "list", *configure(shell, free_port())).stderr
    assert told == ""


def test_a_list_that_no_terminal_shows_has_a_line_for_each_message(shell: Shell) -> None:
    options = configure(shell, free_port())
    address = f"{'a' * 60}@{'b' * 60}.example.org"
    for _ in range(2):
        assert shell.run("mail", "send", *options, address, stdin="hello\n").returncode == 125
    lines = shell.run("mail", "queue", "list", *options).stdout.splitlines()
    assert len(lines) == 3
    assert lines[0].split()[:2] == ["MESSAGE", "STATE"]
    assert all(address in line and "nobody listens there" in line for line in lines[1:])
    assert address in on_a_terminal(shell, "mail", "queue", "list", *options)
    left = shell.start("mail", "queue", "list", *options)
    assert left.stdout is not None
    left.stdout.close()
    assert left.wait(timeout=END_SECONDS) == 141
    left.communicate()


def on_a_terminal(shell: Shell, *words: str) -> str:
    """What a terminal of 80 columns is told to show."""
    master, terminal = pty.openpty()
    environment = {**shell.environment, "COLUMNS": "80", "TERM": "xterm"}
    process = subprocess.Popen(
        shell.words(*words), cwd=shell.folder, env=environment, stdin=terminal, stdout=terminal
    )
    os.close(terminal)
    printed = b""
    # its last reader gone, Linux refuses to read a terminal
    with contextlib.suppress(OSError):
        while piece := os.read(master, 65536):
            printed += piece
    os.close(master)
    assert process.wait(timeout=END_SECONDS) == 0
    return printed.decode()


def test_a_retry_does_not_tell_again_of_who_had_it(shell: Shell) -> None:
    server, loop = FaultServer({f"RCPT TO:<{BOB}>": "450 4.2.1 mailbox busy"}), asyncio.new_event_loop()
    loop.run_until_complete(server.start())
    serving = threading.Thread(target=loop.run_forever)
    serving.start()
    try:
        options = configure(shell, server.port)
        first = shell.run("mail", "send", *options, ALICE, BOB, stdin="hello\n")
        again = shell.run("mail", "queue", "retry", "1", *options)
        server.answers.clear()
        last = shell.run("mail", "queue", "retry", "1", *options)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        serving.join()
        loop.run_until_complete(server.stop())
        loop.close()
    assert f"delivered to {ALICE}: 250 taken" in first.stdout
    assert (again.returncode, again.stdout) == (125, "")
    assert f"message 1 to {BOB} waits: 450 4.2.1 mailbox busy" in again.stderr
    assert last.stdout == f"Message 1 is delivered to {BOB}.\n"


def test_a_message_above_the_limit_is_refused_and_the_limit_is_named(shell: Shell) -> None:
    options = configure(shell, free_port(), "[limits]", "message_bytes = 65536")
    run = shell.run("mail", "send", *options, ALICE, stdin="x" * 70_000)
    assert run.returncode == 1
    assert "65536 bytes, and that is message_bytes of [limits]" in run.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root acts for others")
def test_root_leaves_the_outbox_to_whom_the_state_belongs(shell: Shell) -> None:
    nobody = pwd.getpwnam("nobody")
    folder = Path("/tmp") / f"doorward-mail-{os.getpid()}"
    folder.mkdir(mode=0o700)
    try:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        options = ("--config", "doorward.toml", "--state", str(folder))
        configure(shell, free_port())
        run = shell.run("mail", "send", *options, ALICE, stdin="hello\n")
        assert run.returncode == 125, run.stderr
        assert {path.stat().st_uid for path in folder.iterdir()} == {nobody.pw_uid}
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def test_the_sink_prints_nothing_that_a_terminal_obeys(start_sink: StartSink) -> None:
    started = start_sink()
    with smtplib.SMTP("127.0.0.1", started.port, timeout=ANSWER_SECONDS) as peer:
        peer.login("alice", "any")
        hostile = "Subject: \x1b]0;pwned\x07\nX: =?utf-8?b?G1sySg==?=\n\n\x1b[2J\x9b1m\n" + "x\n" * 1000
        peer.sendmail("a@b", [ALICE], hostile.replace("\n", "\r\n").encode())
        peer.sendmail("", [BOB], b"\xff\x00")
    printed = started.end().decode()
    assert f"--- message 1 from <a@b> to <{ALICE}>, logged in as alice\n" in printed
    assert f"--- message 2 from <> to <{BOB}>, logged in as alice\n" in printed
    assert not set(printed) & set("\x1b\x07\x9b\0")
    assert "\n(501 more lines)\n" in printed


def test_a_sink_on_a_port_that_is_taken_says_so(shell: Shell, sink: Sink) -> None:
    run = shell.run("mail", "sink", "--port", str(sink.port))
    assert run.returncode == 1
    assert run.stderr.startswith(f"doorward: door mail sink cannot listen on 127.0.0.1:{sink.port}: ")
    assert run.stderr.endswith("doorward: `--port 0` takes a free one\n")


def test_a_sink_whose_reader_has_left_ends(start_sink: StartSink) -> None:
    started = start_sink("--json")
    assert started.process.stdout is not None
    started.process.stdout.close()
    with pytest.raises(smtplib.SMTPException), smtplib.SMTP("127.0.0.1", started.port) as peer:
        peer.sendmail("a@b", [ALICE], b"hello")
    assert started.process.wait(timeout=END_SECONDS) == 141
    assert started.process.stderr is not None
    started.process.stderr.close()
