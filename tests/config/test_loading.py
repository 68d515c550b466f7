"""What good configurations come to."""

import os
import pwd
from pathlib import Path

import pytest

from doorward.config import Machine, load_settings
from doorward.core.command import Command, Program, Verb
from doorward.core.invocation import bind, launch_of
from doorward.core.limits import PenaltyLimits
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import FlagType, HostnameType, IntegerType, PathType
from doorward.core.policy import who_can
from doorward.core.readers import read_df
from doorward.core.settings import DEFAULT_DOORS, DoorSettings, Language, LineSessionKind, Settings
from tests.config.conftest import WriteConfiguration

ROOT = Machine(uid=0)


def _program(settings: Settings, name: str) -> tuple[Command, Program]:
    command = settings.catalogue.commands[name]
    assert isinstance(command.action, Program)
    return command, command.action


def test_without_a_file_the_default_doors_and_the_built_ins_are_there() -> None:
    settings = load_settings(None)
    assert settings.is_default
    assert tuple(settings.doors.values()) == DEFAULT_DOORS
    assert {"uptime", "df", *(verb.value for verb in Verb)} <= set(settings.catalogue.commands)
    assert settings.notices == ()


def test_a_file_without_doors_opens_the_default_ones(write_configuration: WriteConfiguration) -> None:
    settings = load_settings(write_configuration('[server]\nlanguage = "fr"\n[doors]\n'))
    assert settings.language is Language.FRENCH
    assert tuple(settings.doors.values()) == DEFAULT_DOORS
    assert not settings.is_default


def test_a_door_is_open_when_its_table_is_there(write_configuration: WriteConfiguration) -> None:
    settings = load_settings(write_configuration('[doors.tcp]\nlisten = ["[::1]:0"]\nsession = "keep"\n'))
    (door,) = settings.doors.values()
    assert (door.name, door.listen, door.session) == ("tcp", ("[::1]:0",), LineSessionKind.KEEP)


def test_a_door_that_says_nothing_listens_where_it_does_by_default(
    write_configuration: WriteConfiguration,
) -> None:
    settings = load_settings(write_configuration("[doors.tcp]\n[doors.unix]\n"))
    assert settings.doors["tcp"].listen == ("127.0.0.1:7022", "[::1]:7022")
    assert settings.doors["unix"].listen == ()


def test_free_ports_may_stand_there_twice(write_configuration: WriteConfiguration) -> None:
    settings = load_settings(write_configuration('[doors.tcp]\nlisten = ["127.0.0.1:0", "127.0.0.1:0"]\n'))
    assert settings.doors["tcp"].listen == ("127.0.0.1:0", "127.0.0.1:0")


def test_the_unix_door_takes_its_path_as_a_text(write_configuration: WriteConfiguration) -> None:
    settings = load_settings(write_configuration('[doors.unix]\nlisten = "/run/x.sock"\n'))
    assert settings.doors["unix"].listen == ("/run/x.sock",)


def test_limits_keep_their_types(write_configuration: WriteConfiguration) -> None:
    limits = load_settings(write_configuration("[limits]\ntimeout_seconds = 30\nruns = 5\n")).limits
    assert (limits.timeout_seconds, limits.runs, limits.queue) == (30.0, 5, 64)
    assert type(limits.timeout_seconds) is float


PING = """
[commands.ping]
summary = "Is a host there?"
run = ["ls", "-c", "{count}", "{quiet}", "{{x}}", "{host}"]
roles = ["operator"]
doors = ["tcp", "web"]
timeout_seconds = 20
output_bytes = 65536
input_bytes = 100
at_once = 4
input = true
detach = true
linger_seconds = 3
environment = { TZ = "UTC" }
resources = { nofile = 64 }
[commands.ping.parameters]
host = { type = "hostname", summary = "which" }
count = { type = "integer", min = 1, max = 10, default = 3 }
quiet = { type = "flag", on = "-q" }
"""


def test_a_command_is_what_its_table_says(write_configuration: WriteConfiguration) -> None:
    settings = load_settings(write_configuration(PING))
    command, program = _program(settings, "ping")
    assert command.parameters == (
        Parameter(name="host", type=HostnameType(), summary="which"),
        Parameter(name="count", type=IntegerType(min=1, max=10), default=3),
        Parameter(name="quiet", type=FlagType(on="-q")),
    )
    assert (command.roles, command.doors) == (frozenset({"operator"}), frozenset({"tcp", "web"}))
    assert (command.timeout_seconds, command.linger_seconds) == (20.0, 3.0)
    assert (command.output_bytes, command.input_bytes, command.at_once) == (65536, 100, 4)
    assert (command.takes_input, command.detach, command.read_only) == (True, True, False)
    assert program.home == pwd.getpwuid(os.geteuid()).pw_dir
    launch = launch_of(bind(command, ["a.org"], settings.limits), program, settings.limits)
    assert launch.argv[1:] == ("-c", "3", "{x}", "a.org")
    assert launch.environment["TZ"] == "UTC"
    assert launch.resources == {"nofile": 64}


