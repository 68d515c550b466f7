"""`doorward talk` as somebody at a terminal sees it."""

import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prompt_toolkit.output import DummyOutput

from doorward.cli.talk_history import HISTORY_NAME, LINES, TalkHistory, history_file, read_lines
from doorward.cli.talk_typing import keys_kept
from tests.cli.talking import PATIENT_SECONDS, Handler, line_of, listening, mail_server, silent_after
from tests.daemon import Shell
from tests.terminals import SEEN_SECONDS, Terminal, needs_tmux


@contextmanager
def opened(shell: Shell, folder: Path, *words: str) -> Iterator[Terminal]:
    call = [sys.executable, "-m", "doorward", "talk", *words]
    terminal = Terminal(folder, call, dict(shell.environment))
    try:
        yield terminal
    finally:
        terminal.close()


@contextmanager
def noted(shell: Shell, folder: Path, handler: Handler) -> Iterator[Terminal]:
    """A conversation with one who does that, its transcript in the file `log`."""
    with (
        listening(handler) as address,
        opened(shell, folder, address, "--transcript", str(folder / "log")) as terminal,
    ):
        yield terminal


def history_of(shell: Shell) -> Path:
    return Path(shell.environment["HOME"]) / ".local/state/doorward" / HISTORY_NAME


@needs_tmux
def test_lines_are_typed_below_what_comes_and_remembered(shell: Shell, tmp_path: Path) -> None:
    with listening(mail_server) as address:
        with opened(shell, tmp_path, address) as terminal:
            terminal.shows("220 mail.example ESMTP")
            terminal.type("EHLO me")
            terminal.press("Enter")
            terminal.sees("EHLO me\n250-mail.example\n250 HELP")
            terminal.type(" not kept")
            terminal.press("Enter")
            terminal.sees("500 what is  not kept")
            terminal.press("Up")
            terminal.sees("EHLO me")
            terminal.press("C-u")
            terminal.type("QUIT")
            terminal.press("Enter")
            screen = terminal.sees("221 Bye\nended with 0")
        assert "Ctrl-D ends your side, Ctrl-C leaves" in screen
        history = history_of(shell)
        assert history.read_text() == "EHLO me\nQUIT\n"
        assert history.stat().st_mode & 0o777 == 0o600
        assert history.parent.stat().st_mode & 0o777 == 0o700
        (tmp_path / "again").mkdir()
        with opened(shell, tmp_path / "again", address) as terminal:
            terminal.shows("220 mail.example ESMTP")
            terminal.press("Up", "Up")
            terminal.sees("EHLO me")
            terminal.press("C-c")
            terminal.sees("ended with 130")


def login(peer: socket.socket) -> None:
    """Ask for a name and a password, in one line each, and say what came."""
    peer.sendall(b"login: ")
    name = line_of(peer)
    peer.sendall(b"\r\nPassword: ")
    password = line_of(peer)
    peer.sendall(b"\x1b[31mred\r\n%d letters\r\n> " % len(password.strip()) + name)
    peer.sendall(line_of(peer))


@needs_tmux
def test_a_prompt_stands_before_what_is_typed_and_a_password_is_neither_seen_nor_kept(
    shell: Shell, tmp_path: Path
) -> None:
    with noted(shell, tmp_path, login) as terminal:
        terminal.sees("login:")
        terminal.type("alice")
        terminal.sees("login: alice")
        terminal.press("Enter")
        terminal.sees("Password:")
        terminal.type("s3same")
        terminal.sees("Password: ******")
        terminal.press("Enter")
        # what would colour the terminal is seen instead
        screen = terminal.shows("\\x1b[31mred\n6 letters\n> alice")
        assert "s3same" not in screen
        terminal.press("C-t")
        terminal.type("hidden")
        terminal.press("Enter")
        terminal.sees("hidden\nended with 0")
    assert read_lines(history_of(shell)) == ["alice"]
    assert "s3same" not in (tmp_path / "log").read_text()
    assert "> ••••" in (tmp_path / "log").read_text()


def lines_heard(peer: socket.socket) -> None:
    """Tell what each line was, its end included."""
    peer.sendall(b"ready\r\n")
    while line := line_of(peer):
        peer.sendall(repr(line).encode() + b"\r\n")


@needs_tmux
def test_lines_that_are_pasted_are_seen_first_and_then_sent_and_kept_one_by_one(
    shell: Shell, tmp_path: Path
) -> None:
    with noted(shell, tmp_path, lines_heard) as terminal:
        terminal.shows("ready")
        terminal.paste("one\ntwo\n")
        terminal.sees("ready\none\ntwo")
        terminal.press("Enter")
        terminal.sees(r"b'one\r\n'" + "\n" + r"b'two\r\n'")
        terminal.press("Up", "Up")
        terminal.sees("\none")
        terminal.press("C-u")
        terminal.paste("three\nPASS s3same\nfour")
        terminal.sees("*****\n***********\n****")
        terminal.press("Enter")
        terminal.shows(r"four\r\n")
    assert read_lines(history_of(shell)) == ["one", "two"]
    assert "s3same" not in (tmp_path / "log").read_text()


