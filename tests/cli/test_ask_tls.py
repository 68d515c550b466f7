"""`doorward ask --at tls://...` as a shell sees it, against servers of TLS."""

import json
import shutil
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.certificates import Authority, Written, expired, self_signed, server_context
from tests.cli.test_ask import finish, read_until
from tests.clients.lines.peers import BOUND_SECONDS, LoginServer, listening, listening_tls, old_server, wants
from tests.daemon import Shell, typed_at_prompts

PASSWORD = {"DOORWARD_PASSWORD": "sesame"}


@dataclass(frozen=True, slots=True)
class Door:
    """
    A door that wants `alice sesame`.

    Attributes:
        at: the words that name it and whom to believe.
        url: its.
        certificate: what it shows.
    """

    server: LoginServer
    url: str
    certificate: Written

    @property
    def at(self) -> tuple[str, ...]:
        return ("--at", self.url, "--user", "alice", "--ca", str(self.certificate.file))


@pytest.fixture
def door(localhost: Written) -> Iterator[Door]:
    server = LoginServer("alice sesame")
    with listening_tls(server, server_context(localhost)) as url:
        yield Door(server, url, localhost)


def test_output_errors_and_exit_status_are_the_commands_own(door: Door, shell: Shell) -> None:
    run = shell.run("ask", *door.at, "fail", environment=PASSWORD)
    assert (run.returncode, run.stdout, run.stderr) == (3, "fail\n", "no\n")
    told = json.loads(shell.run("ask", *door.at, "--json", "fail", environment=PASSWORD).stdout)
    assert (told["exit_status"], told["stdout"], told["stderr"]) == (3, "fail\n", "no\n")


def test_stdin_goes_over_tls(door: Door, shell: Shell) -> None:
    text = "".join(f"line {number}\n" for number in range(50_000))
    assert shell.run("ask", *door.at, "take", stdin=text, environment=PASSWORD).returncode == 0
    assert door.server.taken == text.encode()


def test_ctrl_c_cancels_and_the_time_limit_too(door: Door, shell: Shell) -> None:
    secret = shell.folder / "secret"
    secret.write_text("sesame\n")
    secret.chmod(0o600)
    process = shell.start("ask", *door.at, "--password-file", "secret", "wait")
    read_until(process, b"wait\n")
    process.send_signal(signal.SIGINT)
    assert finish(process) == (130, b"", b"doorward: cancelled\n")
    late = shell.run("ask", *door.at, "--timeout", "0.5", "wait", environment=PASSWORD)
    assert (late.returncode, late.stdout) == (124, "wait\n")


def test_a_wrong_password_is_126_and_no_place_is_125(door: Door, shell: Shell) -> None:
    wrong = shell.run("ask", *door.at, "df", environment={"DOORWARD_PASSWORD": "open"})
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (126, "", "doorward: the login was refused\n")
    busy = shell.run("ask", *door.at, "busy", environment=PASSWORD)
    assert (busy.returncode, busy.stderr) == (
        125,
        "doorward: busy: too many runs wait already; try again later\n",
    )


def test_a_password_is_typed_where_there_is_a_terminal(door: Door, shell: Shell) -> None:
    status, text = typed_at_prompts(shell, shell.words("ask", *door.at, "df"), ["sesame"])
    assert status == 0
    assert text.replace("\r\n", "\n") == f"Password for {door.url}: \ndf\n"


@pytest.mark.parametrize(
    ("form", "user", "sent"),
    [
        (b"password", (), b"sesame"),
        (b"password", ("--user", "alice"), b"sesame"),
        (b"user password", ("--user", "alice"), b"alice sesame"),
        (b"", (), b"sesame"),
        (b"", ("--user", "alice"), b"alice sesame"),
        (b"later words", ("--user", "alice"), b"alice sesame"),
    ],
)
def test_the_login_has_the_form_that_the_door_wants(
    localhost: Written, shell: Shell, form: bytes, user: tuple[str, ...], sent: bytes
) -> None:
    logins: list[bytes] = []
    with listening_tls(wants(form, logins), server_context(localhost)) as url:
        words = ("ask", "--at", url, "--ca", str(localhost.file), *user, "df")
        assert shell.run(*words, environment=PASSWORD).returncode == 126
    assert logins == [sent]


def test_a_door_that_asks_for_a_name_says_so_before_a_password_is_asked_for(
    localhost: Written, shell: Shell
) -> None:
    logins: list[bytes] = []
    with listening_tls(wants(b"user password", logins), server_context(localhost)) as url:
        words = shell.words("ask", "--at", url, "--ca", str(localhost.file), "df")
        status, text = typed_at_prompts(shell, words, [])
    assert (status, logins) == (125, [])
    told = f"doorward: {url}: login: this door asks for a name beside the password. Add --user NAME."
    assert text.strip() == told


