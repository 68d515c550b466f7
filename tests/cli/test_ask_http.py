"""`doorward ask --at http(s)://...` as a shell sees it: what differs from the other doors."""

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.certificates import Written
from tests.cli.test_ask import finish, read_until
from tests.cli.web_doors import (
    HOUSE,
    LIMITS,
    PASSWORD,
    USERS,
    new_token,
    start_web_daemon,
    web_url,
)
from tests.daemon import ANSWER_SECONDS, COMMANDS, RunningDaemon, Shell, StartDaemon, typed_at_prompts
from tests.doors.daemon import until

TLS = f"""
[doors.unix]
[doors.web]
listen = ["127.0.0.1:0"]
certificate = "{{}}"
key = "{{}}"
{LIMITS}
"""


@pytest.fixture
def web(start_daemon: StartDaemon) -> RunningDaemon:
    """A daemon with a web door, whose shell has neither its address nor anything to log in with."""
    return start_daemon(HOUSE)


def ask_at(web: RunningDaemon, *words: str) -> tuple[str, ...]:
    return ("ask", "--at", web_url(web), *words)


# Who asks


def test_a_password_comes_from_the_environment_a_file_or_a_prompt(web: RunningDaemon) -> None:
    secret = web.shell.folder / "secret"
    secret.write_text("sesame\n")
    secret.chmod(0o600)
    words = ask_at(web, "--user", "bob")
    assert "you are bob" in web.shell.run(*words, "whoami", environment=PASSWORD).stdout
    assert "you are bob" in web.shell.run(*words, "--password-file", "secret", "whoami").stdout
    status, text = typed_at_prompts(web.shell, web.shell.words(*words, "whoami"), ["sesame"])
    assert status == 0
    assert text.startswith(f"Password for {web_url(web)}: ")
    assert "you are bob" in text
    nowhere = web.shell.run(*words, "whoami")
    assert nowhere.returncode == 125
    assert "there is no terminal to ask for it" in nowhere.stderr


def test_a_wrong_password_is_126(web: RunningDaemon) -> None:
    run = web.shell.run(*ask_at(web, "--user", "bob", "df"), environment={"DOORWARD_PASSWORD": "open"})
    assert (run.returncode, run.stdout, run.stderr) == (126, "", "doorward: wrong name or password\n")


def test_without_a_name_a_door_of_many_says_what_to_add(web: RunningDaemon) -> None:
    run = web.shell.run(*ask_at(web, "df"), environment=PASSWORD)
    assert run.returncode == 125
    assert run.stderr.endswith("asks for a name beside the password. Add --user NAME.\n")


def test_a_token_comes_from_a_file_or_the_environment(web: RunningDaemon) -> None:
    token = new_token(web, "bob")
    file = web.shell.folder / "token"
    file.write_text(f"{token}\n")
    file.chmod(0o600)
    assert "you are bob" in web.shell.run(*ask_at(web, "--token-file", "token", "whoami")).stdout
    by_name = {"DOORWARD_TOKEN": token}
    assert "you are bob" in web.shell.run(*ask_at(web, "whoami"), environment=by_name).stdout
    # who is named on the command line counts before what stands in the environment
    named = web.shell.run(*ask_at(web, "--user", "alice", "whoami"), environment={**by_name, **PASSWORD})
    assert "you are alice" in named.stdout
    wrong = web.shell.run(*ask_at(web, "whoami"), environment={"DOORWARD_TOKEN": token[:-1]})
    assert (wrong.returncode, wrong.stdout) == (126, "")
    file.chmod(0o644)
    open_to_all = web.shell.run(*ask_at(web, "--token-file", "token", "whoami"))
    assert (open_to_all.returncode, "chmod 600 token" in open_to_all.stderr) == (1, True)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("", "is empty and so no token"), ("two words\n", "is no token"), ("gr\xfcn\n", "is no token")],
)
def test_what_is_no_token_is_told_and_not_sent(web: RunningDaemon, content: str, complaint: str) -> None:
    file = web.shell.folder / "token"
    file.write_text(content)
    file.chmod(0o600)
    run = web.shell.run(*ask_at(web, "--token-file", "token", "whoami"))
    assert run.returncode == 1
    assert complaint in run.stderr