def login_of_imap(peer: socket.socket) -> None:
    """Two logins whose password goes in a literal: one is refused at once, and one goes on."""
    peer.sendall(b"* OK ready\r\n")
    tag = line_of(peer).split()[0]
    peer.sendall(tag + b" NO\r\n")
    peer.sendall(b"* BAD what is " + line_of(peer))
    line_of(peer)
    peer.sendall(b"+ go on\r\n")
    peer.sendall(b"a3 OK in with %d letters\r\n" % len(line_of(peer).strip()))
    line_of(peer)


@needs_tmux
def test_a_password_in_a_literal_of_imap_is_neither_seen_nor_kept(shell: Shell, tmp_path: Path) -> None:
    with noted(shell, tmp_path, login_of_imap) as terminal:
        terminal.shows("* OK ready")
        terminal.type("a1 LOGIN alice {6}")
        terminal.press("Enter")
        terminal.shows("a1 NO")
        terminal.type("a2 CAPABILITY")
        terminal.press("Enter")
        terminal.shows("* BAD what is a2 CAPABILITY")
        terminal.type("a3 LOGIN alice {6}")
        terminal.press("Enter")
        terminal.shows("+ go on")
        terminal.type("s3same")
        terminal.sees("+ go on\n******")
        terminal.press("Enter")
        terminal.shows("a3 OK in with 6 letters")
    assert read_lines(history_of(shell)) == ["a1 LOGIN alice {6}", "a2 CAPABILITY", "a3 LOGIN alice {6}"]
    log = (tmp_path / "log").read_text()
    assert "s3same" not in log
    assert "> a2 CAPABILITY" in log


def console(is_typed: threading.Event) -> Handler:
    """One that speaks by itself while a password is typed, and tells how long it was."""

    def handle(peer: socket.socket) -> None:
        peer.sendall(b"Password: ")
        assert is_typed.wait(PATIENT_SECONDS)
        peer.sendall(b"\r\n%SYS-5: link up\r\n")
        peer.sendall(b"heard %d bytes" % len(line_of(peer)))

    return handle


@needs_tmux
def test_a_password_stays_hidden_although_the_peer_says_more_meanwhile(shell: Shell, tmp_path: Path) -> None:
    is_typed = threading.Event()
    with noted(shell, tmp_path, console(is_typed)) as terminal:
        terminal.sees("Password:")
        terminal.type("s3")
        terminal.sees("Password: **")
        is_typed.set()
        terminal.sees("link up\n**")
        terminal.type("same")
        terminal.sees("link up\n******")
        terminal.press("Enter")
        assert "s3same" not in terminal.shows("heard 8 bytes")
    assert read_lines(history_of(shell)) == []
    assert "s3same" not in (tmp_path / "log").read_text()


@needs_tmux
def test_a_password_that_may_not_be_sent_is_hidden_as_it_is_typed_again(shell: Shell, tmp_path: Path) -> None:
    is_typed = threading.Event()
    with (
        listening(console(is_typed)) as address,
        # for all that is known without looking it up, this is another machine
        opened(shell, tmp_path, address.replace("localhost", "127.1")) as terminal,
    ):
        terminal.sees("Password:")
        terminal.type("s3")
        terminal.sees("Password: **")
        is_typed.set()
        terminal.sees("link up\n**")
        terminal.type("same")
        terminal.press("Enter")
        terminal.shows("the secret would go to another machine")
        terminal.type("s3same")
        terminal.sees("\n******")
        terminal.press("Enter", "C-d")
        assert "s3same" not in terminal.shows("heard 0 bytes")
    assert read_lines(history_of(shell)) == []


@needs_tmux
def test_ctrl_c_leaves_at_once_although_an_answer_is_due(shell: Shell, tmp_path: Path) -> None:
    with noted(shell, tmp_path, silent_after(b"ready\r\n")) as terminal:
        terminal.shows("ready")
        terminal.type("hello")
        terminal.press("Enter", "C-c")
        terminal.sees("ended with 130")
    # whoever waits for an answer ends the own side first
    assert "our side ended" not in (tmp_path / "log").read_text()


def test_keys_are_kept_and_not_shown_while_nobody_reads_them() -> None:
    keyboard, terminal = os.openpty()
    longer_than_a_line_of_the_kernel = b"x" * 5000
    try:
        with keys_kept(terminal, DummyOutput()):
            writing = threading.Thread(target=os.write, args=(keyboard, longer_than_a_line_of_the_kernel))
            writing.start()
            read = b""
            while len(read) < len(longer_than_a_line_of_the_kernel):
                read += os.read(terminal, 8192)
            writing.join()
            assert read == longer_than_a_line_of_the_kernel
            assert select.select([keyboard], [], [], 0) == ([], [], [])
        os.write(keyboard, b"y\n")
        assert os.read(keyboard, 10) == b"y\r\n"
    finally:
        os.close(keyboard)
        os.close(terminal)


