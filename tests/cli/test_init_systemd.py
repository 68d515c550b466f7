"""`doorward init --systemd`."""

import sys
from pathlib import Path

import pytest

from doorward.cli.init_systemd import write_units
from doorward.core.errors import StateError
from tests.daemon import Shell

PROGRAM = "/opt/doorward/bin/doorward"


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_service_and_a_socket_a_door_are_written_and_what_comes_next_is_told(shell: Shell) -> None:
    run = shell.run("init", "--systemd", "units", "--program", PROGRAM)
    assert (run.returncode, run.stderr) == (0, "")
    folder = shell.folder / "units"
    sockets = [f"doorward-{door}.socket" for door in ("tcp", "tls", "web", "unix", "ssh")]
    assert names(folder) == [*sorted(sockets), "doorward.service"]
    assert {(folder / name).stat().st_mode & 0o777 for name in names(folder)} == {0o644}
    assert f"\nExecStart={PROGRAM} serve\n" in (folder / "doorward.service").read_text()
    for words in (
        f"systemd-analyze verify units/doorward.service {' '.join(f'units/{name}' for name in sockets)}",
        f"{PROGRAM} check --unit units/doorward.service",
        f"cp units/doorward.service {' '.join(f'units/{name}' for name in sockets)} /etc/systemd/system/",
        "systemctl daemon-reload",
        "systemctl enable --now doorward.service",
    ):
        assert words in run.stdout
    # wherever that program has its configuration of OpenSSL, it finds it by itself
    assert "notice" not in run.stdout.lower()


def test_the_doors_of_the_configuration_are_those_of_the_units(shell: Shell) -> None:
    file = shell.folder / "mine.toml"
    file.write_text('[doors.tcp]\nlisten = ["127.0.0.1:80", "[::1]:81"]\n')
    run = shell.run("init", "--systemd", "units", "--program", PROGRAM, "--config", "mine.toml")
    assert run.returncode == 0, run.stderr
    assert f"{PROGRAM} check --config {file} --unit units/doorward.service" in run.stdout
    is_hidden = str(file).startswith("/tmp/")  # where tests have their folders
    assert (f"Notice: the service would not find {file}; put" in run.stdout) is is_hidden
    folder = shell.folder / "units"
    assert names(folder) == ["doorward-tcp.socket", "doorward.service"]
    assert (
        "ListenStream=127.0.0.1:80\nListenStream=[::1]:81\n" in (folder / "doorward-tcp.socket").read_text()
    )
    assert f"\nExecStart={PROGRAM} serve --config {file}\n" in (folder / "doorward.service").read_text()


def test_a_unit_that_is_there_stays_and_nothing_is_written_beside_it(shell: Shell) -> None:
    folder = shell.folder / "units"
    folder.mkdir()
    (folder / "doorward-tcp.socket").write_text("mine")
    words = ("init", "--systemd", "units", "--program", PROGRAM)
    refused = shell.run(*words)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(
        "doorward: units/doorward-tcp.socket: there already, and nothing was written"
    )
    assert "--force" in refused.stderr
    assert names(folder) == ["doorward-tcp.socket"]
    assert (folder / "doorward-tcp.socket").read_text() == "mine"
    assert shell.run(*words, "--force").returncode == 0
    assert "ListenStream" in (folder / "doorward-tcp.socket").read_text()


def test_force_replaces_a_link_and_does_not_follow_it(shell: Shell) -> None:
    folder = shell.folder / "units"
    folder.mkdir()
    (folder / "doorward.service").symlink_to(shell.folder / "elsewhere")
    words = ("init", "--systemd", "units", "--program", PROGRAM)
    assert shell.run(*words).returncode == 1
    assert shell.run(*words, "--force").returncode == 0
    assert not (folder / "doorward.service").is_symlink()
    assert not (shell.folder / "elsewhere").exists()


@pytest.mark.parametrize("folder", ["/home/me/bin", "/root/bin", "/tmp/x"])
def test_a_program_that_the_service_would_not_see_is_refused_with_what_to_do(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [f"{folder}/doorward"])
    with pytest.raises(
        StateError, match=f"would not find {folder}/doorward: it sees nothing of /home.*--program"
    ):
        write_units(tmp_path / "units", program=None, config=None, force=False)
    assert not (tmp_path / "units").exists()


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        ("bin/doorward", "needs an absolute path"),
        ("/opt/my doorward", "use a plain path"),
        ("/opt/50%", "plain"),
    ],
)
def test_a_program_that_a_unit_cannot_name_is_refused(shell: Shell, program: str, problem: str) -> None:
    run = shell.run("init", "--systemd", "units", "--program", program)
    assert run.returncode == 1
    assert problem in run.stderr
    assert not (shell.folder / "units").exists()


def test_a_bad_configuration_is_told_and_nothing_is_written(shell: Shell) -> None:
    (shell.folder / "mine.toml").write_text("[doors.tcp]\nlisten = ['nowhere']\n")
    run = shell.run("init", "--systemd", "units", "--program", PROGRAM, "--config", "mine.toml")
    assert run.returncode == 1
    assert "mine.toml:2: doors.tcp.listen" in run.stderr
    assert not (shell.folder / "units").exists()


def test_the_options_of_units_are_wrong_without_them(shell: Shell) -> None:
    for words in (("--force",), ("--program", PROGRAM), ("--config", "x")):
        run = shell.run("init", *words)
        assert run.returncode == 2
        assert "go with --systemd" in run.stderr
    assert not (shell.folder / "doorward.toml").exists()
