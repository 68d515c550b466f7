import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from doorward.core.principal import User
from doorward.stores.users import UserFile
from tests.certificates import make_certificate
from tests.daemon import COMMANDS, DOORS, Shell


def written(shell: Shell, text: str) -> Path:
    file = shell.folder / "doorward.toml"
    file.write_text(text)
    file.chmod(0o600)
    return file


def test_the_defaults_are_good(shell: Shell) -> None:
    run = shell.run("check")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith(
        "There is no configuration file; the defaults are good: doors tcp, tls, web, unix, ssh;"
    )


def test_a_good_configuration_is_summed_up(shell: Shell) -> None:
    file = written(shell, DOORS + COMMANDS)
    run = shell.run("check", "--config", "doorward.toml")
    assert run.returncode == 0
    assert run.stdout.splitlines()[-1] == (
        f"{file} is good: doors tcp, unix; 8 commands beside the built-in ones; 0 users."
    )


def test_what_runs_by_the_clock_is_counted_and_its_roles_need_nobody(shell: Shell) -> None:
    schedules = "".join(f'[schedules.{name}]\ncommand = "tidy"\nevery = "6h"\n' for name in ("a", "b"))
    feed = '[errands.feed.news]\nurl = "https://example.org/rss"\nevery = "6h"\nto = "alice@example.org"\n'
    tidy = '[commands.tidy]\nrun = ["true"]\nroles = ["operator"]\n'
    file = written(shell, DOORS + tidy + schedules + feed)
    run = shell.run("check", "--config", str(file))
    assert run.stdout == (
        f"{file} is good: doors tcp, unix; 1 command beside the built-in ones; "
        "2 schedules; 1 errand; 0 users.\n"
    )
    written(shell, DOORS + tidy)
    assert "no user has the role operator" in shell.run("check", "--config", str(file)).stdout


def test_all_problems_are_told_with_their_lines_and_fail(shell: Shell) -> None:
    file = written(shell, '[server]\nlangage = "en"\n[commands.x]\nrun = ["no-such-program"]\n')
    run = shell.run("check", "--config", str(file))
    assert (run.returncode, run.stderr) == (1, "")
    lines = run.stdout.splitlines()
    assert lines[0].startswith(f"{file}:2: server.langage: ")
    assert lines[1].startswith(f"{file}:4: commands.x.run")
    assert lines[2] == f"{file}: 2 problems."


def test_json_has_every_part_of_a_problem(shell: Shell) -> None:
    file = written(shell, '[server]\nlanguage = "de"\n')
    run = shell.run("check", "--config", str(file), "--json")
    found = json.loads(run.stdout)
    assert run.returncode == 1
    assert (found["file"], found["is_good"]) == (str(file), False)
    (problem,) = found["problems"]
    assert (problem["line"], problem["key"], problem["found"]) == (2, "server.language", '"de"')


def test_a_warning_is_told_and_fails_nothing(shell: Shell) -> None:
    file = written(
        shell,
        '[commands.show]\nrun = ["cat", "{p}"]\n[commands.show.parameters.p]\ntype = "path"\nwithin = "/"\n',
    )
    run = shell.run("check", "--config", str(file))
    assert run.returncode == 0
    assert run.stdout.startswith("warning: commands.show: the path p may be any; ")
    warnings = json.loads(shell.run("check", "--config", str(file), "--json").stdout)["warnings"]
    assert warnings[0]["command"] == "show"


def test_a_file_that_is_not_there_is_a_problem(shell: Shell) -> None:
    run = shell.run("check", "--config", "none.toml")
    assert run.returncode == 1
    assert "none.toml: it cannot be read: No such file or directory" in run.stdout


def test_the_file_may_stand_without_its_option(shell: Shell) -> None:
    file = written(shell, DOORS + '[commands.x]\nrun = ["true"]\n[users.bob]\nuid = 7\n')
    run = shell.run("check", "doorward.toml")
    assert (run.returncode, run.stdout) == (
        0,
        f"{file} is good: doors tcp, unix; 1 command beside the built-in ones; 1 user.\n",
    )
    assert shell.run("check", "doorward.toml", "--config", "doorward.toml").returncode == 2


def test_a_user_of_both_the_configuration_and_the_state_is_a_problem(shell: Shell) -> None:
    state = shell.folder / "s"
    state.mkdir(mode=0o700)
    UserFile(state).add(User(name="bob", uid=7))
    file = written(shell, DOORS)
    good = shell.run("check", "--config", str(file), "--state", "s")
    assert (good.returncode, good.stdout.splitlines()[-1].endswith(f"; 1 user, 1 of them in {state}.")) == (
        0,
        True,
    )
    file = written(shell, DOORS + "[users.bob]\nuid = 8\n")
    clash = shell.run("check", "--config", str(file), "--state", "s")
    assert clash.returncode == 1
    assert clash.stdout.splitlines() == [
        f"{state}/users.json: users.bob: this user stands in {file} already",
        f"{file}: 1 problem.",
    ]
    # the promise: what is refused here is refused there
    assert shell.run("serve", "--config", str(file), "--state", "s").returncode == 1
    assert shell.run("check", "--config", str(file)).returncode == 0


