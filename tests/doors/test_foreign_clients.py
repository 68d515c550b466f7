"""Clients that everybody has already: what they print is what the command prints."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from tests.doors.daemon import BOUND_SECONDS, TCP, Daemon, running
from tests.doors.peers import raw_address_of
from tests.doors.tls_peers import LOGIN, TLS, USER

ENGLISH = b"What can I do for you?\n"
FRENCH = b"Que puis-je faire pour vous ?\n"
PASSWORD_ENGLISH = b"Password?\n" + ENGLISH
PASSWORD_FRENCH = b"Le mot de passe ?\n" + FRENCH
PRINTED = bytes(range(256)) * 1000

OPENSSL_SAYS = b"Can't use SSL_get_servername\n"
"""Of itself, when it asked for an address and not for a name."""

UNPUNISHED = '[limits.penalties]\nexempt = ["127.0.0.1"]\n'

BASH = 'exec 3<>/dev/tcp/127.0.0.1/"$0"; cat >&3; cat <&3'

Words = Callable[[Daemon], list[str]]


def _tcp(*words: str) -> Words:
    return lambda daemon: [word.format(port=daemon.port) for word in words]


def _unix(*words: str) -> Words:
    return lambda daemon: [word.format(path=daemon.socket_path) for word in words]


def _tls(*words: str) -> Words:
    def filled(daemon: Daemon) -> list[str]:
        port, anchor = raw_address_of(daemon, "tls")[1], daemon.state / "cert.pem"
        return [word.format(port=port, at=f"127.0.0.1:{port}", anchor=anchor) for word in words]

    return filled


def _client(name: str, package: str, identity: str, words: Words) -> object:
    return pytest.param(words, id=identity, marks=pytest.mark.needs_program(name, package=package))


CLIENTS = [
    _client("nc", "netcat-openbsd", "nc-tcp", _tcp("nc", "-N", "127.0.0.1", "{port}")),
    _client("nc", "netcat-openbsd", "nc-unix", _unix("nc", "-N", "-U", "{path}")),
    _client("ncat", "ncat", "ncat-tcp", _tcp("ncat", "127.0.0.1", "{port}")),
    _client("ncat", "ncat", "ncat-unix", _unix("ncat", "-U", "{path}")),
    _client("socat", "socat", "socat-tcp", _tcp("socat", "-t", "20", "-", "TCP:127.0.0.1:{port}")),
    _client("socat", "socat", "socat-unix", _unix("socat", "-t", "20", "-", "UNIX-CONNECT:{path}")),
]
TRUSTED = "verify=1,cafile={anchor}"
# `-quiet` takes the end of what is typed for no reason to go; the others end their half, and read on
TLS_CLIENTS = [
    _client(
        "openssl",
        "openssl",
        "s_client",
        _tls("openssl", "s_client", "-quiet", "-verify_quiet", "-CAfile", "{anchor}", "-connect", "{at}"),
    ),
    _client(
        "openssl",
        "openssl",
        "s_client-tls1_2",
        _tls(
            *("openssl", "s_client", "-quiet", "-verify_quiet", "-tls1_2"),
            *("-CAfile", "{anchor}", "-connect", "{at}"),
        ),
    ),
    _client(
        "ncat",
        "ncat",
        "ncat-ssl",
        _tls("ncat", "--ssl", "127.0.0.1", "{port}"),
    ),
    _client("socat", "socat", "socat-openssl", _tls("socat", "-t", "20", "-", "OPENSSL:{at}," + TRUSTED)),
]
# bash cannot end its half: it hears the end of the server's, so only a door for one line suits it
CLIENTS_FOR_ONE_LINE = [*CLIENTS, _client("bash", "bash", "bash-tcp", _tcp("bash", "-c", BASH, "{port}"))]


def talk(words: list[str], sent: bytes, *, strictly: bool = True) -> bytes:
    """What a client prints that is fed `sent`; unless it may complain, it must not."""
    done = subprocess.run(words, input=sent, capture_output=True, timeout=BOUND_SECONDS, check=False)
    if strictly:
        assert done.returncode == 0, done
        assert done.stderr in {b"", OPENSSL_SAYS}
    return done.stdout


def directly(*words: str) -> bytes:
    """What the command prints to one who runs it, in the environment that the daemon gives it."""
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    return subprocess.run(words, capture_output=True, check=True, env=environment).stdout


def is_same_moment(words: list[str], sent: bytes, expected: Callable[[], bytes]) -> bool:
    """
    Whether the answer is that of the command run directly.

    Time goes on between the two, and an answer may be a second or two old: it is asked for again and again.
    """
    end_at = time.monotonic() + BOUND_SECONDS
    while talk(words, sent) != expected():
        if time.monotonic() > end_at:
            return False
    return True


@pytest.fixture(scope="module")
def printing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("printing")
    file = folder / "printed"
    file.write_bytes(PRINTED)
    command = f'{UNPUNISHED}[doors.unix]\n[commands.printed]\nrun = ["cat", "{file}"]\nroles = ["guest"]\n'
    with running(folder, TCP + TLS + command) as daemon:
        yield daemon


@pytest.mark.parametrize("words", CLIENTS_FOR_ONE_LINE)
class TestOnceInEnglish:
    @pytest.mark.parametrize("ending", [b"\n", b"\r\n"], ids=["lf", "crlf"])
    def test_df_is_as_if_run_directly(self, once: Daemon, words: Words, ending: bytes) -> None:
        def expected() -> bytes:
            return ENGLISH + directly("df", "-h")

        assert is_same_moment(words(once), b"df" + ending, expected)

    def test_uptime_is_as_if_run_directly(self, once: Daemon, words: Words) -> None:
        assert is_same_moment(words(once), b"uptime\n", lambda: ENGLISH + directly("uptime"))

    def test_no_byte_is_changed(self, printing: Daemon, words: Words) -> None:
        assert talk(words(printing), b"printed\n") == ENGLISH + PRINTED

    def test_a_failure_is_told_in_the_last_line(self, once: Daemon, words: Words) -> None:
        assert talk(words(once), b"both\n").endswith(b"\nexit status 3\n")


@pytest.mark.parametrize("words", TLS_CLIENTS)
class TestOnceInEnglishOverTls:
    """The same, after the password."""

    @pytest.mark.parametrize("ending", [b"\n", b"\r\n"], ids=["lf", "crlf"])
    def test_df_is_as_if_run_directly(self, once: Daemon, words: Words, ending: bytes) -> None:
        def expected() -> bytes:
            return PASSWORD_ENGLISH + directly("df", "-h")

        assert is_same_moment(words(once), LOGIN.strip() + ending + b"df" + ending, expected)

    def test_no_byte_is_changed(self, printing: Daemon, words: Words) -> None:
        assert talk(words(printing), LOGIN + b"printed\n") == PASSWORD_ENGLISH + PRINTED

    def test_a_wrong_password_closes_without_a_word(self, printing: Daemon, words: Words) -> None:
        assert talk(words(printing), b"wrong\nprinted\n", strictly=False) == PASSWORD_ENGLISH[:10]


@pytest.mark.parametrize("words", TLS_CLIENTS)
class TestKeptInFrenchOverTls:
    def test_lines_are_answered_until_quit(self, kept: Daemon, words: Words) -> None:
        heard = talk(words(kept), LOGIN + b"lines\r\necho a\nnothing-of-this-name\nquit\n")
        answers = (b"one\ntwo\n", b"a\n", b"Je n'ai rien compris.\n", b"")
        assert heard == PASSWORD_FRENCH + FRENCH.join(answers)

    def test_whoami_says_who_logged_in(self, kept: Daemon, words: Words) -> None:
        assert USER.encode() in talk(words(kept), LOGIN + b"whoami\nquit\n")


@pytest.mark.parametrize("words", CLIENTS)
class TestKeptInFrench:
    def test_two_lines_are_answered_as_if_run_directly(self, kept: Daemon, words: Words) -> None:
        def expected() -> bytes:
            return FRENCH + directly("df", "-h") + FRENCH + b"one\ntwo\n" + FRENCH

        assert is_same_moment(words(kept), b"df\r\nlines\n", expected)

    def test_quit_ends_it(self, kept: Daemon, words: Words) -> None:
        assert talk(words(kept), b"echo a\nquit\n") == FRENCH + b"a\n" + FRENCH

    def test_what_is_not_understood_is_told_in_french(self, kept: Daemon, words: Words) -> None:
        heard = talk(words(kept), b"nothing-of-this-name\nquit\n")
        assert heard == FRENCH + b"Je n'ai rien compris.\n" + FRENCH


@pytest.mark.needs_program("nc", package="netcat-openbsd")
def test_printf_into_nc_as_the_manual_says(once: Daemon) -> None:
    command = "printf 'lines\\n' | nc -N 127.0.0.1 \"$0\""
    heard = subprocess.run(
        ["sh", "-c", command, str(once.port)], capture_output=True, timeout=BOUND_SECONDS, check=True
    )
    assert heard.stdout == ENGLISH + b"one\ntwo\n"


@pytest.mark.needs_program("nc", package="netcat-openbsd")
def test_a_person_types_at_nc_one_character_at_a_time(kept: Daemon) -> None:
    with subprocess.Popen(
        ["nc", "127.0.0.1", str(kept.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as nc:
        assert nc.stdin is not None
        assert nc.stdout is not None
        for text, answer in ((b"echo 1\n", b"1\n"), (b"quit\n", b"")):
            assert nc.stdout.read(len(FRENCH)) == FRENCH
            for byte in text:
                nc.stdin.write(bytes([byte]))
            assert nc.stdout.read(len(answer)) == answer
        nc.stdin.close()  # nc itself waits for the end of what is typed
        assert nc.wait(BOUND_SECONDS) == 0
