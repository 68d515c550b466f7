from pathlib import Path

import pytest

from doorward.config.machine import Machine
from doorward.config.unit import (
    IMPLY_NO_NEW_PRIVILEGES,
    Rights,
    ServiceMachine,
    Unit,
    missing_user,
    refusals,
    rights_of,
    service_machine,
    user_number,
)
from doorward.config.unit_file import Section, service_assignments
from doorward.config.unit_template import service_text
from doorward.core.command import Command, Program
from doorward.core.errors import ConfigurationError
from doorward.core.template import parse_element

FILE = "/etc/systemd/system/doorward.service"
ROOT = "CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_KILL"
PLAIN = Rights()
SET_UID = Rights(changes_user=True)


def unit(text: str) -> Unit:
    return Unit(FILE, Section(service_assignments(f"[Service]\n{text}\n", FILE)))


OURS = Unit(FILE, Section(service_assignments(service_text(["/opt/doorward/bin/doorward"]), FILE)))


def judged(
    service: Unit, *words: str, user: str = "", rights: dict[str, Rights] | None = None
) -> list[ConfigurationError]:
    """What is said of one command whose first word is an absolute path."""
    elements = tuple(parse_element(word, key="run") for word in words[1:])
    command = Command(name="try", action=Program(words[0], elements, user=user))
    return refusals(
        [command], service, machine=Machine(), rights=lambda path: (rights or {}).get(path, PLAIN)
    )


def only(found: list[ConfigurationError]) -> str:
    (error,) = found
    return str(error)


def test_an_ordinary_program_is_let_run() -> None:
    assert judged(OURS, "/usr/bin/df", "-h") == []


def test_the_error_names_command_unit_line_and_both_ways_out() -> None:
    text = only(judged(OURS, "/x/tool", rights={"/x/tool": SET_UID}))
    place, _, rest = text.partition(": ")
    file, _, line = place.partition(":")
    assert file == FILE
    assert service_text(["/x"]).splitlines()[int(line) - 1] == "NoNewPrivileges=yes"
    assert rest.startswith("commands.try.run: /x/tool gains rights by being set-user-ID, and what ")
    assert "as it says NoNewPrivileges=yes; let polkit allow" in rest
    assert "or lift that in a drop-in (systemctl edit doorward.service" in rest


@pytest.mark.parametrize("name", ["sudo", "doas", "su", "pkexec"])
def test_programs_that_are_known_to_gain_rights_are_refused_by_their_names(name: str) -> None:
    assert "set-user-ID" in only(judged(OURS, f"/usr/local/bin/{name}", "id"))


@pytest.mark.parametrize(
    "words",
    [
        ("/usr/bin/timeout", "5", "su", "-"),
        ("/usr/bin/env", "-i", "A=b", "nice", "-n", "5", "su"),
        ("/bin/sh", "-c", "date; su -c id"),
        ("/usr/bin/timeout", "5", "sh", "-c", "true && su"),
    ],
)
def test_what_another_program_starts_is_seen_as_far_as_the_vector_says(words: tuple[str, ...]) -> None:
    assert "/su gains rights" in only(judged(OURS, *words))


@pytest.mark.parametrize(
    "words",
    [
        ("/usr/bin/grep", "su", "/etc/group"),
        ("/usr/bin/timeout", "5", "grep", "su"),
        ("/bin/sh", "-c", "echo su"),
        ("/bin/ls", "-l", "/usr/bin/su"),
    ],
)
def test_the_name_as_an_argument_is_none(words: tuple[str, ...]) -> None:
    assert judged(OURS, *words) == []


@pytest.mark.parametrize("name", IMPLY_NO_NEW_PRIVILEGES)
def test_each_line_that_implies_no_new_privileges_is_named_though_they_are_allowed(name: str) -> None:
    line = next(each for each in service_assignments(service_text(["/x"]), FILE) if each.name == name)
    text = f"User=doorward\nNoNewPrivileges=no\n{line}"
    assert f"as it says {line}" in only(judged(unit(text), "/x/tool", rights={"/x/tool": SET_UID}))
    assert judged(unit(f"{text}\n{name}="), "/x/tool", rights={"/x/tool": SET_UID}) == []


def test_a_dynamic_user_gains_nothing() -> None:
    service = unit("DynamicUser=yes")
    assert "DynamicUser=yes" in only(judged(service, "/x/tool", rights={"/x/tool": SET_UID}))
    assert (service.user, service.is_root) == ("doorward", False)


def test_no_namespaces_at_all_and_none_are_told_apart() -> None:
    wanted = {"/x/tool": SET_UID}
    assert judged(unit("User=d\nRestrictNamespaces=no"), "/x/tool", rights=wanted) == []
    assert judged(unit("User=d\nRestrictNamespaces=~user"), "/x/tool", rights=wanted) != []


def test_root_gains_nothing_that_it_does_not_have() -> None:
    for user in ("root", "0", ""):
        assert judged(unit(f"User={user}\nNoNewPrivileges=yes"), "/usr/bin/sudo") == []


