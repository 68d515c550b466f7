"""The recipes of docs/systemd.md, tried; and `doorward check` foretells what becomes of a command without."""

import pytest

from doorward.config.unit import IMPLY_NO_NEW_PRIVILEGES, Unit
from doorward.config.unit_file import Section, service_assignments
from doorward.config.unit_template import service_text
from tests.booted import PROGRAM, UNITS, Booted
from tests.systemd.page import recipe

pytestmark = [
    pytest.mark.needs_program("systemd-analyze", package="systemd"),
    pytest.mark.needs_program("dbus-daemon", package="dbus"),
]

SITE = "[Service]\nExecStart=/bin/sleep infinity\n"
RULES = "/etc/polkit-1/rules.d/60-doorward.rules"


def problems(booted: Booted, *, status: int) -> str:
    """What `doorward check` says of the system's configuration and unit."""
    run = booted.run(PROGRAM, "check")
    assert run.returncode == status, run.stdout
    return run.stdout


@pytest.mark.needs_program("pkaction", package="polkitd")
def test_polkit_lets_the_units_user_restart_this_service_and_no_other(units: Booted) -> None:
    for name in ("web-site", "other"):
        units.write(f"{UNITS}/{name}.service", SITE)
    declared = recipe("toml", "restart-site").replace("operator", "admin")
    other = declared.replace("restart-site", "restart-other").replace("web-site", "other")
    units.start(configuration=f"[doors.unix]\n{declared}{other}")
    assert "is good" in problems(units, status=0)
    units.must("systemctl", "start", "web-site.service", "dbus.service")
    before = units.shown("MainPID", "web-site.service")
    try:
        refused = units.ask("restart-site")
        assert refused.returncode == 1
        assert "Interactive authentication required" in refused.stderr
        units.write(RULES, recipe("js", "web-site.service"))
        units.must("systemctl", "restart", "polkit.service")
        allowed = units.ask("restart-site")
        assert (allowed.returncode, allowed.stderr) == (0, "")
        assert units.shown("MainPID", "web-site.service") not in (before, "0")
        assert units.ask("restart-other").returncode == 1
    finally:
        units.run("systemctl", "stop", "web-site.service", "polkit.service", "dbus.service", "dbus.socket")
        units.must("rm", "-f", RULES, f"{UNITS}/web-site.service", f"{UNITS}/other.service")


def test_the_drop_in_for_sudo_lets_a_set_user_id_program_become_root(units: Booted) -> None:
    # what sudo does when it has asked its own rules: it becomes root, and runs the program
    units.must("install", "-m", "4755", "/usr/bin/setpriv", "/opt/become")
    words = '"/opt/become", "--reuid=0", "--regid=0", "--clear-groups", "id", "-u"'
    configuration = f"[doors.unix]\n[commands.become]\nrun = [{words}]\n"
    units.start(configuration=configuration, drop_in="[Service]\nNoNewPrivileges=no\n")
    assert units.ask("become").returncode != 0
    said = problems(units, status=1)
    assert "commands.become.run: /opt/become gains rights by being set-user-ID" in said
    assert "as it says RestrictSUIDSGID=yes" in said
    units.start(configuration=configuration, drop_in=recipe("ini", "NoNewPrivileges=no"))
    assert units.ask("become").stdout == "0\n"
    problems(units, status=0)


@pytest.mark.needs_program("ping", package="iputils-ping")
@pytest.mark.needs_program("setcap", package="libcap2-bin")
def test_the_drop_in_for_ping_gives_it_its_capability(units: Booted) -> None:
    units.must("install", "-m", "755", "/bin/ping", "/opt/ping")
    units.must("setcap", "cap_net_raw+ep", "/opt/ping")
    configuration = '[doors.unix]\n[commands.ping]\nrun = ["/opt/ping", "-c", "1", "127.0.0.1"]\n'
    units.start(configuration=configuration)
    assert units.ask("ping").returncode != 0
    assert "/opt/ping gains rights by carrying CAP_NET_RAW" in problems(units, status=1)
    units.start(configuration=configuration, drop_in=recipe("ini", "CAP_NET_RAW"))
    pinged = units.ask("ping")
    assert pinged.returncode == 0, pinged.stderr
    problems(units, status=0)