def test_the_other_subcommands_take_the_same_options(door: Door, shell: Shell) -> None:
    for words in (("runs",), ("status",), ("attach", "7"), ("cancel", "7")):
        run = shell.run(words[0], *door.at, *words[1:], environment=PASSWORD)
        assert (run.returncode, run.stdout) == (0, f"{' '.join(words)}\n")


# Trust


def test_a_fingerprint_that_an_error_shows_can_be_typed(door: Door, shell: Shell) -> None:
    words = ("ask", "--at", door.url, "--user", "alice")
    stranger = shell.run(*words, "df", environment=PASSWORD)
    assert stranger.returncode == 125
    assert stranger.stderr.startswith(f"doorward: {door.url}: TLS: the server's certificate is self-signed, ")
    assert len(stranger.stderr.splitlines()) == 1
    assert door.server.logins == []
    shown = stranger.stderr.partition("--fingerprint ")[2].partition(";")[0]
    assert shell.run(*words, "--fingerprint", shown, "df", environment=PASSWORD).stdout == "df\n"
    by_name = {**PASSWORD, "DOORWARD_FINGERPRINT": shown}
    assert shell.run(*words, "df", environment=by_name).stdout == "df\n"


def test_another_fingerprint_says_nothing_to_the_server(door: Door, shell: Shell) -> None:
    words = ("ask", "--at", door.url, "--user", "alice", "--fingerprint", "0" * 64)
    run = shell.run(*words, "df", environment=PASSWORD)
    assert run.returncode == 125
    assert "has another fingerprint: SHA256:" in run.stderr
    assert door.server.logins == []


def test_what_is_no_fingerprint_is_a_mistake_in_the_words(shell: Shell) -> None:
    run = shell.run("ask", "--at", "tls://127.0.0.1:1", "--fingerprint", "abc", "df")
    assert run.returncode == 125
    assert "'abc' is no fingerprint: expected SHA256: and 64 hexadecimal digits" in run.stderr


def test_the_file_of_authorities_comes_from_the_environment_too(door: Door, shell: Shell) -> None:
    words = ("ask", "--at", door.url, "--user", "alice", "df")
    environment = {**PASSWORD, "DOORWARD_CA": str(door.certificate.file)}
    assert shell.run(*words, environment=environment).stdout == "df\n"


def state_with(folder: Path, certificate: Written) -> Path:
    folder.mkdir(mode=0o700, parents=True)
    shutil.copy(certificate.file, folder / "cert.pem")
    return folder


@pytest.fixture
def nameless(tmp_path: Path) -> Written:
    """A certificate that fits no name that is asked for."""
    return self_signed(tmp_path / "nameless", "elsewhere.example")


def test_the_certificate_of_ones_own_state_is_believed(nameless: Written, shell: Shell) -> None:
    with listening_tls(LoginServer("sesame"), server_context(nameless)) as url:
        words = ("ask", "--at", url, "df")
        named = state_with(shell.folder / "named", nameless)
        assert shell.run(*words, environment=PASSWORD).returncode == 125
        assert shell.run(words[0], "--state", str(named), *words[1:], environment=PASSWORD).stdout == "df\n"
        local = state_with(shell.folder / ".doorward", nameless)
        assert shell.run(*words, environment=PASSWORD).stdout == "df\n"
        local.chmod(0o777)  # anybody may have put it there
        assert shell.run(*words, environment=PASSWORD).returncode == 125
        state_with(Path(shell.environment["HOME"]) / ".local/state/doorward", nameless)
        assert shell.run(*words, environment=PASSWORD).stdout == "df\n"
        elsewhere = state_with(shell.folder / "other", self_signed(shell.folder / "made", "localhost"))
        other = shell.run(words[0], "--state", str(elsewhere), *words[1:], environment=PASSWORD)
        assert other.returncode == 125, "a state that was named stands alone"