def test_a_token_file_stands_alone(web: RunningDaemon) -> None:
    for other in (("--user", "bob"), ("--password-file", "/dev/null")):
        run = web.shell.run(*ask_at(web, "--token-file", "/dev/null", *other, "whoami"))
        assert run.returncode == 125
        assert "--token-file stands alone" in run.stderr


def test_over_plain_http_to_another_machine_nothing_to_log_in_with_is_sent(web: RunningDaemon) -> None:
    # reaches this machine, and does not say so
    url = f"http://0.0.0.0:{web.doors['web'][0].rpartition(':')[2]}"
    for given in (PASSWORD, {"DOORWARD_TOKEN": new_token(web, "bob")}):
        user = ("--user", "bob") if given is PASSWORD else ()
        words = ("ask", "--at", url, *user)
        run = web.shell.run(*words, "whoami", environment=given)
        assert run.returncode == 125
        assert run.stderr.startswith(f"doorward: {url}: login: this way to another machine is not encrypted")
        allowed = web.shell.run(*words, "--unencrypted", "whoami", environment=given)
        assert "you are bob" in allowed.stdout

    def logins() -> list[str]:
        lines = (web.state / "audit.jsonl").read_text().splitlines()
        return [line for line in lines if '"login"' in line and '"door":"web"' in line]

    # the trail is written a moment later
    until(lambda: len(logins()) >= 2, "two logins in the audit trail")
    assert len(logins()) == 2


# Whom we take for it


@pytest.fixture
def tls_web(start_daemon: StartDaemon, localhost: Written) -> RunningDaemon:
    """A daemon whose web door has TLS, with a certificate of its keeper's."""
    file, key = localhost.file, localhost.key
    return start_daemon(TLS.format(file, key) + USERS + COMMANDS)


def test_over_tls_a_server_is_trusted_as_at_the_tls_door(tls_web: RunningDaemon, localhost: Written) -> None:
    url = web_url(tls_web, scheme="https")
    words = ("ask", "--at", url, "--user", "bob")
    stranger = tls_web.shell.run(*words, "whoami", environment=PASSWORD)
    assert stranger.returncode == 125
    assert stranger.stderr.startswith(f"doorward: {url}: TLS: the server's certificate is self-signed, ")
    shown = stranger.stderr.partition("--fingerprint ")[2].partition(";")[0]
    other = tls_web.shell.run(*words, "--fingerprint", "0" * 64, "whoami", environment=PASSWORD)
    assert (other.returncode, "has another fingerprint: SHA256:" in other.stderr) == (125, True)
    assert '"login"' not in (tls_web.state / "audit.jsonl").read_text()
    by_fingerprint = tls_web.shell.run(*words, "--fingerprint", shown, "whoami", environment=PASSWORD)
    assert "you are bob" in by_fingerprint.stdout
    by_ca = tls_web.shell.run(*words, "--ca", str(localhost.file), "whoami", environment=PASSWORD)
    assert "you are bob" in by_ca.stdout


def test_a_certificate_to_log_in_with_is_shown_only_where_somebody_vouches(
    tls_web: RunningDaemon, localhost: Written
) -> None:
    mine = ("--client-certificate", str(localhost.file), "--client-key", str(localhost.key))
    words = ("ask", "--at", web_url(tls_web, scheme="https"), "--user", "bob", *mine)
    by_itself = tls_web.shell.run(
        *words, "--fingerprint", localhost.fingerprint, "whoami", environment=PASSWORD
    )
    assert by_itself.returncode == 125
    assert "is not shown to a server known by its fingerprint" in by_itself.stderr
    vouched = tls_web.shell.run(*words, "--ca", str(localhost.file), "whoami", environment=PASSWORD)
    assert "you are bob" in vouched.stdout