def test_an_executable_is_found_in_the_daemon_s_own_folders(
    write_configuration: WriteConfiguration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ls").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    _, program = _program(load_settings(write_configuration('[commands.l]\nrun = ["ls"]\n')), "l")
    assert program.executable in {"/usr/bin/ls", "/bin/ls"}


def test_a_file_that_is_not_executable_is_passed_over(
    write_configuration: WriteConfiguration, tmp_path: Path
) -> None:
    for folder, mode in (("a", 0o644), ("b", 0o755)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "tool").touch()
        (tmp_path / folder / "tool").chmod(mode)
    machine = Machine(executable_path=f"{tmp_path}/a:{tmp_path}/b")
    settings = load_settings(write_configuration('[commands.t]\nrun = ["tool"]\n'), machine=machine)
    assert _program(settings, "t")[1].executable == f"{tmp_path}/b/tool"


def test_a_built_in_whose_program_is_missing_is_left_out_with_a_notice(tmp_path: Path) -> None:
    settings = load_settings(None, machine=Machine(executable_path=str(tmp_path)))
    assert "df" not in settings.catalogue.commands
    assert settings.notices == tuple(
        f"the built-in command {name} is left out: no such program in {tmp_path}" for name in ("uptime", "df")
    )


def test_a_built_in_declared_anew_keeps_its_guests_its_reader_and_its_places(
    write_configuration: WriteConfiguration,
) -> None:
    command, _ = _program(load_settings(write_configuration('[commands.df]\nrun = ["df", "-hT"]\n')), "df")
    assert who_can(command) == "everybody, guests too"
    assert command.reader is read_df
    assert command.summary
    assert command.has_own_places
    assert not command.read_only


def test_roles_take_a_built_in_from_its_guests(write_configuration: WriteConfiguration) -> None:
    text = '[commands.df]\nrun = ["df"]\nroles = ["operator"]\n[commands.uptime]\nroles = []\n'
    commands = load_settings(write_configuration(text)).catalogue.commands
    assert who_can(commands["df"]) == "operator, and admin"
    assert who_can(commands["uptime"]) == "admin"
    assert not commands["df"].open_to_guests
    assert not commands["uptime"].open_to_guests


@pytest.mark.parametrize(
    "text",
    [
        '[commands.df]\nrun = ["sleep", "1000"]\n',
        '[commands.df]\nrun = ["df", "{x}"]\nparameters.x = {}\n',
        '[commands.whoami]\nrun = ["sleep", "1000"]\n',
    ],
)
def test_another_program_under_a_built_in_s_name_gets_no_places_of_its_own(
    write_configuration: WriteConfiguration, text: str
) -> None:
    commands = load_settings(write_configuration(text)).catalogue.commands
    assert not any(commands[name].has_own_places for name in ("df", "whoami") if f".{name}]" in text)


def test_a_built_in_s_table_without_run_changes_only_what_stands_there(
    write_configuration: WriteConfiguration,
) -> None:
    text = """
    [commands.df]
    fresh_seconds = 9
    environment = { BLOCK_SIZE = "1M" }
    [commands.whoami]
    roles = ["x"]
    """
    settings = load_settings(write_configuration(text))
    command, program = _program(settings, "df")
    assert (command.fresh_seconds, command.read_only, command.is_builtin) == (9.0, True, True)
    assert [element.shown for element in program.elements] == ["-h"]
    assert program.environment == {"BLOCK_SIZE": "1M"}
    whoami = settings.catalogue.commands["whoami"]
    assert (whoami.action, who_can(whoami)) == (Verb.WHOAMI, "x, and admin")


def test_cve_is_opened_to_a_role_without_saying_what_it_runs(write_configuration: WriteConfiguration) -> None:
    built_in = load_settings(None).catalogue.commands["cve"]
    assert who_can(built_in) == "admin"
    text = '[commands.cve]\nroles = ["operator"]\nfresh_seconds = 5\n'
    command = load_settings(write_configuration(text)).catalogue.commands["cve"]
    assert (who_can(command), command.fresh_seconds, command.is_builtin) == ("operator, and admin", 5.0, True)
    assert (command.action, command.parameters) == (built_in.action, built_in.parameters)


def test_a_keeper_s_own_cve_is_none_of_ours(write_configuration: WriteConfiguration) -> None:
    text = '[commands.cve]\nrun = ["echo", "{x}"]\nparameters.x = {}\n'
    command, _ = _program(load_settings(write_configuration(text)), "cve")
    assert not command.is_builtin
    assert [parameter.name for parameter in command.parameters] == ["x"]


def test_another_user_brings_the_home_folder_along(write_configuration: WriteConfiguration) -> None:
    file = write_configuration('[commands.l]\nrun = ["ls"]\nuser = "daemon"\n')
    account = pwd.getpwnam("daemon")
    _, program = _program(load_settings(file, machine=ROOT), "l")
    assert (program.user, program.home) == ("daemon", account.pw_dir)


def test_the_daemon_s_own_user_is_no_other_one(write_configuration: WriteConfiguration) -> None:
    own = pwd.getpwuid(os.geteuid())
    file = write_configuration(f'[commands.l]\nrun = ["ls"]\nuser = "{own.pw_name}"\n')
    assert _program(load_settings(file), "l")[1].user == ""


def test_a_default_is_read_as_a_word_of_it_would_be(write_configuration: WriteConfiguration) -> None:
    text = """
    [commands.l]
    run = ["ls", "{where}", "{size}"]
    [commands.l.parameters]
    where = { type = "path", within = "//var/./", default = "log" }
    size = { type = "number", default = 3 }
    """
    command, _ = _program(load_settings(write_configuration(text)), "l")
    where, size = command.parameters
    assert where.type == PathType(within="/var")
    assert (where.default, size.default) == ("/var/log", 3.0)


def test_a_command_that_no_open_door_leads_to_is_noticed(write_configuration: WriteConfiguration) -> None:
    settings = load_settings(
        write_configuration('[commands.l]\nrun = ["ls"]\ndoors = ["ssh"]\n[doors.tcp]\n')
    )
    assert settings.notices == ("commands.l.doors: none of its doors is open: ssh",)


def test_a_uid_that_is_admin_anyway_is_noticed(write_configuration: WriteConfiguration) -> None:
    settings = load_settings(write_configuration("[users.a]\nuid = 0\n"))
    assert settings.notices == ("users.a.uid: uid 0 is admin at the unix door, whatever stands here",)


def test_a_user_is_what_the_table_says(write_configuration: WriteConfiguration) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5nHnAApiwg+zhpmqg5MjyWIETroBIW/q50ZkJerk/1 a comment"
    users = load_settings(write_configuration(f'[users.a]\nkeys = ["{key}"]\nroles = ["x", "admin"]\n')).users
    assert users["a"].keys == (key,)
    assert users["a"].roles == {"x", "admin"}
    assert users["a"].password_hash is None


def test_the_tls_door_s_files_are_seen_from_the_configuration_s_folder(
    write_configuration: WriteConfiguration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    text = '[doors.tls]\nlisten = ["0.0.0.0:0"]\ncertificate = "tls/cert.pem"\nkey = "/etc/key.pem"\n'
    (door,) = load_settings(write_configuration(text)).doors.values()
    assert door == DoorSettings(
        name="tls", listen=("0.0.0.0:0",), certificate=f"{tmp_path}/tls/cert.pem", key="/etc/key.pem"
    )


def test_a_configuration_that_is_named_relatively_says_absolute_paths(
    write_configuration: WriteConfiguration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_configuration('[doors.tls]\ncertificate = "../both.pem"\n')
    monkeypatch.chdir(tmp_path)
    door = load_settings(Path("doorward.toml")).doors["tls"]
    # not shortened: a link may stand on the way
    assert (door.certificate, door.key) == (f"{tmp_path}/../both.pem", "")


def test_the_tls_door_asks_for_the_password_of_a_user_of_the_file_or_of_the_state(
    write_configuration: WriteConfiguration,
) -> None:
    tag = "A" * 22 + "$" + "A" * 43
    text = f'[users.alice]\npassword = "$argon2id$v=19$m=65536,t=3,p=1${tag}"\n[doors.tls]\nuser = "{{}}"\n'
    for name in ("alice", "stored", "admin"):
        assert load_settings(write_configuration(text.format(name))).doors["tls"].user == name


def test_networks_that_pay_nothing_are_written_as_they_usually_are(
    write_configuration: WriteConfiguration,
) -> None:
    networks = (
        '"192.0.2.7", "10.0.0.0/8", "2001:DB8:0:0::/64", "2001:db8::0007", "::ffff:192.0.2.7", '
        '"::ffff:192.0.2.0/120", "192.0.2.7/32"'
    )
    text = f"[limits.penalties]\nexempt = [{networks}]\nsources = 16\nmost_seconds = 60\n"
    penalties = load_settings(write_configuration(text)).limits.penalties
    assert penalties == PenaltyLimits(
        exempt=("192.0.2.7", "10.0.0.0/8", "2001:db8::/64", "2001:db8::7", "192.0.2.0/24"),
        sources=16,
        most_seconds=60.0,
    )


def test_to_exempt_everybody_is_told(write_configuration: WriteConfiguration) -> None:
    settings = load_settings(write_configuration('[limits.penalties]\nexempt = ["::/0"]\n'))
    assert settings.notices == (
        "limits.penalties.exempt[0]: nobody pays for trying passwords in vain: this network is everybody",
    )


def test_refusals_may_begin_with_the_last_place(write_configuration: WriteConfiguration) -> None:
    text = "[limits]\nearly_refusals_from = 5\nnot_logged_in = 5\n"
    limits = load_settings(write_configuration(text)).limits
    assert (limits.early_refusals_from, limits.not_logged_in) == (5, 5)
