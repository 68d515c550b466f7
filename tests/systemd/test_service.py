"""The unit as `doorward init --systemd` writes it, under a systemd that is really process 1."""

import re
from collections.abc import Callable

import pytest

from tests.booted import PROGRAM, UNITS, Booted

pytestmark = [
    pytest.mark.needs_program("systemd-analyze", package="systemd"),
    pytest.mark.needs_program("dbus-daemon", package="dbus"),
]

TRIES = 20


def lines_of_df(text: str) -> set[str]:
    """What df says, in any order, without /dev, which the service has of its own."""
    return {" ".join(line.split()) for line in text.splitlines() if not line.endswith(" /dev")}


def as_outside(booted: Booted, *words: str, told: Callable[[str], object]) -> tuple[object, object]:
    """What the daemon says and what a shell says, again while a clock or a disk moves between them."""
    outside = inside = object()
    for _ in range(TRIES):
        outside, inside = told(booted.run(*words).stdout), told(booted.ask(words[0]).stdout)
        if outside == inside:
            break
    return inside, outside


def test_the_units_verify_and_their_score_is_at_most_one_and_a_fifth(units: Booted) -> None:
    verified = units.run("sh", "-c", f"systemd-analyze verify {UNITS}/doorward*")
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    analyzed = units.run(
        "systemd-analyze", "security", "--offline=yes", "--threshold=12", f"{UNITS}/doorward.service"
    )
    assert analyzed.returncode == 0, analyzed.stdout
    assert "Overall exposure level for doorward.service: 1.2 OK" in analyzed.stdout


def test_a_link_to_where_the_service_sees_nothing_is_refused(units: Booted) -> None:
    units.must("sh", "-c", f"mkdir -p /root/bin && cp {PROGRAM} /root/bin && ln -sfn /root/bin /opt/linked")
    run = units.run("/opt/linked/doorward", "init", "--systemd", "--force")
    assert run.returncode == 1
    assert "the service would not find /root/bin/doorward: it sees nothing of /home" in run.stderr


def test_the_configuration_of_openssl_is_that_of_the_named_program_or_ours(units: Booted) -> None:
    theirs = "/opt/other/lib/python3.11/site-packages/doorward/compose/openssl.cnf"
    init = (PROGRAM, "init", "--systemd", "--force", "--program", "/opt/other/bin/doorward")
    units.must("install", "-D", "/dev/null", theirs)
    units.must(*init)
    assert f"\nEnvironment=OPENSSL_CONF={theirs}\n" in units.must("cat", f"{UNITS}/doorward.service")
    units.must("rm", theirs)
    units.must(*init)
    ours = "/opt/doorward/sources/doorward/compose/openssl.cnf"
    assert f"\nEnvironment=OPENSSL_CONF={ours}\n" in units.must("cat", f"{UNITS}/doorward.service")


def test_uptime_and_df_answer_as_outside(units: Booted) -> None:
    units.start()
    inside, outside = as_outside(units, "uptime", told=str)
    assert inside == outside
    assert "load average" in str(inside)
    inside, outside = as_outside(units, "df", "-h", told=lines_of_df)
    assert inside == outside
    assert len(lines_of_df(units.ask("df").stdout)) > 3
    assert units.shown("User") == "doorward"


def test_a_file_system_at_home_is_missing_in_df_until_the_drop_in_shows_it(units: Booted) -> None:
    units.must("mount", "-t", "tmpfs", "-o", "size=77M", "homes", "/home")
    try:
        units.start()
        assert "/home" not in units.ask("df").stdout
        units.start(drop_in="[Service]\nProtectHome=read-only\n")
        assert re.search(r"^homes +77M .* /home$", units.ask("df").stdout, re.MULTILINE)
    finally:
        units.run("systemctl", "stop", "doorward.service")
        units.must("umount", "/home")


def test_start_reload_and_stop_are_what_systemd_sees(units: Booted) -> None:
    units.start()
    network = "tcp 127.0.0.1:7022 [::1]:7022; tls 127.0.0.1:7023 [::1]:7023"
    doors = f"doors: {network}; web 127.0.0.1:7024 [::1]:7024; unix /run/doorward/doorward.sock"
    doors = f"{doors}; ssh 127.0.0.1:7025 [::1]:7025"
    assert units.shown("StatusText") == doors
    assert units.shown("ActiveState") == "active"
    pid = units.shown("MainPID")
    units.must("systemctl", "reload", "doorward.service")
    until(units, lambda: '"reloaded: doors tcp, tls, web, unix, ssh' in units.journal())
    assert (units.shown("MainPID"), units.shown("StatusText")) == (pid, doors)

    units.must(
        "install", "-o", "doorward", "-m", "600", "/dev/stdin", "/var/lib/doorward/users.json", stdin="x"
    )
    units.must("systemctl", "reload", "doorward.service")
    until(units, lambda: units.shown("StatusText").startswith("the last reload failed: "))
    assert units.ask("echo", "still").stdout == "still\n"
    units.must("rm", "/var/lib/doorward/users.json")

    units.must("systemctl", "stop", "doorward.service")
    assert (units.shown("Result"), units.shown("ExecMainStatus")) == ("success", "0")
    left = units.must("sh", "-c", "ls /var/lib/doorward").split()
    host_key = ["ssh_host_ed25519_key", "ssh_host_ed25519_key.pub"]
    assert left == ["audit.jsonl", "cert.pem", "key.pem", "lock", *host_key]