def test_the_own_certificate_of_a_named_state_is_trusted(start_daemon: StartDaemon) -> None:
    # an address that is not loopback's gets TLS and a certificate of the daemon's own
    house = f'[doors.unix]\n[doors.web]\nlisten = ["0.0.0.0:0"]\n{LIMITS}' + USERS + COMMANDS
    daemon = start_daemon(house)
    url = f"https://127.0.0.1:{daemon.doors['web'][0].rpartition(':')[2]}"
    words = ("ask", "--at", url, "--user", "bob")
    unknown = daemon.shell.run(*words, "whoami", environment=PASSWORD)
    assert (unknown.returncode, ": TLS: " in unknown.stderr) == (125, True)
    known = daemon.shell.run(*words, "--state", str(daemon.state), "whoami", environment=PASSWORD)
    assert "you are bob" in known.stdout


def test_http_and_https_are_told_apart(web: RunningDaemon, tls_web: RunningDaemon) -> None:
    plain = web.shell.run("ask", "--at", web_url(web, scheme="https"), "df", environment=PASSWORD)
    assert plain.returncode == 125
    assert ": TLS: what answers there does not speak TLS" in plain.stderr
    secured = tls_web.shell.run("ask", "--at", web_url(tls_web), "df", environment=PASSWORD)
    assert secured.returncode == 125
    assert "One with TLS wants https://" in secured.stderr


def test_another_door_is_no_web_door(web: RunningDaemon) -> None:
    url = f"http://{web.doors['tcp'][0]}"
    run = web.shell.run("ask", "--at", url, "df", environment=PASSWORD)
    assert run.returncode == 125
    assert run.stderr.startswith(f"doorward: {url}: read: ")
    assert len(run.stderr.splitlines()) == 1


def test_a_proxy_of_the_environment_is_not_used(web: RunningDaemon) -> None:
    nowhere = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), "http://127.0.0.1:1")
    netrc = Path(web.shell.environment["HOME"]) / ".netrc"
    netrc.write_text("machine 127.0.0.1 login alice password wrong\n")
    netrc.chmod(0o600)
    environment = {**nowhere, **PASSWORD}
    assert (
        "you are bob"
        in web.shell.run(*ask_at(web, "--user", "bob", "whoami"), environment=environment).stdout
    )


