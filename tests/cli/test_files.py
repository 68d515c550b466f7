"""`doorward files`, as a person calls it."""

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daemon import OPEN_SECONDS, Shell, await_text

pytestmark = pytest.mark.needs_program("curl", package="curl")

LAST_LINE = "Ctrl-C ends it.\n"


@pytest.fixture
def folder(shell: Shell) -> Path:
    (shell.folder / "a.txt").write_text("here it is\n")
    (shell.folder / ".hidden").write_text("hidden\n")
    return shell.folder


@contextmanager
def showing(
    shell: Shell, *words: str, password: str = ""
) -> Iterator[tuple["subprocess.Popen[str]", str, str]]:
    """The running program, what it said, and the address in it that this machine reaches."""
    environment = {**shell.environment, **({"DOORWARD_PASSWORD": password} if password else {})}
    process = subprocess.Popen(
        shell.words("files", *words),
        cwd=shell.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said = await_text(process, LAST_LINE, within_seconds=OPEN_SECONDS)
        found = re.search(r"(https?)://\S+?:(\d+)/", said)
        assert found is not None
        yield process, said, f"{found[1]}://127.0.0.1:{found[2]}"
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def curl(*words: str) -> str:
    argv = ["curl", "-sk", "--max-time", "20", *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def status(*words: str) -> str:
    return curl("-o", "/dev/null", "-w", "%{http_code}", *words)


def test_this_folder_is_shown_to_this_machine_until_ctrl_c(shell: Shell, folder: Path) -> None:
    with showing(shell, "--port", "0") as (process, said, url):
        assert said.startswith(f"{folder} is shown at http://127.0.0.1:")
        assert curl(f"{url}/a.txt") == "here it is\n"
        assert status(f"{url}/.hidden") == "404"
        assert status("-H", "Host: evil.example", f"{url}/a.txt") == "421"
        foreign = ("-H", "Sec-Fetch-Site: cross-site", "-H", "Sec-Fetch-Mode: no-cors")
        assert status(*foreign, f"{url}/a.txt") == "403"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
        assert process.returncode == 0
    lines = told.splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d 127\.0\.0\.1 GET /a\.txt 200 11 bytes [\d.]+ ms", lines[0])
    assert "GET /.hidden 404 22 bytes" in lines[1]
    assert [line.split()[4] for line in lines] == ["200", "404", "421", "403"]


def test_quiet_tells_of_no_request_and_all_shows_what_is_hidden(shell: Shell, folder: Path) -> None:
    with showing(shell, str(folder), "--port", "0", "--quiet", "--all", "--no-listing") as (process, _, url):
        assert curl(f"{url}/.hidden") == "hidden\n"
        assert status(f"{url}/") == "404"
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20)[1] == ""
        assert process.returncode == 0


def test_a_taken_port_is_an_error_when_it_was_named(shell: Shell, folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = shell.run("files", str(folder), "--port", str(taken.getsockname()[1]))
    assert run.returncode == 1
    assert "Address already in use" in run.stderr


def test_the_next_port_is_taken_and_said_when_none_was_named(shell: Shell, folder: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        except OSError:
            pass  # somebody else has it, which is as good
        with showing(shell) as (_, said, url):
            assert "Port 8080 is taken, so it is " in said
            assert curl(f"{url}/a.txt") == "here it is\n"


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_away_from_loopback_a_word_more_is_wanted(shell: Shell, folder: Path, address: str) -> None:
    run = shell.run("files", str(folder), "--listen", address, "--port", "0")
    assert run.returncode == 2
    assert "--open" in run.stderr
    assert "--user NAME" in run.stderr


def test_open_shows_it_to_everybody(shell: Shell, folder: Path) -> None:
    with showing(shell, "--listen", "0.0.0.0", "--port", "0", "--open") as (_, said, url):
        assert "Whoever reaches this machine can read it." in said
        assert curl("-H", "Sec-Fetch-Site: cross-site", f"{url}/a.txt") == "here it is\n"


def test_a_user_is_asked_for_a_password_over_tls(shell: Shell, folder: Path, tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    words = ("--listen", "0.0.0.0", "--port", "0", "--user", "alice", "--state", state)
    with showing(shell, *words, password="sesame") as (_, said, url):
        assert url.startswith("https://")
        assert "SHA-256" in said
        assert status(f"{url}/a.txt") == "401"
        assert status("-u", "alice:wrong", f"{url}/a.txt") == "401"
        assert curl("-u", "alice:sesame", f"{url}/a.txt") == "here it is\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nowhere",), "nowhere is not there"),
        (("a.txt",), "a.txt is no folder"),
        (("--listen", "example.org"), "is no address"),
        (("--user", "a", "--open"), "take one of them"),
        (("--user", "a:b"), "a name has no colon"),
        (("--key", "k.pem"), "--key goes with --certificate"),
        (("--user", "alice"), "a password is wanted"),
    ],
)
def test_what_cannot_be_is_told(shell: Shell, folder: Path, words: tuple[str, ...], told: str) -> None:
    run = shell.run("files", *words)
    assert run.returncode in {1, 2}
    assert told in run.stderr
    assert "Traceback" not in run.stderr