def until(booted: Booted, is_so: Callable[[], bool]) -> None:
    """Ask again until it is so; each asking takes a while by itself."""
    for _ in range(10 * TRIES):
        if is_so():
            return
    raise AssertionError(booted.journal())


def test_state_runtime_and_configuration_folders_are_as_they_must_be(units: Booted) -> None:
    units.start(configuration="[doors.unix]\n[commands.mine]\nrun = ['touch', '/etc/doorward/mine']\n")
    shown = units.must(
        "stat", "-c", "%a %U", "/var/lib/doorward", "/run/doorward", "/run/doorward/doorward.sock"
    )
    assert shown.splitlines() == ["700 doorward", "755 doorward", "666 doorward"]
    refused = units.ask("mine")
    assert refused.returncode == 1
    assert "Read-only file system" in refused.stderr


def test_a_daemon_whose_loop_hangs_is_started_anew_and_its_stack_is_logged(units: Booted) -> None:
    units.start(drop_in="[Service]\nWatchdogSec=1s\nRestartSec=0\n")
    pid = units.shown("MainPID")
    units.must("kill", "-STOP", pid)
    units.must("timeout", "30", "tail", "--sleep-interval=0.1", f"--pid={pid}", "--follow", "/dev/null")
    units.must("systemctl", "start", "doorward.service")
    assert units.shown("MainPID") not in (pid, "0")
    assert units.ask("echo", "back").stdout == "back\n"
    units.must("journalctl", "--sync")
    journal = units.must("journalctl", "--no-pager", "-u", "doorward.service", "-n", "1000")
    assert "Watchdog timeout" in journal
    assert "Fatal Python error: Aborted" in journal
    assert "Scheduled restart job" in journal


def test_commands_that_run_get_the_time_of_the_drain(units: Booted) -> None:
    units.start(
        configuration="[doors.unix]\n[commands.slow]\nrun = ['sh', '-c', 'echo begun; sleep 1; echo done']\n"
    )
    # KillMode=mixed: SIGTERM reaches the daemon alone
    script = f"{PROGRAM} ask slow | (read line; systemctl stop doorward.service & cat; wait)"
    assert units.must("sh", "-c", script) == "done"
    assert units.shown("Result") == "success"


def test_socket_units_hand_over_each_door_by_its_name(units: Booted) -> None:
    units.start()
    units.must("systemctl", "stop", "doorward.service")
    units.write(
        f"{UNITS}/doorward.service.d/test.conf",
        "[Service]\nType=oneshot\nRestart=no\nWatchdogSec=0\nExecStart=\nExecStart=/usr/bin/env\n",
    )
    units.must("systemctl", "daemon-reload")
    sockets = ["doorward-tcp.socket", "doorward-unix.socket"]
    units.must("systemctl", "start", *sockets)
    try:
        mode = units.must("stat", "-c", "%a", "/run/doorward", "/run/doorward/doorward.sock")
        assert mode.splitlines() == ["755", "666"]
        units.must("systemctl", "start", "doorward.service")
        units.must("journalctl", "--sync")
        (names,) = re.findall(r"LISTEN_FDNAMES=(\S+)", units.journal())
        assert sorted(names.split(":")) == ["tcp", "tcp", "unix"]
        assert units.shown("Listen", sockets[0]).split() == [
            "127.0.0.1:7022",
            "(Stream)",
            "[::1]:7022",
            "(Stream)",
        ]
    finally:
        units.run("systemctl", "stop", *sockets)


def test_a_door_that_systemd_opened_outlives_the_daemon(units: Booted) -> None:
    sockets = ["doorward-tcp.socket", "doorward-unix.socket"]
    units.write(f"{UNITS}/doorward.service.d/test.conf", "[Service]\nRestart=no\n")
    units.must("systemctl", "daemon-reload")
    units.must("systemctl", "start", *sockets)
    try:
        for _ in range(2):
            asked = units.run("timeout", "10", PROGRAM, "ask", "echo", "hi")
            assert asked.stdout == "hi\n"
            units.must("systemctl", "stop", "doorward.service")
    finally:
        units.run("systemctl", "stop", *sockets)
        units.run("systemctl", "reset-failed")
