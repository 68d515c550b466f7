"""The whole table of who may do what, as data, and what must hold whatever stands in it."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.command import Command, Program
from doorward.core.policy import Deed, judge, who_can
from doorward.core.principal import (
    ADMIN,
    GUEST,
    Login,
    Principal,
    User,
    guest,
    principal_of,
    schedule_principal,
    system_administrator,
)

WHO: dict[str, Principal] = {
    "guest": guest(),
    "user": principal_of(User(name="user"), Login.PASSWORD),
    "operator": principal_of(User(name="operator", roles=frozenset({"operator"})), Login.UID),
    "admin": principal_of(User(name="boss", roles=frozenset({ADMIN})), Login.PASSWORD),
    "root": system_administrator(),
}

# who may run it: `roles` of the command, whether it is open to guests, and the names in WHO
RIGHTS: list[tuple[set[str] | None, bool, set[str]]] = [
    (None, False, {"user", "operator", "admin", "root"}),
    (None, True, {"guest", "user", "operator", "admin", "root"}),
    (set(), False, {"admin", "root"}),
    (set(), True, {"admin", "root"}),
    ({"operator"}, False, {"operator", "admin", "root"}),
    ({"operator"}, True, {"operator", "admin", "root"}),
    ({"operator", "other"}, False, {"operator", "admin", "root"}),
    ({"other"}, False, {"admin", "root"}),
    ({"other"}, True, {"admin", "root"}),
    ({GUEST}, False, {"guest", "user", "operator", "admin", "root"}),
    ({GUEST}, True, {"guest", "user", "operator", "admin", "root"}),
    ({GUEST, "other"}, False, {"guest", "user", "operator", "admin", "root"}),
    ({ADMIN}, False, {"admin", "root"}),
    ({ADMIN}, True, {"admin", "root"}),
]

# doors of the command, the door they came by, whether it lets them through
DOORS: list[tuple[set[str] | None, str, bool]] = [
    (None, "tcp", True),
    (None, "ssh", True),
    ({"ssh", "web"}, "ssh", True),
    ({"ssh", "web"}, "web", True),
    ({"ssh", "web"}, "tcp", False),
    ({"ssh", "web"}, "unix", False),
    ({"ssh", "web"}, "ss", False),
    ({"ssh", "web"}, "", False),
    (set(), "tcp", False),
]

OWNERS: list[set[str]] = [set(), {"user"}, {"operator", "user"}, {"guest"}, {"boss"}, {"admin"}, {"stranger"}]


def command(*, roles: set[str] | None, open_to_guests: bool, doors: set[str] | None) -> Command:
    return Command(
        name="it",
        action=Program("/bin/it"),
        roles=None if roles is None else frozenset(roles),
        open_to_guests=open_to_guests,
        doors=None if doors is None else frozenset(doors),
    )


def reason(who: str, deed: Deed, *, door_is_open: bool, may_run: bool, owns: bool) -> str:
    """What the design says, in its own order; empty for yes."""
    if not door_is_open:
        return "it cannot be asked for at this door"
    if who in {"admin", "root"}:
        return ""
    if not may_run:
        return f"{WHO[who].name} may not run it"
    if deed in {Deed.ATTACH, Deed.CANCEL} and (who == "guest" or not owns):
        return "no such run of yours"
    return ""


@pytest.mark.parametrize("deed", Deed)
@pytest.mark.parametrize("who", WHO)
def test_every_cell_of_the_table_is_as_it_is_written(who: str, deed: Deed) -> None:
    cells = 0
    for (roles, open_to_guests, may), (doors, door, is_open), owners in product(RIGHTS, DOORS, OWNERS):
        asked = command(roles=roles, open_to_guests=open_to_guests, doors=doors)
        permission = judge(WHO[who], deed, asked, door=door, owners=frozenset(owners))
        expected = reason(who, deed, door_is_open=is_open, may_run=who in may, owns=WHO[who].name in owners)
        assert (permission.reason, permission.is_granted) == (expected, not expected), (
            roles,
            doors,
            door,
            owners,
        )
        cells += 1
    assert cells == len(RIGHTS) * len(DOORS) * len(OWNERS)


names = st.sampled_from(("guest", "alice", "bob", "admin", "operator"))
principals = st.one_of(
    st.just(guest()),
    st.just(system_administrator()),
    st.builds(
        principal_of,
        st.builds(User, name=names, roles=st.frozensets(names)),
        st.sampled_from((Login.UID, Login.PASSWORD)),
    ),
)
commands = st.builds(
    Command,
    name=st.just("it"),
    action=st.just(Program("/bin/it")),
    roles=st.none() | st.frozensets(names),
    open_to_guests=st.booleans(),
    doors=st.none() | st.frozensets(st.sampled_from(("tcp", "ssh"))),
)
doors = st.sampled_from(("tcp", "ssh"))


@given(principals, st.sampled_from((Deed.ATTACH, Deed.CANCEL)), commands, doors, st.frozensets(names))
def test_nobody_but_owners_and_admin_attaches_or_cancels(
    principal: Principal, deed: Deed, asked: Command, door: str, owners: frozenset[str]
) -> None:
    if judge(principal, deed, asked, door=door, owners=owners).is_granted:
        assert principal.is_admin or principal.name in owners


@given(st.sampled_from((Deed.ATTACH, Deed.CANCEL)), commands, doors, st.frozensets(names))
def test_guests_own_nothing(deed: Deed, asked: Command, door: str, owners: frozenset[str]) -> None:
    assert not judge(guest(), deed, asked, door=door, owners=owners | {GUEST}).is_granted


@given(principals, commands, doors, st.frozensets(names))
def test_who_may_not_run_it_may_do_nothing_with_it(
    principal: Principal, asked: Command, door: str, owners: frozenset[str]
) -> None:
    granted = {deed: judge(principal, deed, asked, door=door, owners=owners).is_granted for deed in Deed}
    assert granted[Deed.SEE] == granted[Deed.RUN]
    assert granted[Deed.ATTACH] == granted[Deed.CANCEL]
    assert granted[Deed.RUN] or not granted[Deed.ATTACH]


@given(principals, st.sampled_from(Deed), commands, st.frozensets(names))
def test_a_door_that_is_not_named_lets_nobody_through(
    principal: Principal, deed: Deed, asked: Command, owners: frozenset[str]
) -> None:
    permission = judge(principal, deed, asked, door="web", owners=owners)
    assert permission.is_granted is False or asked.doors is None


@given(st.sampled_from((Deed.ATTACH, Deed.CANCEL)), st.frozensets(names.filter(lambda name: name != "alice")))
def test_the_run_of_another_is_refused_in_the_words_of_one_that_is_not_there(
    deed: Deed, owners: frozenset[str]
) -> None:
    asked = command(roles=None, open_to_guests=False, doors=None)
    alice = principal_of(User(name="alice"), Login.PASSWORD)
    assert judge(alice, deed, asked, door="tcp", owners=owners) == judge(alice, deed, asked, door="tcp")


@given(principals, st.sampled_from(Deed), commands, doors, st.frozensets(names))
def test_a_refusal_has_a_reason_and_a_grant_has_none(
    principal: Principal, deed: Deed, asked: Command, door: str, owners: frozenset[str]
) -> None:
    permission = judge(principal, deed, asked, door=door, owners=owners)
    assert permission.is_granted is not bool(permission.reason)


@pytest.mark.parametrize(
    ("roles", "open_to_guests", "words"),
    [
        (None, False, "every user who logged in"),
        (None, True, "everybody, guests too"),
        ({GUEST}, False, "everybody, guests too"),
        ({GUEST, "operator"}, False, "everybody, guests too"),
        ({"operator"}, False, "operator, and admin"),
        ({"operator"}, True, "operator, and admin"),
        ({"b", "a"}, False, "a, b, and admin"),
        ({ADMIN}, False, "admin"),
        (set(), True, "admin"),
    ],
)
def test_who_can_says_it_in_words(roles: set[str] | None, words: str, *, open_to_guests: bool) -> None:
    assert who_can(command(roles=roles, open_to_guests=open_to_guests, doors=None)) == words


@given(principals, commands, doors)
def test_who_can_says_what_is_judged(principal: Principal, asked: Command, door: str) -> None:
    if asked.doors is not None and door not in asked.doors:
        return
    words = who_can(asked)
    said = {
        "everybody, guests too": True,
        "every user who logged in": not principal.is_guest,
    }.get(
        words, principal.is_admin or bool(set(words.replace(", and admin", "").split(", ")) & principal.roles)
    )
    assert judge(principal, Deed.RUN, asked, door=door).is_granted is said


def test_a_schedule_may_run_the_command_it_names_and_nothing_else() -> None:
    schedule = schedule_principal("nightly", "backup")
    backup = Command(
        name="backup", action=Program("/bin/true"), roles=frozenset({"operator"}), doors=frozenset({"ssh"})
    )
    other = Command(name="df", action=Program("/bin/df"), open_to_guests=True)
    assert judge(schedule, Deed.RUN, backup, door="schedule").is_granted
    for deed in set(Deed) - {Deed.RUN}:
        assert not judge(
            schedule, deed, backup, door="schedule", owners=frozenset({schedule.name})
        ).is_granted
    refused = judge(schedule, Deed.RUN, other, door="schedule")
    assert refused.reason == "schedule:nightly may run backup and nothing else"
    assert not schedule.is_admin
    assert not schedule.is_guest