OTHERS = """
[doors.unix]
[commands.who]
run = ["id", "-un"]
user = "nobody"
[commands.long]
run = ["sleep", "60"]
user = "nobody"
timeout_seconds = 0.2
"""


def test_the_drop_in_for_other_users_lets_a_command_become_one_and_be_ended(units: Booted) -> None:
    units.write("/etc/doorward/doorward.toml", OTHERS)
    assert "commands.who.user: it wants to run as nobody" in problems(units, status=1)
    units.start(configuration=OTHERS, drop_in=recipe("ini", "User=root"))
    assert units.ask("who").stdout == "nobody\n"
    assert "stopped after 0.2 s" in units.ask("long").stderr
    problems(units, status=0)


@pytest.mark.soak
@pytest.mark.parametrize("missing", ["CAP_SETUID", "CAP_SETGID", "SystemCallFilter=@setuid"])
def test_each_line_of_the_drop_in_for_other_users_is_needed_and_check_knows(
    units: Booted, missing: str
) -> None:
    drop_in = recipe("ini", "User=root").replace(missing, "")
    units.start(configuration=OTHERS, drop_in=drop_in)
    assert units.ask("who").returncode == 125
    assert "commands.who.user: it wants to run as nobody" in problems(units, status=1)


def test_the_drop_in_for_low_ports_opens_one(units: Booted) -> None:
    configuration = '[doors.unix]\n[doors.tcp]\nlisten = ["127.0.0.1:22"]\n'
    units.write(f"{UNITS}/doorward.service.d/test.conf", recipe("ini", "CAP_NET_BIND_SERVICE"))
    units.start(configuration=configuration, drop_in=recipe("ini", "CAP_NET_BIND_SERVICE"))
    assert units.shown("StatusText").startswith("doors: unix /run/doorward/doorward.sock; tcp 127.0.0.1:22")


SCORES = {"NoNewPrivileges=no": "6.0", "CAP_NET_RAW": "1.5", "User=root": "2.1"}


def test_the_scores_of_the_drop_ins_are_those_of_the_page(units: Booted) -> None:
    for drop_in, score in SCORES.items():
        units.write(f"{UNITS}/doorward.service.d/test.conf", recipe("ini", drop_in))
        analyzed = units.must("systemd-analyze", "security", "--offline=yes", f"{UNITS}/doorward.service")
        assert f"Overall exposure level for doorward.service: {score} " in analyzed


TRIED = """
[Service]
User=doorward
{line}
Type=oneshot
ExecStart=grep NoNewPrivs /proc/self/status
StandardOutput=truncate:/run/tried.{name}
"""


def test_each_line_forbids_new_privileges_to_a_user_where_we_say_so(booted: Booted) -> None:
    ours = {each.name: str(each) for each in service_assignments(service_text(["/x"]), "u")}
    names = [*IMPLY_NO_NEW_PRIVILEGES, "KeyringMode", "ProtectProc"]
    for name in names:
        booted.write(f"{UNITS}/tried-{name}.service", TRIED.format(line=ours[name], name=name))
    booted.must("systemctl", "daemon-reload")
    booted.must("systemctl", "start", *(f"tried-{name}.service" for name in names))
    for name in names:
        unit = Unit("u", Section(service_assignments(TRIED.format(line=ours[name], name=name), "u")))
        shown = booted.must("cat", f"/run/tried.{name}").split()[1]
        assert (name, shown) == (name, "1" if unit.no_new_privileges() is not None else "0")
        assert (shown == "1") == (name in IMPLY_NO_NEW_PRIVILEGES)
