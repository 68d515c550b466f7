"""`doorward talk`, by a script and by a pipe."""

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from doorward.cli.root import run
from tests.certificates import Authority, Written, server_context
from tests.cli.talking import echo, line_of, listening, mail_server, never_ending, saying, silent_after
from tests.daemon import ANSWER_SECONDS, DOORS, Shell, StartDaemon
from tests.doors.tls_peers import HASH
from tests.fetch_servers import Site


def raw(shell: Shell, *words: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Call it with what is no text."""
    return subprocess.run(
        shell.words("talk", *words),
        input=stdin,
        capture_output=True,
        check=False,
        cwd=shell.folder,
        env=dict(shell.environment),
        timeout=ANSWER_SECONDS,
    )


def test_steps_are_taken_in_their_order_and_what_comes_goes_to_stdout(shell: Shell) -> None:
    with listening(mail_server) as address:
        words = ["--expect", "^220 ", "--send", "EHLO me", "--expect", "^250 .*$", "--send", "QUIT"]
        typed = shell.run("talk", address, *words)
    assert (typed.returncode, typed.stderr) == (0, "")
    assert typed.stdout == "220 mail.example ESMTP\n250-mail.example\n250 HELP\n221 Bye\n"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--expect", "^220", "--or", "^421"], 0),
        (["--expect", "^421", "--or", "^220"], 11),
        (["--expect", "^421", "--or", "^554", "--or", "^220"], 12),
        (["--expect", "^421", "--or", "^220", "--send", "EHLO x", "--expect", "^250 "], 0),
    ],
)
def test_the_status_tells_which_pattern_of_the_last_expect_came(
    shell: Shell, words: list[str], status: int
) -> None:
    with listening(mail_server) as address:
        typed = shell.run("talk", address, *words)
    assert (typed.returncode, typed.stderr) == (status, "")


def test_time_that_is_over_is_124_and_what_came_is_shown_and_harms_no_terminal(shell: Shell) -> None:
    with listening(silent_after(b"220 hi\r\n\x1b[2Jhalf \xff")) as address:
        typed = raw(shell, address, "--expect", "^220 ", "--expect", "more", "--timeout", "2")
    assert typed.returncode == 124
    assert typed.stdout == b"220 hi\r\n\x1b[2Jhalf \xff"
    assert typed.stderr.decode() == (
        f"doorward: {address}: read: 'more' did not come within 2 s in all\n"
        "what came since the last match:\n| hi\n| \\x1b[2Jhalf \\xff\n"
    )


def test_the_end_before_a_match_is_3_and_what_came_is_shown(shell: Shell) -> None:
    with listening(saying(b"421 too many\r\n")) as address:
        typed = shell.run("talk", address, "--expect", "^220 ")
    assert typed.returncode == 3
    assert typed.stderr == (
        f"doorward: {address}: read: the peer ended the conversation before '^220 ' came\n"
        "what came since the last match:\n| 421 too many\n"
    )
    assert typed.stdout == "421 too many\n"


def test_no_connection_is_125(shell: Shell) -> None:
    with listening(saying(b"")) as address:
        pass
    typed = shell.run("talk", address, "--expect", "x", "--json")
    assert typed.returncode == 125
    assert "connect: connection refused. Is a server running there?" in typed.stderr
    told = json.loads(typed.stdout)
    assert (told["status"], f"doorward: {told['error']}\n") == (125, typed.stderr)


def test_a_script_goes_its_ways_and_sends_a_secret_that_no_transcript_has(shell: Shell) -> None:
    (shell.folder / "password").write_text("s3same\n")
    (shell.folder / "password").chmod(0o600)
    (shell.folder / "login.talk").write_text(
        "timeout 30\n"
        "expect ^220 \n"
        "label again\n"
        "send AUTH LOGIN\n"
        "expect ^334 \n"
        "or ^5\n"
        "    exit 9\n"
        "send-secret password\n"
        "expect ^235 .*$\n"
        "or ^535\n"
        "    goto again\n"
        "send what\n"
        "expect ^500 what is .*$\n"
        "    send QUIT\n"
        "    expect-end\n"
        "    exit 7\n"
    )
    with listening(mail_server) as address:
        typed = shell.run("talk", address, "--script", "login.talk", "--transcript", "log")
    assert (typed.returncode, typed.stderr) == (7, "")
    log = shell.folder / "log"
    assert log.stat().st_mode & 0o777 == 0o600
    text = log.read_text()
    assert "s3same" not in text
    assert [re.sub(r"^\S+Z ", "", line) for line in text.splitlines()] == [
        f"- talking to {address}",
        "< 220 mail.example ESMTP\\r\\n",
        "> AUTH LOGIN\\r\\n",
        "< 334 Password:\\r\\n",
        "> ••••",
        "< 235 in as ••••\\r\\n",
        "> what\\r\\n",
        "< 500 what is what\\r\\n",
        "> QUIT\\r\\n",
        "< 221 Bye\\r\\n",
        "- the peer ended the conversation",
    ]


def test_a_script_that_cannot_be_played_is_told_before_anybody_is_talked_to(shell: Shell) -> None:
    (shell.folder / "bad.talk").write_text("expect a\nsned b\n")
    typed = shell.run("talk", "localhost:1", "--script", "bad.talk")
    assert typed.returncode == 1
    assert typed.stderr.startswith("doorward: bad.talk:2: 'sned' is no step; there are expect, or,")
    typed = shell.run("talk", "localhost:1", "--script", "none.talk")
    assert typed.stderr == "doorward: none.talk: the script cannot be read: no such file or directory\n"


def test_json_tells_what_matched(shell: Shell) -> None:
    with listening(mail_server) as address:
        words = ["--expect", "^220 (.*?) ", "--send", "NOOP", "--expect", "x", "--or", r"^500 .*(NO)(x)?"]
        typed = shell.run("talk", address, *words, "--json")
    assert (typed.returncode, typed.stderr) == (11, "")
    assert json.loads(typed.stdout) == {
        "address": address,
        "status": 11,
        "error": None,
        "tls": None,
        "matches": [
            {
                "step": 1,
                "pattern": "^220 (.*?) ",
                "index": 0,
                "text": "220 mail.example ",
                "groups": ["mail.example"],
                "before": "",
                "left_out_characters": 0,
            },
            {
                "step": 3,
                "pattern": "^500 .*(NO)(x)?",
                "index": 1,
                "text": "500 what is NO",
                "groups": ["NO", None],
                "before": "ESMTP\n",
                "left_out_characters": 0,
            },
        ],
        "left_out_matches": 0,
        "received": "OP\n",
        "was_cut": False,
    }


def test_json_tells_how_many_matches_it_leaves_out(shell: Shell) -> None:
    (shell.folder / "count.talk").write_text("label again\nexpect GO\n    goto again\nor END\n    exit 7\n")
    with listening(saying(b"GO\n" * 1001 + b"END\n")) as address:
        typed = shell.run("talk", address, "--script", "count.talk", "--json")
    assert (typed.returncode, typed.stderr) == (7, "")
    told = json.loads(typed.stdout)
    assert (len(told["matches"]), told["left_out_matches"]) == (1000, 2)
    assert told["matches"][-1]["text"] == "END"


def repeats_a_secret(peer: socket.socket) -> None:
    """Repeat it across what is kept before a match and written down as one line, and in a match."""
    peer.sendall(b"Password: ")
    secret = line_of(peer).strip()
    peer.sendall(b"x" * 4085 + secret)
    peer.sendall(b"x" * (64 * 1024 - 11) + b"\n")
    peer.sendall(b"you said %s ok, or %s?\n" % (secret, secret))


def test_no_secret_stands_in_the_json_nor_in_the_transcript(shell: Shell) -> None:
    words = ["--expect", "word: ", "--send-secret-env", "TOKEN", "--expect", r"said (\S+) ok", "--expect-end"]
    with listening(repeats_a_secret) as address:
        more = ["--json", "--transcript", "log"]
        typed = shell.run("talk", address, *words, *more, environment={"TOKEN": "hunter2-s3same"})
    assert (typed.returncode, typed.stderr) == (0, "")
    told = json.loads(typed.stdout)
    last = told["matches"][1]
    assert (last["text"], last["groups"], told["received"]) == ("said •••• ok", ["••••"], ", or ••••?\n")
    assert last["before"].replace("x", "") == "••••\nyou "
    for text in (typed.stdout, (shell.folder / "log").read_text()):
        assert "s3same" not in text
        assert "hunter2" not in text


def test_json_has_what_came_last(shell: Shell) -> None:
    with listening(mail_server) as address:
        words = ["--expect", "^220 .*\n", "--send", "QUIT"]
        for more in ([], ["--expect-end"]):
            typed = shell.run("talk", address, *words, *more, "--json")
            assert (typed.returncode, typed.stderr) == (0, "")
            assert json.loads(typed.stdout)["received"] == "221 Bye\n"


def test_an_end_without_a_word_of_it_over_tls_is_an_end_between_lines_alone(
    shell: Shell, localhost: Written
) -> None:
    asks = ["--tls", "--ca", str(localhost.file), "--expect", "^2", "--expect-end"]
    # the layer of tests says no word at the end
    with listening(saying(b"221 Bye\r\n"), server_context(localhost)) as address:
        typed = shell.run("talk", address, *asks, "--json")
        assert typed.returncode == 0, typed.stderr
        assert typed.stderr.splitlines()[-1].startswith(
            f"doorward: {address}: the peer did not say over TLS that this is the end; "
        )
        told = json.loads(typed.stdout)
        assert (told["received"], told["was_cut"]) == ("21 Bye\n", True)
    with listening(saying(b"221 By"), server_context(localhost)) as address:
        typed = shell.run("talk", address, *asks, "--quiet")
    assert typed.returncode == 3
    assert typed.stderr.startswith(
        f"doorward: {address}: read: the connection was cut in the middle of a line: "
    )
    assert typed.stderr.endswith("what came since the last match:\n| 21 By\n")


def test_a_pattern_that_would_take_for_ever_is_broken_off(shell: Shell) -> None:
    with listening(silent_after(b"a" * 60 + b"!\n")) as address:
        typed = shell.run("talk", address, "--expect", "^(a+)+$", "--timeout", "1")
    assert typed.returncode == 124
    assert "the patterns take too long on what came" in typed.stderr


def test_what_is_piped_in_goes_as_it_is_and_its_end_ends_our_side(shell: Shell) -> None:
    data = bytes(range(256)) * 3000 + b"\r\n\n"
    with listening(echo) as address:
        typed = raw(shell, address, "--quiet", stdin=data)
    assert (typed.returncode, typed.stderr) == (0, b"")
    assert typed.stdout == data


@pytest.mark.needs_program("nginx", package="nginx-light")
def test_a_long_answer_over_tls_comes_whole_although_all_was_piped_in(shell: Shell, nginx: Site) -> None:
    address = nginx.tls.partition("://")[2]
    words = [address, "--tls", "--ca", str(nginx.authority), "--quiet"]
    asked = b"GET /blob HTTP/1.0\r\nHost: localhost\r\n\r\n"
    typed = raw(shell, *words, stdin=asked)
    assert (typed.returncode, typed.stderr) == (0, b"")
    assert typed.stdout.endswith((nginx.root / "blob").read_bytes())


def test_over_tls_our_side_ends_where_that_is_wished_for(shell: Shell, localhost: Written) -> None:
    def count(peer: socket.socket) -> None:
        heard = 0
        while data := peer.recv(65536):
            heard += len(data)
        peer.sendall(b"%d bytes" % heard)

    with listening(count, server_context(localhost)) as address:
        words = [address, "--tls", "--ca", str(localhost.file), "--quiet", "--half-close"]
        typed = raw(shell, *words, stdin=b"x" * 100_000)
    assert (typed.returncode, typed.stdout) == (0, b"100000 bytes"), typed.stderr


def test_lines_that_are_piped_in_get_cr_lf_where_that_is_wished_for(shell: Shell) -> None:
    with listening(echo) as address:
        typed = raw(shell, address, "--crlf", stdin=b"one\ntwo\r\n\nthree")
    assert typed.stdout == b"one\r\ntwo\r\n\r\nthree"


def test_a_file_that_is_piped_in_and_a_peer_that_never_ends_take_their_time(shell: Shell) -> None:
    with listening(never_ending(b"hello\n")) as address:
        typed = shell.run("talk", address, "--timeout", "2", stdin="x\n")
    assert (typed.returncode, typed.stdout) == (124, "hello\n")
    assert typed.stderr == f"doorward: {address}: read: the end did not come within 2 s in all\n"


def test_after_the_steps_what_is_piped_in_goes_on(shell: Shell) -> None:
    with listening(mail_server) as address:
        typed = shell.run("talk", address, "--expect", "^220 ", "--interact", stdin="NOOP\nQUIT\n")
    assert typed.returncode == 0
    assert typed.stdout == "220 mail.example ESMTP\n500 what is NOOP\n221 Bye\n"


def test_over_tls_the_certificate_is_shown_and_can_be_printed(
    shell: Shell, root: Authority, tmp_path: Path
) -> None:
    certificate = root.issue(tmp_path / "server", "localhost", "127.0.0.1")
    with listening(mail_server, server_context(certificate)) as address:
        trust = ["--tls", "--ca", str(root.file)]
        typed = shell.run("talk", address, *trust, "--send", "QUIT")
        assert typed.returncode == 0, typed.stderr
        assert "221 Bye\n" in typed.stdout
        shown = dict(re.split("  +", line, maxsplit=1) for line in typed.stderr.splitlines())
        assert shown["subject"] == "CN=localhost"
        assert shown["for"] == "localhost, 127.0.0.1"
        assert shown["issuer"] == "CN=Doorward test\\, root"
        assert shown["fingerprint"].replace(":", "").lower() == "sha256" + certificate.fingerprint
        assert shown["TLS"].startswith("TLSv1.3, TLS_")

        typed = shell.run("talk", address, "--tls", "--send", "QUIT")
        assert typed.returncode == 125
        assert f"--fingerprint {shown['fingerprint']}" in typed.stderr
        assert typed.stdout == ""

        words = ["--tls", "--fingerprint", shown["fingerprint"], "--certificate"]
        printed = shell.run("talk", address, *words)
        assert printed.stderr == ""
        assert printed.stdout.strip() in certificate.file.read_text()


def test_a_certificate_logs_in(shell: Shell, root: Authority, tmp_path: Path) -> None:
    server, client = root.issue(tmp_path / "server", "localhost"), root.issue(tmp_path / "client", "alice")
    with listening(mail_server, server_context(server, client_authority=root.file)) as address:
        words = ["--tls", "--ca", str(root.file), "--quiet", "--expect", "^220 "]
        login = ["--client-certificate", str(client.file), "--client-key", str(client.key)]
        typed = shell.run("talk", address, *words, *login)
        assert (typed.returncode, typed.stderr) == (0, "")
        typed = shell.run("talk", address, *words)
        assert typed.returncode == 3
        assert "the server wants a certificate of whoever asks before '^220 ' came" in typed.stderr


def test_to_trust_anybody_is_said_loudly_and_takes_no_secret_along(shell: Shell, localhost: Written) -> None:
    environment = {"TOKEN": "s3same"}
    with listening(mail_server, server_context(localhost)) as address:
        words = ["--tls", "--insecure", "--quiet", "--send", "AUTH x", "--send-secret-env", "TOKEN"]
        typed = shell.run("talk", address, *words, "--expect", "^235", environment=environment)
        # to this machine a secret may go all the same: nobody else can be there
        assert typed.returncode == 0, typed.stderr
        assert typed.stderr.count("--insecure: nobody looked whose certificate this is") == 1


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--tls", "--starttls", "smtp"], "begin TLS either with the first byte"),
        (["--insecure"], "whom to trust is said with --tls or --starttls alone"),
        (["--tls", "--insecure", "--fingerprint", "ab" * 32], "--insecure trusts anybody"),
        (["--crlf", "--lf"], "lines end either with --crlf or with --lf"),
        (["--expect", "("], "'(' is no regular expression"),
        (["--expect", "x", "--or", "["], "'[' is no regular expression"),
        (["--send", "x\\q"], "is no escape; there are"),
        (["--send-raw", "\\xz"], "is no escape; there are"),
        (["--or", "x"], "--or stands behind an --expect"),
        (["--expect", "x", "--send", "y", "--or", "z"], "--or stands behind an --expect"),
        (["--json"], "--json goes with steps or a --script"),
        (["--interact"], "--interact goes with steps or a --script"),
        (["--expect", "x", "--json", "--interact"], "--json tells of steps alone"),
        (["--certificate"], "--certificate goes with --tls or --starttls"),
        (["--script", "x", "--expect", "y"], "--script has all the steps"),
        (["--client-key", "x", "--tls"], "--client-key goes with --client-certificate"),
        (["--client-certificate", "x"], "--client-certificate goes with --tls"),
    ],
)
def test_words_that_do_not_go_together_are_told(
    capfd: pytest.CaptureFixture[str], words: list[str], problem: str
) -> None:
    assert run(["talk", "localhost:1", *words]) == 2
    assert problem in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["localhost", "--expect", "x"], "localhost: address: the port is missing. Write localhost:PORT"),
        (["::1:25"], "address: an IPv6 address stands in brackets. Write [::1]:25 or [::1:25]:PORT"),
        (["localhost:70000"], "address: this is no host with a port of 1 to 65535"),
        (["foo"], "talk: foo: address: the port is missing"),
        (["http://x/"], "address: this is no host with a port"),
        (["/run/x.sock", "--tls"], "/run/x.sock: TLS needs a host and a port"),
    ],
)
def test_an_address_that_is_none_is_told(
    capfd: pytest.CaptureFixture[str], words: list[str], problem: str
) -> None:
    assert run(["talk", *words]) == 2
    assert problem in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--send-secret-env", "NOT_SET_ANYWHERE"], "$NOT_SET_ANYWHERE, which is to be sent, is not set"),
        (["--send-secret", "/nowhere"], "/nowhere cannot be read"),
        (["--tls", "--ca", "/nowhere"], "/nowhere holds no certificates to trust"),
    ],
)
def test_what_cannot_be_used_is_told_before_anybody_is_talked_to(
    capfd: pytest.CaptureFixture[str], words: list[str], problem: str
) -> None:
    assert run(["talk", "localhost:1", *words]) == 1
    assert problem in capfd.readouterr().err


def test_a_secret_does_not_go_in_the_clear_to_another_machine(shell: Shell) -> None:
    from doorward.clients.talk.settings import Security, TalkSettings, TcpPlace, UnixPlace

    far, near = TcpPlace("mail.example.org", 25), TcpPlace("::1", 25)
    for place, security, is_checked, is_confidential in (
        (far, Security.NONE, True, False),
        (far, Security.TLS, True, True),
        (far, Security.SMTP, True, True),
        (far, Security.TLS, False, False),
        (near, Security.NONE, True, True),
        (UnixPlace("/x"), Security.NONE, True, True),
    ):
        settings = TalkSettings(address="x", place=place, security=security, is_checked=is_checked)
        assert settings.is_confidential is is_confidential


def test_our_own_daemon_is_talked_to_at_each_door(start_daemon: StartDaemon, shell: Shell) -> None:
    tls_door = '[doors.tls]\nlisten = ["127.0.0.1:0"]\nuser = "alice"\n'
    configuration = f'{DOORS}{tls_door}[users.alice]\npassword = "{HASH}"\n'
    daemon = start_daemon(configuration, state=shell.folder / ".doorward")
    asks = ["--expect", "What can I do for you\\?", "--send", "echo hello", "--expect", "^hello$"]
    tcp, unix, tls = (daemon.doors[name][0] for name in ("tcp", "unix", "tls"))
    for address in (tcp, f"unix://{unix}"):
        typed = daemon.shell.run("talk", address, *asks)
        assert (typed.returncode, typed.stderr) == (0, ""), address
    file = daemon.shell.folder / "password"
    file.write_text("sesame\n")
    file.chmod(0o600)
    login = ["--expect", "Password", "--send-secret", "password"]
    certificate = ["--ca", str(daemon.state / "cert.pem"), "--servername", "localhost"]
    for trust in ([], certificate):
        words = [tls, "--tls", "--quiet", *trust, *login, *asks, "--transcript", "log"]
        typed = daemon.shell.run("talk", *words)
        assert (typed.returncode, typed.stderr) == (0, "")
    assert "sesame" not in (daemon.shell.folder / "log").read_text()


def test_the_disk_of_the_transcript_is_full(shell: Shell, small_disk: Path) -> None:
    (small_disk / "filling").write_bytes(b"x" * 64 * 1024)
    with listening(mail_server) as address:
        typed = shell.run("talk", address, "--expect", "^220 ", "--transcript", str(small_disk / "log"))
    assert typed.returncode == 1
    assert typed.stderr == (
        f"doorward: the transcript {small_disk / 'log'} cannot be written: no space left on device\n"
    )


def test_a_signal_ends_it_and_whoever_reads_may_leave(shell: Shell) -> None:
    with listening(silent_after(b"hello\n")) as address:
        process = shell.start("talk", address, stdin=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"hello\n"
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=ANSWER_SECONDS) == (b"", b"")
        assert process.returncode == 128 + signal.SIGTERM

        def flood(peer: object) -> None:
            while True:
                peer.sendall(b"x" * 65536)  # type: ignore[attr-defined]

    with listening(flood) as address:
        process = shell.start("talk", address, stdin=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.read(1000) == b"x" * 1000
        process.stdout.close()
        process.wait(timeout=ANSWER_SECONDS)
        assert process.returncode == 141
        assert process.stdin is not None
        process.stdin.close()
        assert process.stderr is not None
        process.stderr.close()


def test_words_are_completed(shell: Shell) -> None:
    environment = {"_DOORWARD_COMPLETE": "bash_complete", "COMP_CWORD": "5"}
    words = "doorward\ntalk\n--expect\nx\n--starttls\nim"
    typed = shell.run(environment={**environment, "COMP_WORDS": words})
    assert typed.stdout == "plain,imap\n"
    for option in ("--send-secret", "--script", "--ca"):
        words = f"doorward\ntalk\n--expect\nx\n{option}\n"
        assert shell.run(environment={**environment, "COMP_WORDS": words}).stdout == "file,\n"


def test_help_needs_neither_a_loop_nor_tls_nor_an_editor() -> None:
    code = (
        "import sys\nfrom doorward.cli.root import run\nrun(['talk', '--help'])\n"
        "heavy = {'asyncio', 'ssl', 'prompt_toolkit', 'cryptography'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    typed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert typed.stderr == "[]\n"
    assert "doorward talk mail.example.org:25 --starttls smtp" in typed.stdout