def test_a_state_without_a_certificate_that_can_be_read_is_passed_over(shell: Shell, door: Door) -> None:
    for content in (b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\n!\n", b"\xff" * 100_000):
        state = shell.folder / ".doorward"
        state.mkdir(mode=0o700, exist_ok=True)
        (state / "cert.pem").write_bytes(content)
        assert shell.run("ask", *door.at, "df", environment=PASSWORD).stdout == "df\n"
        without = shell.run("ask", "--at", door.url, "df", environment=PASSWORD)
        assert "self-signed" in without.stderr


def test_who_finds_no_socket_does_not_try_tls(door: Door, shell: Shell) -> None:
    state = state_with(shell.folder / ".doorward", door.certificate)
    (state / "doors.json").write_text(json.dumps({"tls": [door.url.removeprefix("tls://")]}))
    assert "no daemon found" in shell.run("ask", "df", environment=PASSWORD).stderr


# A client's certificate


def test_a_certificate_logs_in(localhost: Written, root: Authority, shell: Shell) -> None:
    alice = root.issue(shell.folder / "alice", "alice")
    shown: list[bytes | None] = []

    def handle(peer: socket.socket) -> None:
        assert isinstance(peer, ssl.SSLSocket)
        shown.append(peer.getpeercert(binary_form=True))
        old_server(peer)

    context = server_context(localhost, client_authority=root.file)
    with listening_tls(handle, context) as url:
        words = ("ask", "--at", url, "--ca", str(localhost.file), "--client-certificate", "alice/cert.pem")
        run = shell.run(*words, "--client-key", "alice/cert.key", "df")
        assert (run.returncode, run.stdout) == (125, "Welcome.\nyou said df\n")
        both = shell.folder / "both.pem"
        both.write_text(alice.file.read_text() + alice.key.read_text())
        both.chmod(0o600)
        run = shell.run(*words[:-1], "both.pem", "df")
        assert run.stdout == "Welcome.\nyou said df\n"
    assert set(shown) == {alice.der}


def test_a_key_that_others_can_read_is_refused(localhost: Written, root: Authority, shell: Shell) -> None:
    alice = root.issue(shell.folder / "alice", "alice")
    alice.key.chmod(0o640)
    words = ("ask", "--at", "tls://127.0.0.1:1", "--client-certificate", str(alice.file))
    run = shell.run(*words, "--client-key", str(alice.key), "df")
    assert run.returncode == 1
    assert f"{alice.key} holds a private key and others may read it; type: chmod 600" in run.stderr


def test_a_key_alone_is_a_mistake_in_the_words(shell: Shell) -> None:
    run = shell.run("ask", "--at", "tls://127.0.0.1:1", "--client-key", "key.pem", "df")
    assert run.returncode == 125
    assert "--client-key goes with --client-certificate" in run.stderr


# What goes wrong


def test_a_peer_without_frames_is_shown_and_its_status_is_unknown(localhost: Written, shell: Shell) -> None:
    with listening_tls(old_server, server_context(localhost)) as url:
        run = shell.run("ask", "--at", url, "--ca", str(localhost.file), "df")
    assert (run.returncode, run.stdout) == (125, "Welcome.\nyou said df\n")
    assert run.stderr == "doorward: the peer speaks no frames, so the exit status is unknown\n"


def test_each_failure_says_its_phase_and_what_to_do(root: Authority, shell: Shell) -> None:
    old = expired(shell.folder / "old", "127.0.0.1")
    with listening_tls(old_server, server_context(old)) as url:
        run = shell.run("ask", "--at", url, "--ca", str(old.file), "df")
        assert run.returncode == 125
        assert f"{url}: TLS: the server's certificate has expired. If its keeper" in run.stderr
    named = root.issue(shell.folder / "named", "elsewhere.example")
    with listening_tls(old_server, server_context(named)) as url:
        run = shell.run("ask", "--at", url, "--ca", str(root.file), "df")
        assert f"{url}: TLS: the server's certificate is for another name: " in run.stderr
    with listening(old_server) as url:
        run = shell.run("ask", "--at", url.replace("tcp", "tls"), "df")
        assert (run.returncode, "TLS: what answers there does not speak TLS" in run.stderr) == (125, True)
    with listening(lambda _peer: None) as url:
        run = shell.run("ask", "--at", url.replace("tcp", "tls"), "df")
        assert (run.returncode, "It may be full, or make this address wait" in run.stderr) == (125, True)


def test_ctrl_c_leaves_a_handshake_that_does_not_end(shell: Shell) -> None:
    has_begun = threading.Event()

    def wait(peer: socket.socket) -> None:
        while peer.recv(65536):
            has_begun.set()

    with listening(wait) as url:
        process = shell.start("ask", "--at", url.replace("tcp", "tls"), "df")
        assert has_begun.wait(BOUND_SECONDS)
        process.send_signal(signal.SIGINT)
        assert finish(process) == (130, b"", b"\n")


def test_completion_asks_nobody_for_a_password(door: Door, shell: Shell) -> None:
    words = f"doorward ask --at {door.url} --ca {door.certificate.file} "
    environment = {
        **shell.environment,
        "_DOORWARD_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": "6",
    }
    status, text = typed_at_prompts(Shell(shell.folder, environment), shell.words(), [])
    assert "Password" not in text
    assert status == 0
    assert door.server.logins == []