def test_the_usual_state_is_compared_when_it_is_there(shell: Shell) -> None:
    state = Path(shell.environment["HOME"]) / ".local/state/doorward"
    state.mkdir(parents=True, mode=0o700)
    UserFile(state).add(User(name="bob", uid=7))
    file = written(shell, DOORS + "[users.bob]\nuid = 8\n")
    found = json.loads(shell.run("check", "--config", str(file), "--json").stdout)
    assert (found["state"], found["is_good"]) == (str(state), False)


def test_a_state_that_cannot_be_used_is_a_problem_and_no_mistake_in_the_words(shell: Shell) -> None:
    (shell.folder / "s").mkdir(mode=0o755)
    run = shell.run("check", "--state", "s")
    assert (run.returncode, "chmod 700" in run.stdout) == (1, True)
    (shell.folder / "f").write_text("")
    run = shell.run("check", "--state", "f")
    assert (run.returncode, "is no folder" in run.stdout) == (1, True)


def test_a_role_that_no_user_has_and_a_user_whom_no_door_lets_in_are_warned_of(shell: Shell) -> None:
    text = DOORS + '[commands.x]\nrun = ["true"]\nroles = ["operater", "admin"]\n'
    file = written(shell, text + '[users.bob]\nroles = ["operator"]\n')
    lines = shell.run("check", str(file)).stdout.splitlines()
    assert lines[0].startswith("warning: commands.x: no user has the role operater; ")
    assert lines[1].startswith(
        "warning: users.bob: this user can come in by no open door; open are tcp, unix"
    )
    file = written(
        shell, text.replace("operater", "operator") + '[users.bob]\nuid = 7\nroles = ["operator"]\n'
    )
    assert "warning" not in shell.run("check", str(file)).stdout


TLS = '[doors.tls]\ncertificate = "door.pem"\nkey = "door.key"\n'
NOBODY = "warning: doors.tls: no user has a password or a certificate; type: doorward user add NAME\n"


def test_a_certificate_that_ends_soon_is_warned_of_and_a_good_one_is_not(shell: Shell) -> None:
    now = datetime.now(UTC)  # noqa: TID251 - the command asks the machine
    file = written(shell, TLS)
    make_certificate(ends=now + timedelta(days=30)).written(shell.folder, "door")
    good = shell.run("check", str(file))
    assert (good.returncode, good.stdout.replace(NOBODY, "").startswith("warning")) == (0, False)
    make_certificate(ends=now + timedelta(days=3)).written(shell.folder, "door")
    soon = shell.run("check", str(file))
    assert soon.returncode == 0
    assert f"warning: {shell.folder}/door.pem: it ends on " in soon.stdout


def test_a_pair_that_cannot_be_served_is_a_problem(shell: Shell) -> None:
    file = written(shell, TLS)
    missing = shell.run("check", str(file))
    assert missing.returncode == 1
    assert f"{shell.folder}/door.pem: it cannot be read: No such file" in missing.stdout
    make_certificate().written(shell.folder, "door")
    make_certificate().written(shell.folder, "other")
    (shell.folder / "other.key").replace(shell.folder / "door.key")
    mismatch = shell.run("check", str(file), "--json")
    assert mismatch.returncode == 1
    (problem,) = json.loads(mismatch.stdout)["problems"]
    assert problem["file"] == f"{shell.folder}/door.key"
    assert "this key does not belong to the certificate" in problem["problem"]


def test_the_state_s_own_pair_is_looked_over_once_it_is_there(shell: Shell) -> None:
    state = shell.folder / "s"
    state.mkdir(mode=0o700)
    assert shell.run("check", "--state", "s").returncode == 0
    certificate, key = make_certificate().written(shell.folder, "own")
    certificate.replace(state / "cert.pem")
    alone = shell.run("check", "--state", "s")
    assert (alone.returncode, f"{state}/key.pem: it cannot be read" in alone.stdout) == (1, True)
    key.replace(state / "key.pem")
    # one that a daemon makes counts for ten years; this one ends tomorrow
    both = shell.run("check", "--state", "s")
    assert (both.returncode, f"warning: {state}/cert.pem: it ends on " in both.stdout) == (0, True)


def test_a_door_that_asks_for_the_password_of_nobody_who_is_known_is_warned_of(shell: Shell) -> None:
    file = written(shell, '[doors.tls]\nuser = "alice"\n')
    assert "warning: doors.tls.user: no user alice is known here" in shell.run("check", str(file)).stdout
    added = shell.run("user", "add", "alice", "--generate", "--state", "s", "--config", str(file))
    assert added.returncode == 0, added.stderr
    assert "warning" not in shell.run("check", str(file), "--state", "s").stdout


