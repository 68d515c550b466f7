import os
import subprocess
from pathlib import Path

import pytest

from doorward.config.unit_file import service_assignments
from doorward.config.unit_template import (
    SERVICE,
    SYSTEM_SOCKET,
    is_hidden,
    is_plain,
    service_text,
    socket_name,
    socket_text,
)
from doorward.core.errors import ConfigurationError
from doorward.core.limits import Limits
from doorward.core.settings import DoorSettings
from tests.systemd.page import recipe

TCP = DoorSettings(name="tcp", listen=("127.0.0.1:7022", "[::1]:7022"))
UNIX = DoorSettings(name="unix", listen=())


def settings_of(text: str) -> dict[str, str]:
    return {each.name: each.value for each in service_assignments(text, SERVICE)}


@pytest.mark.needs_program("systemd-analyze", package="systemd")
def test_the_units_verify_and_the_service_scores_at_most_one_and_a_fifth(tmp_path: Path) -> None:
    files = {SERVICE: service_text(["/bin/true", "serve"], openssl_conf="/etc/ssl/openssl.cnf")}
    files |= {socket_name(door.name): socket_text(door) for door in (TCP, UNIX)}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    paths = [str(tmp_path / name) for name in files]
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    verify = ["systemd-analyze", "verify", "--man=no", *paths]
    run = subprocess.run(verify, check=False, capture_output=True, text=True, env=environment)
    assert (run.returncode, run.stdout + run.stderr) == (0, "")
    score = ["systemd-analyze", "security", "--offline=yes", "--threshold=12", paths[0]]
    run = subprocess.run(score, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_no_line_is_longer_than_a_terminal_shows_and_nothing_is_left_to_fill_in() -> None:
    for text in (service_text(["/x"]), socket_text(TCP), socket_text(UNIX)):
        assert max(map(len, text.splitlines())) <= 120
        assert "@DOOR@" not in text
        assert "@PROGRAM@" not in text
        assert "@OPENSSL_CONF@" not in text
        assert text.endswith("\n")


def test_the_program_and_the_configuration_of_openssl_stand_in_the_service() -> None:
    text = service_text(["/opt/d/bin/doorward", "serve"], openssl_conf="/opt/d/openssl.cnf")
    assert settings_of(text)["ExecStart"] == "/opt/d/bin/doorward serve"
    assert "\nEnvironment=OPENSSL_CONF=/opt/d/openssl.cnf\n" in text
    assert "\n#Environment=OPENSSL_CONF=\n" in service_text(["/x"])


def test_the_recipes_in_its_comments_are_those_of_the_page_that_are_tried() -> None:
    text = service_text(["/x"])
    rule = "".join(f"#     {line}\n" for line in recipe("js", "web-site.service").splitlines())
    head, *settings = recipe("ini", "NoNewPrivileges=no").splitlines()
    assert head == "[Service]"
    _, _, command, *_ = recipe("toml", "restart-site").splitlines()
    for part in (rule, "".join(f"#{line}\n" for line in settings), command):
        assert part in text


def test_systemd_waits_for_longer_than_the_daemon_needs_to_stop() -> None:
    limits = Limits()
    wanted = limits.drain_seconds + limits.grace_seconds + limits.unkillable_seconds
    assert float(settings_of(service_text(["/x"]))["TimeoutStopSec"].removesuffix("s")) > wanted


def test_a_door_has_its_name_and_its_addresses() -> None:
    text = socket_text(TCP)
    assert "\nFileDescriptorName=tcp\nService=doorward.service\n" in text
    assert "\nListenStream=127.0.0.1:7022\nListenStream=[::1]:7022\n" in text
    assert "\nBindIPv6Only=ipv6-only\n" in text


def test_the_unix_door_stands_in_the_runtime_folder_or_where_it_is_told() -> None:
    assert f"\nListenStream={SYSTEM_SOCKET}\n" in socket_text(UNIX)
    assert "\nSocketMode=0666\n" in socket_text(UNIX)
    other = DoorSettings(name="unix", listen=("/run/50%/my door",))
    assert "\nListenStream=/run/50%%/my door\n" in socket_text(other)


def test_a_free_port_cannot_be_opened_by_systemd() -> None:
    with pytest.raises(
        ConfigurationError, match=r"doors\.tcp\.listen: a socket unit needs a port of its own"
    ):
        socket_text(DoorSettings(name="tcp", listen=("127.0.0.1:0",)))


def test_what_the_service_does_not_see_is_hidden() -> None:
    for path in ("/home/a/b", "/root", "/tmp/x", "/var/tmp/x", "/run/user/1/x"):
        assert is_hidden(path)
    for path in ("/opt/doorward", "/homework/x", "/rooted", "/var/tmpx"):
        assert not is_hidden(path)


def test_words_that_a_unit_file_takes_otherwise_are_not_plain() -> None:
    assert is_plain("/opt/doorward-1.0/bin/doorward")
    for word in ("", "a b", "50%", "$HOME", 'a"b', "a\\b", "a'b", "a;b"):
        assert not is_plain(word)
