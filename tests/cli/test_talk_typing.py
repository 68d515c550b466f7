"""`doorward talk` as somebody at a terminal sees it."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doorward.cli.talk_history import HISTORY_NAME, LINES, TalkHistory, history_file, read_lines
from tests.cli.talking import Handler, line_of, listening, mail_server
from tests.daemon import Shell
from tests.terminals import Terminal, needs_tmux


@contextmanager
def opened(shell: Shell, folder: Path, *words: str) -> Iterator[Terminal]:
    call = [sys.executable, "-m", "doorward", "talk", *words]
    terminal = Terminal(folder, call, dict(shell.environment))
    try:
        yield terminal
    finally:
        terminal.close()


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
    with (
        listening(login) as address,
        opened(shell, tmp_path, address, "--transcript", str(tmp_path / "log")) as terminal,
    ):
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
    with (
        listening(login_of_ftp) as address,
        opened(shell, tmp_path, address, "--transcript", str(tmp_path / "log")) as terminal,
    ):
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