def test_what_the_unit_would_not_let_run_is_a_problem_with_its_line(shell: Shell) -> None:
    unit = shell.folder / "mine.service"
    unit.write_text("[Service]\nUser=4711\nPrivateDevices=yes\n")
    text = DOORS + '[commands.x]\nrun = ["su", "-"]\n[commands.y]\nrun = ["id"]\nuser = "nobody"\n'
    file = written(shell, text)
    run = shell.run("check", "doorward.toml", "--unit", "mine.service")
    assert run.returncode == 1
    lines = run.stdout.splitlines()
    assert lines[0].startswith(f"{unit}:3: commands.x.run: ")
    assert lines[1].startswith(f"{unit}:2: commands.y.user: it wants to run as nobody")
    assert lines[-1] == f"{file}: 2 problems."
    found = json.loads(shell.run("check", "doorward.toml", "--unit", "mine.service", "--json").stdout)
    assert found["unit"] == str(unit)
    assert (found["problems"][0]["file"], found["problems"][0]["line"]) == (str(unit), 3)
    drop_in = shell.folder / "mine.service.d" / "root.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nUser=root\n")
    good = shell.run("check", "doorward.toml", "--unit", "mine.service")
    assert good.returncode == 0
    assert good.stdout.splitlines()[-1].endswith(f"; 0 users; run by {unit}.")


def test_a_configuration_of_the_units_user_is_trusted(shell: Shell) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    file = written(shell, DOORS)
    os.chown(file, 4711, -1)
    unit = shell.folder / "mine.service"
    unit.write_text("[Service]\nUser=4711\n")
    assert "belongs to uid 4711" in shell.run("check", "doorward.toml").stdout
    assert shell.run("check", "doorward.toml", "--unit", "mine.service").returncode == 0


def test_a_state_in_this_folder_is_left_out_unless_it_is_named_and_that_is_said(shell: Shell) -> None:
    told = "the users of ./.doorward are left out; for those add --state .doorward"
    (shell.folder / ".doorward").mkdir(mode=0o755)
    assert told not in shell.run("check").stdout
    (shell.folder / ".doorward").chmod(0o700)
    assert f"warning: {told}\n" in shell.run("check").stdout
    assert told in shell.run("who-can", "df").stderr
    assert told not in shell.run("check", "--state", ".doorward").stdout
    assert told not in shell.run("who-can", "--state", ".doorward", "df").stderr


def test_a_configuration_in_this_folder_that_is_not_named_is_told_as_unread(shell: Shell) -> None:
    told = "warning: ./doorward.toml is not read unless it is named: doorward check doorward.toml\n"
    assert told not in shell.run("check").stdout
    assert shell.run("init").returncode == 0
    assert told in shell.run("check").stdout
    assert told not in shell.run("check", "doorward.toml").stdout
    assert told not in shell.run("check", "--config", "./doorward.toml").stdout


def test_a_key_of_nvd_that_cannot_be_used_is_warned_of(shell: Shell) -> None:
    errand = '[errands.cve.a]\nevery = "2h"\nmail = false\n'
    errand += 'sources = ["kev", { kind = "nvd", key_file = "nvd.key" }]\n'
    written(shell, DOORS + errand)
    (shell.folder / "nvd.key").write_text("canary\n")
    (shell.folder / "nvd.key").chmod(0o604)
    run = shell.run("check", "--config", "doorward.toml")
    assert run.returncode == 0
    assert "warning: errands.cve.a.sources[1].key_file: " in run.stdout
    assert "it holds a key of NVD and others may read it" in run.stdout
    assert "1 errand;" in run.stdout
    assert "canary" not in run.stdout


def test_a_password_of_mail_that_cannot_be_used_is_warned_of(shell: Shell) -> None:
    mail = '[mail]\nserver = "mail.example.org"\nuser = "a"\npassword_file = "password"\nca = "ca.pem"\n'
    written(shell, DOORS + mail)
    run = shell.run("check", "--config", "doorward.toml")
    folder = shell.folder
    assert run.returncode == 0
    password, authorities = run.stdout.splitlines()[:2]
    assert (
        password
        == f"warning: mail.password_file: {folder}/password: it cannot be read: No such file or directory"
    )
    assert authorities == (
        f"warning: mail.ca: {folder}/ca.pem holds no certificates to trust: no such file or directory; "
        "`ca` of the table [mail] names a file in PEM."
    )
    (folder / "password").write_text("hunter2\n")
    (folder / "password").chmod(0o604)
    run = shell.run("check", "--config", "doorward.toml")
    assert f"{folder}/password: it holds a password and others may read it; type: chmod 600" in run.stdout