def test_where_nobody_listens_the_address_is_told(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    run = shell.run("ask", "--at", url, "df")
    assert run.returncode == 125
    assert run.stderr.startswith(f"doorward: {url}: connect: connection refused. Is the daemon running?")


# What is asked


def test_input_goes_whole_whatever_its_bytes(web: RunningDaemon) -> None:
    file = web.shell.folder / "given"
    file.write_bytes(os.urandom(900_000))
    with file.open("rb") as given:
        process = web.shell.start(
            *ask_at(web, "--token-file", str(token_file(web)), "copy"), stdin=given.fileno()
        )
        status, out, err = finish(process)
    assert (status, out, err) == (0, file.read_bytes(), b"")


def test_input_that_is_too_long_is_an_error_that_says_so(web: RunningDaemon) -> None:
    run = web.shell.run(*ask_at(web, "--token-file", str(token_file(web)), "copy"), stdin="x" * 5_000_000)
    assert (run.returncode, run.stdout) == (125, "")
    assert run.stderr.startswith(f"doorward: {web_url(web)}: send: ")
    assert "2 MiB unless http_body_bytes says more there" in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_output_that_is_no_text_comes_as_it_is(web: RunningDaemon) -> None:
    process = web.shell.start(*ask_at(web, "--token-file", str(token_file(web)), "bytes"))
    assert finish(process) == (0, b"\xff" * 300_000, b"")


def test_words_that_are_no_utf8_are_refused_here(web: RunningDaemon) -> None:
    process = web.shell.start(*ask_at(web, "--token-file", str(token_file(web)), "echo", "\udcff"))
    status, out, err = finish(process)
    assert (status, out) == (126, b"")
    assert b"no UTF-8" in err


def test_the_other_subcommands_take_it_too(start_daemon: StartDaemon) -> None:
    shell = start_web_daemon(start_daemon).shell
    process = shell.start("ask", "wait")
    read_until(process, b"begun\n")
    listed = json.loads(shell.run("runs", "--json").stdout)
    number = next(run["run"] for run in listed if run["outcome"] is None)
    follower = shell.start("attach", str(number))
    read_until(follower, b"begun\n")
    assert "doors" in json.loads(shell.run("status", "--json").stdout)
    stopped = shell.run("cancel", str(number))
    assert (stopped.returncode, stopped.stdout) == (0, f"Run {number} is being stopped.\n")
    for each in (process, follower):
        assert finish(each)[0] == 143


def test_ctrl_c_takes_an_admin_off_a_run_that_is_others_too(start_daemon: StartDaemon) -> None:
    daemon = start_web_daemon(start_daemon)
    bob = {"DOORWARD_TOKEN": new_token(daemon, "bob")}
    others = Shell(daemon.shell.folder, {**daemon.shell.environment, **bob}).start("ask", "watch")
    own = [daemon.shell.start("ask", "watch") for _ in range(2)]
    for each in (others, *own):
        read_until(each, b"begun\n")
    own[0].send_signal(signal.SIGINT)
    status, _, err = finish(own[0])
    assert status == 130
    assert b"goes on for others" in err
    # another terminal of one's own goes on
    assert own[1].poll() is None
    assert others.poll() is None
    own[1].send_signal(signal.SIGINT)
    assert finish(own[1])[0] == 130
    others.send_signal(signal.SIGINT)
    assert finish(others) == (130, b"", b"doorward: cancelled\n")


# Connections that break


@contextmanager
def cut_off(address: str, *, after_bytes: int, times: int) -> Iterator[tuple[str, list[int]]]:
    """
    Forward connections to `address`, and cut those that stream, once each has brought so many bytes.

    Yields the URL, and a list that gets the bytes of each connection that was cut.
    """
    cuts: list[int] = []
    host, _, port = address.rpartition(":")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def forward(peer: socket.socket) -> None:
            with peer, socket.create_connection((host, int(port))) as server:
                up = threading.Thread(target=pump, args=(peer, server))
                up.start()
                came, is_stream = 0, False
                with suppress(OSError):
                    while data := server.recv(65536):
                        peer.sendall(data)
                        is_stream = is_stream or b"text/event-stream" in data
                        came += len(data)
                        if is_stream and came > after_bytes and len(cuts) < times:
                            cuts.append(came)
                            break
                for each in (peer, server):
                    with suppress(OSError):
                        each.shutdown(socket.SHUT_RDWR)
                up.join()

        def serve() -> None:
            with suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    thread = threading.Thread(target=forward, args=(peer,))
                    threads.append(thread)
                    thread.start()

        threads: list[threading.Thread] = [threading.Thread(target=serve)]
        threads[0].start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", cuts
        listener.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join(ANSWER_SECONDS)


def pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)


def test_a_broken_stream_is_gone_on_with_and_nothing_is_lost_or_told_twice(web: RunningDaemon) -> None:
    words = ("--token-file", str(token_file(web)), "count")
    with cut_off(web.doors["web"][0], after_bytes=520, times=3) as (url, cuts):
        run = web.shell.run("ask", "--at", url, *words)
    assert len(cuts) == 3
    assert (run.returncode, run.stdout, run.stderr) == (0, "1\n2\n3\n4\n5\n6\n7\n8\n", "")


def test_a_stream_that_breaks_again_and_again_is_given_up(web: RunningDaemon) -> None:
    words = ("--token-file", str(token_file(web)), "wait")
    with cut_off(web.doors["web"][0], after_bytes=0, times=1000) as (url, cuts):
        run = web.shell.run("ask", "--at", url, *words)
    assert run.returncode == 125
    # aiohttp makes two of a try whose answer did not begin, and the output may come with the second try only
    assert 6 <= len(cuts) <= 14
    assert "before the answer was complete. How the command ended is not known" in run.stderr
    assert len(run.stderr.splitlines()) == 1


def token_file(web: RunningDaemon) -> Path:
    """A file with a token of bob's."""
    file = web.shell.folder / "token-of-bob"
    file.write_text(new_token(web, "bob"))
    file.chmod(0o600)
    return file
