"""`doorward fetch`, as a person calls it."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from doorward.cli.root import run
from tests.cli.echoing import Echo, echoing
from tests.daemon import ANSWER_SECONDS, Shell, typed_at_prompts
from tests.fetch_servers import Site, parts_in

pytestmark = pytest.mark.needs_program("nginx", package="nginx-light")


Call = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def call(shell: Shell, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    """Call it in this process, where a loop that is held up is noticed."""
    monkeypatch.chdir(shell.folder)

    def call(
        *words: str, stdin: str = "", environment: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        with monkeypatch.context() as patched, tempfile.TemporaryFile("w+") as given:
            for name in os.environ:
                patched.delenv(name)
            for name, value in {**shell.environment, **(environment or {})}.items():
                patched.setenv(name, value)
            given.write(stdin)
            given.seek(0)
            patched.setattr(sys, "stdin", given)
            status = run(words)
        out, err = capfd.readouterr()
        return subprocess.CompletedProcess(words, status, out, err)

    return call


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    with echoing() as server:
        yield server


def test_a_page_goes_to_the_screen(call: Call, nginx: Site) -> None:
    typed = call("fetch", f"{nginx.plain}/hello.txt")
    assert (typed.returncode, typed.stderr) == (0, "")
    assert typed.stdout == "hello there\n" * 50


def test_a_form_is_posted_and_what_was_posted_comes_back(call: Call, echo: Echo) -> None:
    typed = call("fetch", f"{echo.url}/form", "--form", "p1=6", "--form", "p2=alpha & omega")
    assert typed.returncode == 0, typed.stderr
    said = json.loads(typed.stdout)
    assert said["verb"] == "POST"
    assert said["headers"]["content-type"] == "application/x-www-form-urlencoded"
    assert said["body"] == "p1=6&p2=alpha+%26+omega"


def test_a_file_is_uploaded_in_a_form(call: Call, shell: Shell, echo: Echo) -> None:
    (shell.folder / 'a"b.txt').write_text("of a file\n")
    (shell.folder / "field").write_text("of another\n")
    typed = call(
        "fetch", f"{echo.url}/form", "--form", "p1=6", "--form", "p2@field", "--upload", 'doc=@a"b.txt'
    )
    assert typed.returncode == 0, typed.stderr
    said = json.loads(typed.stdout)
    assert said["headers"]["content-type"].startswith("multipart/form-data; boundary=")
    assert int(said["headers"]["content-length"]) == len(said["body"].encode())
    assert 'name="p1"\r\n\r\n6\r\n' in said["body"]
    assert 'name="p2"\r\n\r\nof another\r\n' in said["body"]
    assert (
        'name="doc"; filename="a%22b.txt"\r\nContent-Type: text/plain\r\n\r\nof a file\n\r\n' in said["body"]
    )


@pytest.mark.parametrize("words", ['{"on": true}', "@on.json", "-"])
def test_json_comes_from_the_words_a_file_or_stdin(call: Call, shell: Shell, echo: Echo, words: str) -> None:
    (shell.folder / "on.json").write_text('{"on": true}')
    typed = call("fetch", f"{echo.url}/api", "--json", words, stdin='{"on": true}')
    said = json.loads(typed.stdout)
    assert (said["headers"]["content-type"], said["body"]) == ("application/json", '{"on": true}')


def test_headers_and_the_method_are_sent_as_they_are_typed(call: Call, shell: Shell, echo: Echo) -> None:
    (shell.folder / "key").write_text("apiKey: secret\n\nX-Two: 2\n")
    words = ("--header", "Accept: text/html", "--header", "@key", "--method", "put")
    said = json.loads(call("fetch", f"{echo.url}/", *words).stdout)
    assert said["verb"] == "PUT"
    headers = said["headers"]
    assert [headers[name] for name in ("accept", "apikey", "x-two")] == ["text/html", "secret", "2"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--header", "no header"], "no header such as"),
        (["--form", "p1"], "no field such as"),
        (["--upload", "p1"], "no upload such as"),
        (["--json", "{"], "is no JSON"),
        (["--json", "{}", "--form", "a=b"], "--json stands alone"),
        (["--continue"], "--continue goes with -o FILE"),
        (["--head", "--form", "a=b"], "--head stands alone"),
        (["--max-size", "x"], "is no size such as"),
        (["--user", "a:b"], "a name has no colon"),
        (["--password-file", "x"], "--password-file goes with --user"),
        (["--user", "a", "--bearer-file", "x"], "--bearer-file stands alone"),
    ],
)
def test_words_that_make_no_request_are_told_before_anything_is_asked(
    call: Call, words: list[str], problem: str
) -> None:
    typed = call("fetch", "http://127.0.0.1:1/", *words)
    assert typed.returncode == 2
    assert problem in typed.stderr


def test_a_file_is_saved_under_its_name(call: Call, shell: Shell, nginx: Site) -> None:
    typed = call("fetch", f"{nginx.plain}/blob", "-o", "blob")
    assert (typed.returncode, typed.stdout, typed.stderr) == (0, "", "")
    assert (shell.folder / "blob").read_bytes() == (nginx.root / "blob").read_bytes()
    assert os.listdir(shell.folder) == ["blob"]


def test_bytes_reach_a_pipe_as_they_are(shell: Shell, nginx: Site) -> None:
    words = shell.words("fetch", f"{nginx.plain}/blob")
    run = subprocess.run(
        words, capture_output=True, cwd=shell.folder, env=dict(shell.environment), check=True, timeout=30
    )
    assert run.stdout == (nginx.root / "blob").read_bytes()


def test_on_a_terminal_text_commands_nothing_and_what_is_no_text_is_kept_back(
    shell: Shell, nginx: Site
) -> None:
    (nginx.root / "escape.txt").write_text("a\x1b[31mb\x07\r\n\u202ec é\n")
    status, text = typed_at_prompts(shell, shell.words("fetch", f"{nginx.plain}/escape.txt"), [])
    assert (status, text) == (0, "a\\x1b[31mb\\x07\r\n\\u202ec é\r\n")
    status, text = typed_at_prompts(shell, shell.words("fetch", f"{nginx.plain}/blob"), [])
    assert status == 1
    assert "-o FILE saves it" in text
    status, text = typed_at_prompts(shell, shell.words("fetch", f"{nginx.plain}/escape.txt", "-o", "-"), [])
    assert "\x1b[31mb" in text


def test_a_bar_is_shown_on_a_terminal_and_goes_away(shell: Shell, nginx: Site) -> None:
    status, text = typed_at_prompts(shell, shell.words("fetch", f"{nginx.plain}/blob", "-o", "b"), [])
    assert status == 0
    assert "2.0/2.0 MiB" in text
    _, text = typed_at_prompts(shell, shell.words("fetch", f"{nginx.plain}/blob", "-o", "b", "--quiet"), [])
    assert text == ""


def test_the_head_is_shown_where_it_is_wanted(call: Call, nginx: Site) -> None:
    typed = call("fetch", "--include", f"{nginx.plain}/empty")
    assert typed.stdout.startswith("HTTP 200 OK\nServer: nginx")
    assert typed.stdout.endswith("\n\n")
    typed = call("fetch", "--head", f"{nginx.plain}/blob")
    assert "Content-Length: 2097152\n" in typed.stdout


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/nothing", 4, "404 Not Found; page was not written"),
        ("/private/hello.txt", 126, "401 Unauthorized; page was not written. --user NAME"),
        ("/loop", 125, "redirect: more than 5 redirects"),
    ],
)
def test_the_exit_status_says_what_the_server_did(
    call: Call, nginx: Site, path: str, status: int, told: str
) -> None:
    before = os.listdir()
    typed = call("fetch", nginx.plain + path, "-o", "page")
    assert typed.returncode == status
    assert told in typed.stderr
    assert len(typed.stderr.splitlines()) == 1
    assert os.listdir() == before


@pytest.mark.parametrize("words", [[], ["--include"]])
def test_a_full_disk_behind_stdout_is_told(shell: Shell, nginx: Site, words: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        run = subprocess.run(
            shell.words("fetch", f"{nginx.plain}/hello.txt", *words),
            stdout=full,
            stderr=subprocess.PIPE,
            env=dict(shell.environment),
            check=False,
            timeout=ANSWER_SECONDS,
        )
    told = "doorward: what came cannot be put out on stdout: no space left on device\n"
    assert (run.returncode, run.stderr.decode()) == (1, told)


def test_a_login_that_is_not_taken_is_told_otherwise_than_none(call: Call, nginx: Site) -> None:
    url = f"{nginx.plain}/private/hello.txt"
    environment = {"DOORWARD_PASSWORD": "wrong"}
    typed = call("fetch", url, "--user", "alice", environment=environment)
    assert typed.stderr.endswith("401 Unauthorized. The login that was given is not taken\n")
    typed = call("fetch", url.replace("//", "//alice:wrong@"))
    assert typed.stderr.endswith("401 Unauthorized. The login that was given is not taken\n")
    typed = call("fetch", url, "--netrc", environment={"NETRC": "/no/netrc"})
    assert typed.stderr.endswith(". /no/netrc has no login for this host, or one that is not taken\n")
    assert call("fetch", url).stderr.endswith(". --user NAME, --bearer-file or --netrc logs in\n")


def test_the_page_of_an_error_goes_to_the_screen(call: Call, nginx: Site) -> None:
    typed = call("fetch", f"{nginx.plain}/nothing")
    assert typed.returncode == 4
    assert "<h1>404 Not Found</h1>" in typed.stdout
    assert typed.stderr == f"doorward: {nginx.plain}/nothing: 404 Not Found\n"


def test_a_server_that_fails_is_told_apart_from_one_that_refuses(call: Call, echo: Echo) -> None:
    assert call("fetch", f"{echo.url}/status/500").returncode == 5
    assert call("fetch", f"{echo.url}/status/403").returncode == 126


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["http://127.0.0.1:1/"], 125, "http://127.0.0.1:1/: connect: connection refused."),
        (["http://no-such-host.invalid/"], 125, "resolve: the name cannot be resolved"),
        (["example.org"], 125, "the scheme is missing. Write https://example.org"),
        (["/etc/host name"], 125, "For a file of this machine write file:///etc/host%20name"),
        (["./../etc"], 125, "For a file of this machine write file:///PATH, from the root"),
        (["http://127.0.0.1:1/", "--upload", "doc=@nofile"], 1, "nofile, which is to be sent, is not there"),
        (["http://127.0.0.1:1/", "--upload", "doc=@/"], 1, "/, which is to be sent, is no regular file"),
        (["https://127.0.0.1:1/", "--ca", "nofile"], 1, "nofile holds no certificates to trust: no such"),
        (["https://127.0.0.1:1/", "--ca", "/etc/hostname"], 1, "/etc/hostname holds no certificates to"),
        (["gophers://example.org/"], 125, "this scheme is not known"),
        (["http://alice:secret@[::1/"], 125, "this is no URL of HTTP"),
        (["file:///no/such/file"], 125, "connect: it cannot be opened: No such file"),
        (["file:///etc/hostname", "-o", "nowhere/x"], 1, "nowhere/x cannot be saved: no such file"),
    ],
)
def test_an_error_names_the_address_the_phase_and_what_to_do(
    call: Call, words: list[str], status: int, told: str
) -> None:
    typed = call("fetch", *words, "--retries", "0")
    assert (typed.returncode, typed.stdout) == (status, "")
    assert told in typed.stderr
    assert "secret" not in typed.stderr


def test_a_file_of_this_machine_is_fetched_like_a_page(call: Call, shell: Shell) -> None:
    (shell.folder / "told").write_text("of this machine\n")
    typed = call("fetch", (shell.folder / "told").as_uri())
    assert (typed.returncode, typed.stdout) == (0, "of this machine\n")


@pytest.mark.needs_program("strace", package="strace")
def test_a_file_is_on_disk_before_it_has_its_name(shell: Shell, nginx: Site) -> None:
    log = shell.folder / "calls"
    words = ["strace", "-f", "-o", str(log), "-e", "trace=fsync,rename"]
    words += shell.words("fetch", f"{nginx.plain}/blob", "-o", "b")
    environment = dict(shell.environment)
    subprocess.run(words, check=True, capture_output=True, cwd=shell.folder, env=environment, timeout=60)
    # the file, its name, and the folder that has the name
    assert re.findall(r"\b(fsync|rename)\(", log.read_text()) == ["fsync", "rename", "fsync"]


def test_a_limit_of_time_or_size_ends_it(call: Call, shell: Shell, nginx: Site) -> None:
    typed = call("fetch", f"{nginx.plain}/slow/blob", "-o", "b", "--max-time", "1")
    assert typed.returncode == 124
    assert "read: not done within 1 s" in typed.stderr
    typed = call("fetch", f"{nginx.plain}/blob", "-o", "b", "--max-size", "1M")
    assert typed.returncode == 125
    assert "it is longer than 1048576 bytes" in typed.stderr
    assert os.listdir(shell.folder) == []


def test_a_password_comes_from_a_file_the_environment_or_a_prompt(
    call: Call, shell: Shell, nginx: Site
) -> None:
    url = f"{nginx.plain}/private/hello.txt"
    file = shell.folder / "password"
    file.write_text("sesame\n")
    file.chmod(0o600)
    assert call("fetch", url, "--user", "alice", "--password-file", "password").returncode == 0
    environment = {"DOORWARD_PASSWORD": "sesame"}
    assert call("fetch", url, "--user", "alice", environment=environment).returncode == 0
    status, text = typed_at_prompts(shell, shell.words("fetch", url, "--user", "alice"), ["sesame"])
    assert (status, "Password for alice at" in text, "sesame" in text) == (0, True, False)
    assert call("fetch", url.replace("//", "//alice:sesame@")).returncode == 0
    file.chmod(0o644)
    typed = call("fetch", url, "--user", "alice", "--password-file", "password")
    assert "others may read it" in typed.stderr


def test_a_token_comes_from_a_file_and_never_from_the_daemons_environment(
    call: Call, shell: Shell, echo: Echo
) -> None:
    file = shell.folder / "token"
    file.write_text("t0ken\n")
    file.chmod(0o600)
    typed = call("fetch", f"{echo.url}/", "--bearer-file", "token")
    assert json.loads(typed.stdout)["headers"]["authorization"] == "Bearer t0ken"
    typed = call("fetch", f"{echo.url}/", environment={"DOORWARD_TOKEN": "mine"})
    assert "authorization" not in json.loads(typed.stdout)["headers"]


def test_netrc_is_read_when_it_is_wanted(call: Call, shell: Shell, nginx: Site) -> None:
    netrc = Path(shell.environment["HOME"]) / ".netrc"
    netrc.write_text("machine 127.0.0.1 login alice password sesame\n")
    netrc.chmod(0o600)
    url = f"{nginx.plain}/private/hello.txt"
    assert call("fetch", url, "--netrc").returncode == 0
    assert call("fetch", url).returncode == 126
    netrc.chmod(0o644)
    assert "chmod 600" in call("fetch", url, "--netrc").stderr


def test_tls_is_believed_by_the_named_authority(call: Call, nginx: Site) -> None:
    assert call("fetch", f"{nginx.tls}/empty", "--ca", str(nginx.authority)).returncode == 0
    typed = call("fetch", f"{nginx.tls}/empty")
    assert typed.returncode == 125
    assert "--ca FILE trusts what the certificates in a file vouch for" in typed.stderr


@pytest.mark.needs_program("tinyproxy", package="tinyproxy")
def test_a_proxy_comes_from_an_option_or_the_environment(call: Call, nginx: Site, proxy: str) -> None:
    url = f"{nginx.plain}/empty"
    assert "Via: " in call("fetch", url, "--include", "--proxy", proxy).stdout
    environment = {"http_proxy": proxy}
    assert "Via: " in call("fetch", url, "--include", environment=environment).stdout
    typed = call("fetch", url, "--include", "--proxy", "none", environment=environment)
    assert "Via: " not in typed.stdout


def test_cookies_are_kept_only_where_it_is_wanted(call: Call, shell: Shell, echo: Echo) -> None:
    cookies = shell.folder / "cookies"
    assert call("fetch", f"{echo.url}/cookie", "--cookies", "cookies").returncode == 0
    typed = call("fetch", f"{echo.url}/cookie", "--cookies", "cookies")
    assert "seen=yes" in json.loads(typed.stdout)["headers"]["cookie"]
    assert cookies.stat().st_mode & 0o777 == 0o600
    assert "cookie" not in json.loads(call("fetch", f"{echo.url}/cookie").stdout)["headers"]
    cookies.write_text("a pickle?")
    typed = call("fetch", f"{echo.url}/cookie", "--cookies", "cookies")
    assert "holds no cookies" in typed.stderr
    assert cookies.read_text() == "a pickle?"


def test_what_was_ended_in_the_middle_is_gone_on_with(call: Call, shell: Shell, nginx: Site) -> None:
    words = ("fetch", f"{nginx.plain}/slow/blob", "-o", "blob", "--continue")
    process = shell.start(*words)
    part = shell.folder / "blob.part"
    until = time.monotonic() + ANSWER_SECONDS
    while not (part.exists() and part.stat().st_size > 500_000):
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=ANSWER_SECONDS)
    assert process.returncode == 143
    assert parts_in(shell.folder) == ["blob.part", "blob.part.json"]
    there = part.stat().st_size
    typed = call("fetch", f"{nginx.plain}/slow/blob", "-o", "blob", "--continue")
    assert typed.returncode == 0, typed.stderr
    assert (shell.folder / "blob").read_bytes() == (nginx.root / "blob").read_bytes()
    assert os.listdir(shell.folder) == ["blob"]
    assert f'"bytes={there}-"' in nginx.seen("/slow/blob")[-1]
    assert " 206 " in nginx.seen("/slow/blob")[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_ends_it_in_the_middle_leaves_nothing(shell: Shell, nginx: Site, number: signal.Signals) -> None:
    process = shell.start("fetch", f"{nginx.plain}/slow/blob", "-o", "blob")
    until = time.monotonic() + ANSWER_SECONDS
    while not parts_in(shell.folder):
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(number)
    _, told = process.communicate(timeout=ANSWER_SECONDS)
    assert process.returncode == 128 + number, told
    assert os.listdir(shell.folder) == []


def test_a_reader_who_leaves_ends_it_quietly(shell: Shell, nginx: Site) -> None:
    process = shell.start("fetch", f"{nginx.plain}/slow/blob")
    assert process.stdout is not None
    assert process.stdout.read(10) == bytes(range(10))
    process.stdout.close()
    assert process.wait(timeout=ANSWER_SECONDS) == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_ends_it_need_not_wait_for_a_reader_who_does_not_read(
    shell: Shell, nginx: Site, number: signal.Signals
) -> None:
    process = shell.start("fetch", f"{nginx.plain}/blob")
    assert process.stdout is not None
    assert process.stdout.read(10) == bytes(range(10))
    process.send_signal(number)
    assert process.wait(timeout=ANSWER_SECONDS) == 128 + number
    process.communicate()


def test_a_pipe_that_nobody_reads_is_an_error(call: Call, shell: Shell, nginx: Site) -> None:
    os.mkfifo(shell.folder / "pipe")
    typed = call("fetch", f"{nginx.plain}/hello.txt", "-o", "pipe")
    assert typed.returncode == 1
    assert "pipe cannot be saved: no such device or address" in typed.stderr
