"""`doorward backup`, to a folder of this machine, and a daemon that carries backups away."""

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from doorward.cli.root import run
from tests.cli.publishing import Postbox, taking_mail
from tests.cli.test_errands import until
from tests.clients.ftp.servers import PASSWORD
from tests.daemon import DOORS, Shell, StartDaemon, typed_at_prompts
from tests.errands.backups.busy import busy
from tests.errands.backups.places import contents, fill
from tests.fetch_servers import free_ports


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


Type = Callable[..., Ran]


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Type:
    """Types commands in this process."""
    monkeypatch.setenv("HOME", str(tmp_path))

    def type_(*words: str) -> Ran:
        status = run(list(words))
        captured = capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    return type_


def found(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


@pytest.fixture
def box() -> Iterator[Postbox]:
    with taking_mail() as box:
        yield box


def test_backups_are_planned_pushed_listed_verified_and_restored(
    typed: Type, here: Path, away: Path, tmp_path: Path
) -> None:
    fill(here, "web.15", "archives.17")
    fill(away, "web.13", "web.14", "archives.16", "notes")
    to = ("--to", f"file://{away}")
    words = ("--from", str(here), *to, "--keep", "2")
    planned = typed("backup", "plan", *words)
    assert (planned.returncode, planned.stderr) == (0, "")
    assert planned.stdout == (
        f"{here} to file://{away}\n"
        "send    archives.17  1000 B  it is not there yet\n"
        "keep    archives.16  1000 B  it is one of the newest 2\n"
        "send    web.15       1000 B  it is not there yet\n"
        "keep    web.14       1000 B  it is one of the newest 2\n"
        "remove  web.13       1000 B  it is older than the newest 2\n"
    )
    assert typed("backup", "push", *words, "--dry-run").stdout == planned.stdout
    assert set(found(away)) == {"web.13", "web.14", "archives.16", "notes"}

    pushed = typed("backup", "push", *words)
    assert (pushed.returncode, pushed.stderr) == (0, "")
    assert pushed.stdout.endswith("2 sent, 2 kept, 1 removed.\n")
    kept = contents("web.14", "web.15", "archives.16", "archives.17", "notes")
    assert found(away) == kept

    listed = typed("backup", "list", *to, "web", "--json")
    assert [each["file"] for each in json.loads(listed.stdout)] == ["web.15", "web.14"]
    verified = json.loads(typed("backup", "verify", "--from", str(here), *to, "--json").stdout)
    assert {each["file"]: each["did"] for each in verified["files"]} == {
        "archives.17": "same",
        "archives.16": "whole",
        "web.15": "same",
        "web.14": "whole",
    }
    restored = tmp_path / "restored"
    restored.mkdir()
    ran = typed("backup", "restore", *to, "--into", str(restored), "web", "archives.16")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert found(restored) == contents("web.15", "archives.16")
    again = typed("backup", "restore", *to, "--into", str(restored), "web")
    assert again.returncode == 1
    assert "failed  web.15  1000 B  it is here already, and was left as it is" in again.stdout
    missing = typed("backup", "restore", *to, "--into", str(restored), "web.1")
    assert (missing.returncode, "there is no such backup there" in missing.stdout) == (1, True)


def test_what_is_spoilt_there_is_found(typed: Type, here: Path, away: Path) -> None:
    fill(here, "web.1", "web.2", "web.3")
    fill(away, "web.2")
    (away / "web.1").write_bytes(contents("web.1")["web.1"].upper())
    words = ("--from", str(here), "--to", f"file://{away}")
    verified = typed("backup", "verify", *words)
    assert verified.returncode == 1
    assert "failed  web.1  1000 B  it has another SHA-256 there than here\n" in verified.stdout
    assert "failed  web.3  1000 B  it is the newest here, and is not there\n" in verified.stdout
    sizes = typed("backup", "verify", *words, "--sizes")
    assert "same    web.1  1000 B  by its size\n" in sizes.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("push", "--to", "file:///tmp"), "which folder has the backups? Say --from DIR, or --errand NAME"),
        (("push", "--from", "x", "--to", "file:///tmp"), "how many of each stay there? Say --keep 5"),
        (("push", "--from", "x", "--to", "file:///tmp", "--keep", "0"), "'0' is neither a number from 1 on"),
        (("push", "--from", "x", "--keep", "5"), "where are they kept? Say --to URL, or --errand NAME"),
        (("push", "--from", "x", "--to", "file:///tmp", "--keep", "5", "web="), "neither a name such as web"),
        (("list", "--to", "file:///tmp", "--errand", "x"), "--errand says where they are kept"),
        (("restore", "--to", "file:///tmp", "web"), "missing option '--into'"),
        (("list", "--to", "disk/backups"), "disk/backups: address: this is no place for backups"),
        (("list", "--to", "file://otherhost/tmp"), "address: this is no folder of this machine"),
        (("push", "--from", "x", "--to", "ftps://", "--keep", "1"), "address: "),
        (("list", "--to", "sftp://host"), "address: this is no folder of a server of SSH"),
        (("lsit",), "there is no subcommand 'lsit'; did you mean list?"),
    ],
)
def test_words_that_do_not_say_enough_are_refused(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert run(["backup", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_place_that_is_none_or_not_there_is_told(typed: Type, here: Path, tmp_path: Path) -> None:
    fill(here, "web.1")
    ran = typed("backup", "list", "--to", "gopher://alice:hunter2@example.org/x")
    assert ran.returncode == 2
    assert "this is no place for backups" in ran.stderr
    assert "hunter2" not in ran.stderr
    words = ("--from", str(here), "--to", f"file://{tmp_path}/new", "--keep", "1")
    ran = typed("backup", "push", *words)
    assert (ran.returncode, ran.stdout) == (125, "")
    assert ran.stderr == (
        f"doorward: file://{tmp_path}/new: connect: no such file or directory. Is the disk mounted?\n"
    )
    assert typed("backup", "push", *words, "--make-folder").returncode == 0
    assert found(tmp_path / "new") == contents("web.1")


def test_two_runs_at_once_are_kept_apart(shell: Shell, typed: Type, here: Path, away: Path) -> None:
    fill(here, "web.1", size_bytes=3_000_000)
    words = ("--from", str(here), "--to", f"file://{away}", "--keep", "1")
    slow = shell.start("backup", "push", *words, "--bytes-per-second", "100K")
    try:
        until(lambda: list(away.iterdir()))
        ran = typed("backup", "push", *words)
        assert ran.returncode == 1
        assert "another run carries backups from here just now" in ran.stderr
    finally:
        slow.kill()
        slow.communicate()
    (part,) = away.iterdir()
    assert re.fullmatch(r"web\.1\.[0-9a-f]{12}\.part", part.name)
    # its lock went with it
    assert typed("backup", "push", *words).returncode == 0
    assert found(away) == contents("web.1", size_bytes=3_000_000)


def test_numbers_that_begin_anew_are_asked_about(shell: Shell, typed: Type, here: Path, away: Path) -> None:
    fill(here, "web.1")
    fill(away, "web.16", "web.17")
    words = ["backup", "push", "--from", str(here), "--to", f"file://{away}", "--keep", "1"]
    ran = typed(*words)
    assert ran.returncode == 1
    assert "did the numbers begin anew? Nothing of web is sent or removed" in ran.stdout
    status, _ = typed_at_prompts(shell, shell.words(*words), ["no"])
    assert status == 1
    assert set(found(away)) == {"web.16", "web.17"}
    status, _ = typed_at_prompts(shell, shell.words(*words), ["yes"])
    assert status == 0
    assert set(found(away)) == {"web.1", "web.16", "web.17"}
    fill(here, "web.2")
    ran = typed(*words, "--restarted", "web")
    assert (ran.returncode, set(found(away))) == (0, {"web.1", "web.2", "web.16", "web.17"})


def test_a_name_full_of_commands_for_the_terminal_is_shown_escaped(
    typed: Type, here: Path, away: Path
) -> None:
    fill(here, "web.1")
    (away / "\x1b[2Jweb.9").write_bytes(b"x")
    (away / "we\u202eb.9").write_bytes(b"x")
    ran = typed("backup", "list", "--to", f"file://{away}")
    assert ran.stdout == "we\\u202eb.9  1 B\n"
    assert "\x1b" not in ran.stderr
    assert "\\x1b[2Jweb.9" in ran.stderr


# Errands


def configuration(here: Path, away: Path, box: Postbox | None = None, *, more: str = "") -> str:
    mail = "" if box is None else f'[mail]\nserver = "127.0.0.1:{box.port}"\nto = "keeper@example.org"\n'
    return (
        f'{mail}[errands.backup.nightly]\nfolder = "{here}"\ndestination = "file://{away}"\nkeep = 2\n'
        f'every = "1h"\n{more}'
    )


def test_an_errand_is_gone_on_by_hand_and_told_by_mail(
    shell: Shell, here: Path, away: Path, box: Postbox, tmp_path: Path
) -> None:
    file = tmp_path / "doorward.toml"
    file.write_text(configuration(here, away, box, more='mail = "always"\n'))
    file.chmod(0o600)
    given = ("--config", str(file))
    fill(here, "web.4", "web.5")
    fill(away, "web.3")
    words = ("errands", "run", *given, "--state", str(tmp_path / "state"), "backup.nightly")
    ran = shell.run(*words)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == (
        "backup.nightly: 2 sent, 1 removed\nMessage 1 is delivered to keeper@example.org.\n"
    )
    (message,) = box.messages
    host = os.uname().nodename
    assert message["Subject"] == f"backup.nightly on {host}: 2 sent, 1 removed"
    assert message["List-Id"].startswith("<backup.nightly.")
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "sent     web.5  1000 B" in text.get_content().splitlines()
    assert "<td>removed</td><td>web.3</td>" in html.get_content()

    (here / "web.5").write_bytes(b"of another length")
    failed = shell.run(*words)
    assert failed.returncode == 1
    assert "web.5: there it has 1000 bytes, and here 17; it was left as it is" in failed.stderr
    assert "1 kept, 1 failed; web.5: there it has 1000 bytes" in box.subjects[1]

    assert shell.run("backup", "plan", *given, "--errand", "nightly").returncode == 1
    listed = shell.run("backup", "list", *given, "--errand", "backup.nightly")
    assert listed.stdout == "web.5  1000 B\nweb.4  1000 B\n"
    unknown = shell.run("backup", "list", *given, "--errand", "nihgtly")
    assert "there is no errand 'nihgtly' that carries backups; did you mean nightly?" in unknown.stderr


def test_a_change_is_another_end_and_not_another_night(
    shell: Shell, here: Path, away: Path, box: Postbox, tmp_path: Path
) -> None:
    file = tmp_path / "doorward.toml"
    file.write_text(configuration(here, away, box, more='mail = "change"\n'))
    file.chmod(0o600)
    words = ("errands", "run", "--config", str(file), "--state", str(tmp_path / "state"), "backup.nightly")
    mails = []
    for night in range(1, 6):
        # those of the fourth night are two of one number, so that nothing is done
        fill(here, f"web.{night}", *(["web.04"] if night == 4 else []))
        shell.run(*words)
        (here / "web.04").unlink(missing_ok=True)
        mails.append(len(box.messages))
    assert mails == [1, 1, 1, 2, 3]


def test_a_check_tells_what_errands_would_stumble_over(
    here: Path, away: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "doorward.toml"
    more = configuration(here, away).replace(str(here), f"{here}/none").replace("nightly", "other")
    secret = more.replace("other", "secret").replace("file://", "ftps://alice@example.org/")
    file.write_text(configuration(here, away) + more + secret + 'password_file = "missing"\n')
    file.chmod(0o600)
    assert run(["check", "--config", str(file)]) == 0
    told = capsys.readouterr().out
    assert f"warning: errands.backup.other.folder: there is no folder {here}/none" in told
    assert "warning: errands.backup.other.destination: it is that of nightly too, and one carries all" in told
    (of_secret,) = (
        line for line in told.splitlines() if "errands.backup.secret: ftps://example.org/" in line
    )
    assert f"{tmp_path}/missing" in of_secret
    assert "cannot be read" in of_secret


def test_bars_are_shown_on_a_terminal(shell: Shell, typed: Type, here: Path, away: Path) -> None:
    fill(here, "web.1", "web.2", size_bytes=200_000)
    words = shell.words("backup", "push", "--from", str(here), "--to", f"file://{away}", "--keep", "2")
    status, shown = typed_at_prompts(shell, words, [])
    assert status == 0
    assert "all 2" in shown
    assert "2 sent." in shown


def test_a_daemon_carries_by_the_clock_and_when_it_is_asked_to(
    start_daemon: StartDaemon, here: Path, away: Path
) -> None:
    fill(here, "web.1")
    text = configuration(here, away).replace('every = "1h"', 'every = "1s"')
    daemon = start_daemon(DOORS + text)
    until((away / "web.1").exists)
    (listed,) = json.loads(daemon.shell.run("schedules", "--json").stdout)
    assert listed["schedule"] == "backup.nightly"

    fill(here, "web.2")
    asked = daemon.shell.run("ask", "backup", "nightly", "plan")
    assert (asked.returncode, asked.stderr) == (0, "")
    until((away / "web.2").exists)
    asked = daemon.shell.run("ask", "backup", "nightly", "list")
    assert asked.stdout == "web.2  1000 B\nweb.1  1000 B\n"


def test_two_errands_of_one_folder_at_one_time_both_carry_it(
    start_daemon: StartDaemon, here: Path, away: Path
) -> None:
    fill(here, "web.1", size_bytes=600_000)
    off_site = away.parent / "off-site"
    off_site.mkdir()
    first = configuration(here, away, more="bytes_per_second = 200000\n").replace('"1h"', '"2s"')
    second = first.replace(f"{away}", f"{off_site}").replace("nightly", "other")
    daemon = start_daemon(DOORS + first + second)
    for folder in (away, off_site):
        until((folder / "web.1").exists)
    schedules = json.loads(daemon.shell.run("schedules", "--json").stdout)
    assert [each["schedule"] for each in schedules] == ["backup.nightly", "backup.other"]
    assert not any("another run" in json.dumps(each) for each in schedules)


def test_who_asks_a_daemon_sees_what_is_done_and_what_failed(
    start_daemon: StartDaemon, here: Path, away: Path
) -> None:
    fill(here, "web.1", "web.2", "web.3")
    fill(away, "web.1")
    daemon = start_daemon(DOORS + configuration(here, away, more="at_once = 1\n"))
    asked = daemon.shell.run("ask", "backup", "nightly")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert asked.stdout == (
        "web.3 goes, 1000 bytes\nweb.2 goes, 1000 bytes\n"
        f"{here} to file://{away}\n"
        "sent     web.3  1000 B\n"
        "sent     web.2  1000 B\n"
        "removed  web.1  1000 B  it is older than the newest 2\n"
        "2 sent, 1 removed.\n"
    )
    (away / "web.3").write_bytes(b"other")
    failed = daemon.shell.run("ask", "backup", "nightly")
    assert failed.returncode == 125
    assert "web.3: there it has 5 bytes, and here 1000; it was left as it is" in failed.stderr
    # and nobody but an admin may ask
    guest = daemon.shell.run("ask", "--at", daemon.tcp_url, "backup", "nightly")
    assert guest.returncode in {126, 127}


def test_a_command_of_the_keepers_own_has_the_name_before_the_daemons(
    start_daemon: StartDaemon, here: Path, away: Path
) -> None:
    own = '[commands.backup]\nsummary = "Mine"\nrun = ["echo", "mine"]\n'
    daemon = start_daemon(DOORS + configuration(here, away) + own)
    assert daemon.shell.run("ask", "backup").stdout == "mine\n"


# A folder that would carry its backups to itself


@pytest.mark.parametrize("named", ["itself", "by a link", "inside", "around", "yet to be made inside"])
def test_backups_are_never_carried_to_where_they_are_made(
    typed: Type, here: Path, tmp_path: Path, named: str
) -> None:
    fill(here, "web.1", "web.2", "web.3")
    inside = here / "kept"
    if named == "inside":
        inside.mkdir()
    (tmp_path / "link").symlink_to(here)
    places = {"itself": here, "by a link": tmp_path / "link", "around": tmp_path}
    words = ("--from", str(here), "--to", f"file://{places.get(named, inside)}", "--keep", "1")
    more = ("--make-folder",) if "made" in named else ()
    ran = typed("backup", "push", *words, *more)
    assert ran.returncode == 125
    assert "where the backups are made" in ran.stderr
    assert set(contents("web.1", "web.2", "web.3")) <= {each.name for each in here.iterdir()}
    assert "made" not in named or not inside.exists()
    if not more:
        planned = typed("backup", "plan", *words)
        assert (planned.returncode, planned.stdout) == (125, "")


def test_an_errand_that_would_carry_to_its_own_folder_is_told_and_refused(
    shell: Shell, here: Path, tmp_path: Path
) -> None:
    fill(here, "web.1", "web.2", "web.3")
    file = tmp_path / "doorward.toml"
    file.write_text(configuration(here, here))
    file.chmod(0o600)
    told = shell.run("check", "--config", str(file)).stdout
    assert f"warning: errands.backup.nightly: file://{here}: address: this is {here} itself" in told
    given = ("--config", str(file), "--state", str(tmp_path / "state"))
    ran = shell.run("errands", "run", *given, "backup.nightly")
    assert ran.returncode != 0
    assert f"this is {here} itself, where the backups are made" in ran.stderr
    assert found(here) == contents("web.1", "web.2", "web.3")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_run_that_is_broken_off_tells_what_was_done(
    shell: Shell, here: Path, away: Path, *, as_json: bool
) -> None:
    fill(here, "web.1")
    fill(here, "web.2", size_bytes=3_000_000)
    words = ("--from", str(here), "--to", f"file://{away}", "--keep", "2", "--at-once", "2")
    more = ("--json",) if as_json else ()
    slow = shell.start("backup", "push", *words, "--bytes-per-second", "100K", *more)
    try:
        until(lambda: (away / "web.1").exists() and any(each.suffix == ".part" for each in away.iterdir()))
        slow.send_signal(signal.SIGINT)
        output, errors = (each.decode() for each in slow.communicate(timeout=60))
    finally:
        slow.kill()
    assert slow.returncode == 130
    assert "Traceback" not in errors
    if as_json:
        report = json.loads(output)
        assert {each["file"]: each["did"] for each in report["files"]} == {
            "web.2": "skipped",
            "web.1": "sent",
        }
        assert "the next run goes on with them" in report["problem"]
    else:
        assert "sent     web.1  1000 B\n" in output
        assert "1 sent, 1 skipped: it was broken off; the parts stay there" in output


def test_what_to_do_about_a_server_that_is_not_there_or_would_be_told_a_password(
    typed: Type, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(here, "web.1")
    monkeypatch.setenv("DOORWARD_PASSWORD", "hunter2")
    (port,) = free_ports(1)
    words = ("--from", str(here), "--keep", "1", "--retries", "0")
    ran = typed("backup", "push", *words, "--to", f"sftp://alice@127.0.0.1:{port}/srv")
    assert ran.returncode == 125
    assert ran.stderr.endswith("connection refused. Does a server of SSH run there, and on this port?\n")
    ran = typed("backup", "push", *words, "--to", "ftp://alice@backup.example.org/srv")
    assert ran.returncode == 125
    assert "--unencrypted" in ran.stderr


@pytest.fixture(params=["words", "errand"])
def push(request: pytest.FixtureRequest, typed: Type, here: Path, tmp_path: Path) -> Callable[..., Ran]:
    """Carries to a URL with some options, as words of the command line or as keys of an errand."""

    def push_(url: str, **options: str | int) -> Ran:
        if request.param == "words":
            words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
            return typed("backup", "push", "--from", str(here), "--to", url, "--keep", "2", *words)
        file = tmp_path / "doorward.toml"
        keys = "".join(f"{key} = {json.dumps(value)}\n" for key, value in options.items())
        file.write_text(
            f'[errands.backup.nightly]\nfolder = "{here}"\ndestination = "{url}"\nkeep = 2\n'
            f'every = "1h"\n{keys}'
        )
        file.chmod(0o600)
        return typed("backup", "push", "--config", str(file), "--errand", "nightly")

    return push_


def test_what_is_to_stay_is_compared_by_its_hash_where_somebody_wants_that(
    push: Callable[..., Ran], here: Path, away: Path
) -> None:
    fill(here, "web.2", "web.3")
    fill(away, "web.1")
    (away / "web.2").write_bytes(contents("web.2")["web.2"].swapcase())
    held = push(away.as_uri(), check="hash")
    assert held.returncode == 1
    assert "failed   web.2  1000 B  it has another SHA-256 there than here\n" in held.stdout
    assert "but stays: web.2 is not there as it is here\n" in held.stdout
    assert set(found(away)) == {"web.1", "web.2", "web.3"}
    assert push(away.as_uri(), check="size").returncode == 0
    assert set(found(away)) == {"web.2", "web.3"}


@pytest.mark.parametrize("command", ["STOR", "MLSD"])
def test_it_is_tried_again_as_often_as_somebody_wants(
    push: Callable[..., Ran], here: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("DOORWARD_PASSWORD", PASSWORD)
    fill(here, "web.1")
    with busy(command) as server:
        assert push(server.url, retries=0).returncode != 0
        assert server.asked() == 1
        assert push(server.url, retries=1).returncode != 0
        assert server.asked() == 1 + 2