@pytest.mark.needs_program("setsid", package="util-linux")
def test_a_terminal_that_goes_away_ends_it_as_sighup_does(shell: Shell) -> None:
    ours, theirs = os.openpty()
    with (
        listening(silent_after(b"ready\r\n")) as address,
        open(ours, "rb", buffering=0) as keyboard,
        open(theirs, "rb", buffering=0) as terminal,
        subprocess.Popen(
            # a terminal that is its session's own sends SIGHUP
            ["setsid", "--ctty", sys.executable, "-m", "doorward", "talk", address],
            stdin=terminal,
            stdout=terminal,
            stderr=subprocess.PIPE,
            text=True,
            env={**shell.environment, "TERM": "xterm"},
        ) as run,
    ):
        terminal.close()
        seen = b""
        # what it says to a terminal as the line to be edited appears
        while b"\x1b[?2004h" not in seen:
            assert select.select([keyboard], [], [], SEEN_SECONDS)[0], seen
            seen += keyboard.read(65536)
        keyboard.close()
        said = run.communicate(timeout=SEEN_SECONDS)[1]
    assert run.returncode == 129, said
    assert said == "Ctrl-D ends your side, Ctrl-C leaves, Ctrl-T hides or shows what you type.\n"


def login_of_ftp(peer: socket.socket) -> None:
    """A login of FTP, of which each line comes back; then one more line."""
    peer.sendall(b"220 hi\r\n")
    name = line_of(peer)
    peer.sendall(b"331 Please specify the password.\r\n")
    password = line_of(peer)
    peer.sendall(b"230 in as %s with %d letters\r\n" % (name.strip(), len(password.strip())))
    peer.sendall(b"500 what is " + line_of(peer))


@needs_tmux
def test_a_login_by_hand_is_neither_seen_nor_kept_whoever_asked_for_it(shell: Shell, tmp_path: Path) -> None:
    with noted(shell, tmp_path, login_of_ftp) as terminal:
        terminal.shows("220 hi")
        terminal.type("USER alice")
        terminal.press("Enter")
        terminal.shows("331 Please specify the password.")
        terminal.type("PASS s3same")
        terminal.sees("password.\n***********")
        terminal.press("Enter")
        terminal.shows("230 in as USER alice with 11 letters")
        # nobody asks now
        terminal.type("a1 LOGIN alice 0pen")
        terminal.sees("letters\n*******************")
        terminal.press("Enter")
        terminal.sees("ended with 0")
    assert read_lines(history_of(shell)) == ["USER alice"]
    log = (tmp_path / "log").read_text()
    assert "s3same" not in log
    assert "0pen" not in log
    assert "< 500 what is ••••" in log


def test_a_history_keeps_no_login(tmp_path: Path) -> None:
    history = TalkHistory(tmp_path / "history", lambda: True)
    for line in ("USER alice", "PASS s3same", "AUTH PLAIN AGFsaWNlAHMzc2FtZQ=="):
        history.append_string(line)
    assert read_lines(tmp_path / "history") == ["USER alice"]


def count_to_the_end(peer: socket.socket) -> None:
    heard = b""
    while data := peer.recv(65536):
        heard += data
    peer.sendall(b"%d bytes\n" % len(heard))


def a_hundred_lines(peer: socket.socket) -> None:
    for number in range(100):
        peer.sendall(b"line %d\r\n" % number)
    line_of(peer)


@needs_tmux
@pytest.mark.parametrize(
    ("handler", "keys", "seen"),
    [
        (count_to_the_end, ["a", "Enter", "C-d"], "3 bytes\nended with 0"),
        (a_hundred_lines, ["x", "Enter"], "line 98\nline 99\nx\nended with 0"),
        (a_hundred_lines, ["C-c"], "line 98\nline 99\n\nended with 130"),
    ],
)
def test_ctrl_d_ends_our_side_and_the_rest_is_seen(
    shell: Shell, tmp_path: Path, handler: Handler, keys: list[str], seen: str
) -> None:
    with listening(handler) as address, opened(shell, tmp_path, address) as terminal:
        terminal.shows("Ctrl-D" if handler is count_to_the_end else "line 99")
        terminal.press(*keys)
        terminal.sees(seen)


def test_a_history_that_grew_long_is_cut(tmp_path: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    file = history_file(environment)
    assert file is not None
    file.write_text("".join(f"{number}\n" for number in range(2 * LINES + 1)))
    assert history_file(environment) == file
    assert read_lines(file)[0] == str(LINES + 1)
    assert file.stat().st_mode & 0o777 == 0o600


def test_without_a_place_for_it_there_is_no_history(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert history_file({}) is None
    assert history_file({"XDG_STATE_HOME": str(tmp_path / "file")}) is None
    history = TalkHistory(None, lambda: True)
    history.append_string("a")
    assert history.get_strings() == ["a"]


def test_no_link_is_followed_to_write_the_history(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    TalkHistory(tmp_path / "link", lambda: True).append_string("a")
    assert not (tmp_path / "elsewhere").exists()