def test_sudo_needs_two_capabilities_even_where_it_may_gain_them() -> None:
    assert judged(unit("User=d"), "/usr/bin/sudo") == []
    assert "CapabilityBoundingSet=" in only(judged(unit("User=d\nCapabilityBoundingSet="), "/usr/bin/sudo"))


def test_a_group_is_gained_no_more_than_a_user() -> None:
    text = only(judged(OURS, "/x/tool", rights={"/x/tool": Rights(changes_group=True)}))
    assert "set-group-ID" in text
    assert "SupplementaryGroups=" in text


def test_capabilities_of_a_file_are_fine_when_the_unit_gives_them() -> None:
    ping = {"/x/ping": Rights(capabilities=frozenset({"CAP_NET_RAW"}))}
    text = only(judged(OURS, "/x/ping", rights=ping))
    assert "carrying CAP_NET_RAW" in text
    assert "AmbientCapabilities=CAP_NET_RAW" in text
    given = "User=d\nNoNewPrivileges=yes\nCapabilityBoundingSet=CAP_NET_RAW\nAmbientCapabilities=CAP_NET_RAW"
    assert judged(unit(given), "/x/ping", rights=ping) == []
    bounded = unit("User=d\nCapabilityBoundingSet=CAP_KILL")
    assert "CapabilityBoundingSet=CAP_KILL" in only(judged(bounded, "/x/ping", rights=ping))


@pytest.mark.parametrize(
    ("path", "line"),
    [("/home/me/tool", "ProtectHome=yes"), ("/root/x", "ProtectHome=yes"), ("/tmp/x", "PrivateTmp=yes")],
)
def test_a_program_that_the_unit_does_not_see_is_told(path: str, line: str) -> None:
    assert f"{path} cannot be seen from {FILE}, which says {line}; put the program elsewhere" in only(
        judged(OURS, path)
    )
    assert judged(unit("ProtectHome=read-only\nPrivateTmp=no"), path) == []


def test_a_link_to_where_the_unit_sees_nothing_is_followed(tmp_path: Path) -> None:
    link = Path("/dev/shm") / f"doorward-test-{tmp_path.name}"
    link.symlink_to("/home/me/tool")
    try:
        assert "/home/me/tool cannot be seen" in only(judged(OURS, str(link)))
    finally:
        link.unlink()


def test_another_user_wants_root_and_its_powers_and_the_system_calls() -> None:
    assert judged(unit(""), "/bin/id", user="nobody") == []
    assert judged(unit(f"User=root\n{ROOT}"), "/bin/id", user="nobody") == []
    assert "says User=doorward; leave user out" in only(judged(OURS, "/bin/id", user="nobody"))
    for power in ("CAP_SETUID", "CAP_SETGID", "CAP_KILL"):
        text = only(judged(unit(f"{ROOT}\nCapabilityBoundingSet=~{power}"), "/bin/id", user="nobody"))
        assert f"CapabilityBoundingSet=~{power}" in text
    assert "DynamicUser=yes" in only(judged(unit("DynamicUser=yes"), "/bin/id", user="nobody"))


@pytest.mark.parametrize(
    ("filters", "lets"),
    [
        ((), True),
        (("@system-service",), True),
        (("@system-service", "~@privileged @resources"), False),
        (("@system-service", "~@privileged", "@setuid"), True),
        (("~@privileged:EPERM",), False),
        (("~@mount",), True),
        (("@file-system",), False),
        (("@file-system", ""), True),
    ],
)
def test_the_filter_of_system_calls_lets_others_be_or_not(filters: tuple[str, ...], lets: bool) -> None:  # noqa: FBT001
    service = unit("\n".join((ROOT, *(f"SystemCallFilter={text}" for text in filters))))
    assert service.lets_become_others() == lets
    assert (judged(service, "/bin/id", user="nobody") == []) == lets


def test_functions_and_verbs_are_no_programs() -> None:
    assert refusals([], OURS, machine=Machine()) == []


def test_the_rights_of_files_are_asked_of_the_system(tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.touch()
    assert rights_of(str(tool)) == PLAIN
    tool.chmod(0o6755)
    assert rights_of(str(tool)) == Rights(changes_user=True, changes_group=True)
    assert rights_of(str(tmp_path / "none")) == PLAIN


def test_a_user_is_a_name_or_a_number() -> None:
    assert (user_number(""), user_number("root"), user_number("4711")) == (0, 0, 4711)
    assert user_number("no-such-user") is None
    assert service_machine("4711") == ServiceMachine(uid=4711)
    assert service_machine("no-such-user") == ServiceMachine()


def test_a_user_that_the_machine_does_not_have_is_told_with_what_makes_it() -> None:
    service = unit("User=no-such-user\nStateDirectory=doorward:x other")
    assert service.state_folder == "/var/lib/doorward"
    text = only(missing_user(service))
    assert text.startswith(
        f"{FILE}:2: User: this machine has no user no-such-user; make it: useradd --system"
    )
    assert missing_user(unit("User=root")) == missing_user(unit("")) == []
    assert missing_user(unit("User=no-such-user\nDynamicUser=yes")) == []
