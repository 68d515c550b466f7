"""One run for all who ask the same: who joins, what they own, what cancelling does, and what is fresh."""

import pytest

from doorward.core.audit import AuditKind
from doorward.core.catalogue import Catalogue
from doorward.core.command import Command
from doorward.core.launch import Exited, Signalled
from doorward.core.limits import Limits
from doorward.core.outcome import SUCCESS, OutcomeKind
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import FlagType, SecretType
from doorward.core.secret import Secret
from doorward.service.run import RunState
from doorward.testing.spawner import FakeSpawner
from tests.service.house import ALICE, BOB, GUEST, ROOT, House, a_guest, caller, catalogue, function, program

LIST = program("list", Parameter(name="what"), read_only=True)
SLOW = program("slow", read_only=True)
YOUNG = program("young", read_only=True, fresh_seconds=2.0)


def test_equal_questions_get_one_run_and_one_number() -> None:
    house = House(LIST)
    first, second = house.ask(ALICE, "list disks"), house.ask(BOB, "list what=disks")
    other = house.ask(BOB, "list users")
    house.children[0].write(b"sda\n")
    assert (first.text, second.text, other.text) == ("sda\n", "sda\n", "")
    assert first.answer.number == second.answer.number != other.answer.number
    assert len(house.children) == 2
    for child in house.children:
        child.end()
    assert first.outcome == second.outcome == SUCCESS
    house.assert_at_rest()


def test_a_flag_that_is_off_asks_the_same_as_one_that_is_left_out() -> None:
    house = House(program("show", Parameter(name="all", type=FlagType(on="-a")), read_only=True))
    numbers = {house.ask(ALICE, line).answer.number for line in ("show", "show all=no", "show no")}
    assert len(numbers) == 1
    assert house.ask(ALICE, "show yes").answer.number not in numbers


async def test_what_may_differ_for_each_who_asks_is_never_shared() -> None:
    async def who(call: object) -> str:
        return "you"

    house = House(
        program("writes"),
        program("reads", read_only=True, takes_input=True),
        program("hides", Parameter(name="key", type=SecretType()), read_only=True),
        function("who", who, read_only=True),
    )
    for line in ("writes", "reads", "hides x", "who"):
        assert house.ask(ALICE, line).answer.number != house.ask(ALICE, line).answer.number
    await house.runs.close()
    house.assert_at_rest()


def test_a_run_of_another_configuration_is_not_joined_and_its_answer_is_not_fresh() -> None:
    house = House(SLOW, YOUNG)
    before, young = house.ask(ALICE, "slow"), house.ask(ALICE, "young")
    house.child.end()
    house.desk.replace_catalogue(catalogue(SLOW, YOUNG), Limits())
    assert house.ask(ALICE, "slow").answer.number != before.answer.number
    assert house.ask(ALICE, "young").answer.number != young.answer.number
    house.children[0].end()
    assert before.outcome == SUCCESS


def test_a_run_that_ends_after_a_reload_leaves_no_fresh_answer() -> None:
    house = House(YOUNG)
    house.ask(ALICE, "young")
    house.desk.replace_catalogue(catalogue(YOUNG), Limits())
    house.child.end()
    house.ask(ALICE, "young")
    assert len(house.children) == 2


def test_a_joiner_may_attach_later_and_a_guest_owns_nothing() -> None:
    house = House(program("slow", read_only=True, roles=frozenset({"guest"})))
    number = house.ask(GUEST, "slow").answer.number
    house.ask(BOB, "slow")
    house.child.end()
    assert house.ask(BOB, f"attach {number}").outcome == SUCCESS
    outcome = house.ask(ALICE, f"attach {number}").outcome
    assert outcome is not None
    assert outcome.kind is OutcomeKind.REFUSED
    assert house.runs.history.get(number) is not None
    assert house.ask(BOB, "slow").run.owners == {"bob"}


def test_cancelling_takes_off_the_one_who_does_and_the_others_read_on() -> None:
    house = House(SLOW)
    alice, bob = house.ask(ALICE, "slow"), house.ask(BOB, "slow")
    alice.cancel()
    assert alice.outcome is not None
    assert alice.outcome.kind is OutcomeKind.CANCELLED
    assert (alice.told, bob.outcome, house.child.stops) == (1, None, 0)
    house.child.write(b"x")
    assert (alice.text, bob.text) == ("", "x")
    assert bob.run.owners == {"bob"}
    bob.cancel()
    assert house.child.stops == 1
    assert bob.outcome is not None
    assert bob.outcome.kind is OutcomeKind.CANCELLED
    house.assert_at_rest()


def test_cancelling_by_number_takes_off_all_of_one_user_s_readers() -> None:
    house = House(SLOW)
    alices, bob = [house.ask(ALICE, "slow"), house.ask(ALICE, "slow")], house.ask(BOB, "slow")
    assert house.ask(ALICE, f"cancel {bob.answer.number}").text == "Run 1 goes on for others.\n"
    assert [each.outcome is not None for each in [*alices, bob]] == [True, True, False]
    assert bob.run.owners == {"bob"}


def test_who_still_reads_from_elsewhere_goes_on_owning_the_run() -> None:
    house = House(SLOW)
    here, there = house.ask(ALICE, "slow"), house.ask(ALICE, "slow")
    here.cancel()
    assert (there.is_over, there.run.owners) == (False, frozenset({"alice"}))
    assert house.ask(ALICE, "cancel 1").text == "Run 1 is being stopped.\n"
    assert there.outcome is not None


def test_an_administrator_stops_it_for_all() -> None:
    house = House(SLOW)
    readers = [house.ask(ALICE, "slow"), house.ask(BOB, "slow")]
    assert house.ask(ROOT, "cancel 1").text == "Run 1 is being stopped.\n"
    assert [each.outcome is not None for each in readers] == [True, True]
    house.assert_at_rest()


def test_one_guest_cannot_stop_what_another_reads() -> None:
    house = House()
    one, other = house.ask(a_guest(1), "uptime"), house.ask(a_guest(2), "uptime")
    one.cancel()
    assert (one.outcome is not None, other.outcome, house.child.stops) == (True, None, 0)


def test_a_run_that_is_being_stopped_is_not_joined() -> None:
    house = House(SLOW, spawner=FakeSpawner(children_end_when_stopped=False))
    alice = house.ask(ALICE, "slow")
    alice.cancel()
    bob = house.ask(BOB, "slow")
    assert len(house.children) == 2
    house.children[0].end(Signalled(15))
    house.children[1].end()
    assert bob.outcome == SUCCESS
    house.assert_at_rest()


def test_nobody_waits_for_the_share_of_somebody_else() -> None:
    limits = Limits(runs=4, runs_of_guests=1)
    house = House(program("hold", roles=frozenset({"guest"})), SLOW_FOR_ALL, limits=limits)
    house.ask(GUEST, "hold")
    waiting = house.ask(GUEST, "slow")
    alice = house.ask(ALICE, "slow")
    assert [child.launch.argv[0] for child in house.children] == ["/bin/hold", "/bin/slow"]
    house.children[1].end()
    assert (alice.outcome, waiting.outcome) == (SUCCESS, None)
    house.children[0].end()
    house.children[2].end()
    assert waiting.outcome == SUCCESS
    house.assert_at_rest()


SLOW_FOR_ALL = program("slow", read_only=True, roles=frozenset({"guest"}))


def test_those_of_one_share_wait_together() -> None:
    house = House(program("hold", roles=frozenset({"guest"})), SLOW_FOR_ALL, limits=Limits(runs=1))
    house.ask(GUEST, "hold")
    assert house.ask(GUEST, "slow").answer.number == house.ask(a_guest(9), "slow").answer.number
    assert house.runs.places.waiting == 1


def test_a_fresh_answer_is_given_again_up_to_its_bound_and_not_beyond() -> None:
    house = House(YOUNG)
    first = house.ask(ALICE, "young")
    house.child.write(b"1")
    house.clock.advance(10)  # its age counts from its end
    house.child.end()
    house.clock.advance(2.0)
    again = house.ask(BOB, "young")
    assert (again.text, again.outcome, again.answer.number) == ("1", SUCCESS, first.answer.number)
    assert again.told == 0
    house.clock.advance(0.001)
    assert house.ask(BOB, "young").outcome is None
    assert len(house.children) == 2


@pytest.mark.parametrize("spoil", ["status", "signal", "cut", "time", "cancel"])
def test_what_did_not_go_well_is_not_fresh(spoil: str) -> None:
    house = House(
        program("young", read_only=True, fresh_seconds=60.0, output_bytes=4, timeout_seconds=5.0),
    )
    reader = house.ask(ALICE, "young")
    match spoil:
        case "status":
            house.child.end(Exited(1))
        case "signal":
            house.child.end(Signalled(9))
        case "cut":
            house.child.write(b"12345")
            house.child.end()
        case "time":
            house.clock.advance(5)
        case _:
            reader.cancel()
    assert reader.outcome is not None
    house.ask(ALICE, "young")
    assert len(house.children) == 2


def test_without_fresh_seconds_every_question_is_a_new_run() -> None:
    house = House(SLOW)
    for number in range(3):
        house.ask(ALICE, "slow")
        assert len(house.children) == number + 1
        house.child.end()
    assert house.runs.shareable.runs() == ()


def test_fresh_answers_are_bounded_as_the_history_is() -> None:
    pick = program("pick", Parameter(name="word"), read_only=True, fresh_seconds=86_400.0)
    house = House(pick, limits=Limits(kept_runs=5))
    for number in range(50):
        house.ask(ALICE, f"pick w{number}")
        house.child.end()
    assert len(house.runs.shareable.runs()) == 5
    house.ask(ALICE, "pick w49")
    house.ask(ALICE, "pick w0")
    assert len(house.children) == 51


def test_the_right_to_ask_is_judged_for_each_who_does() -> None:
    house = House(program("young", read_only=True, fresh_seconds=60.0, roles=frozenset({"operator"})))
    house.ask(caller("alice", roles=["operator"]), "young")
    house.child.end()
    outcome = house.ask(BOB, "young").outcome
    assert outcome is not None
    assert outcome.kind is OutcomeKind.REFUSED
    assert [line["who"] for line in house.trail(AuditKind.REFUSAL)] == ["bob"]


def test_a_joined_run_has_one_line_in_the_trail_for_each_who_asked() -> None:
    house = House(YOUNG)
    house.ask(ALICE, "young")
    house.ask(BOB, "young")
    house.child.end()
    house.ask(GUEST_WITH_RIGHTS, "young")
    assert house.trail() == [
        {"event": "run", "who": "alice", "run": 1, "command": "young"},
        {"event": "run", "who": "bob", "run": 1, "command": "young", "shared": True},
        {
            "event": "end",
            "who": "alice",
            "run": 1,
            "command": "young",
            "outcome": "exited",
            "exit_status": 0,
            "seconds": 0.0,
            "output_bytes": 0,
        },
        {"event": "run", "who": "carol", "run": 1, "command": "young", "shared": True},
    ]


GUEST_WITH_RIGHTS = caller("carol")


def test_a_command_is_asked_for_by_its_bare_name_as_by_its_words() -> None:
    house = House(YOUNG)
    house.ask(ALICE, "young")
    house.child.end()
    assert {house.ask(ALICE, line).answer.number for line in ("young", " young", "'young'")} == {1}


def test_an_empty_catalogue_still_answers() -> None:
    house = House()
    house.desk.replace_catalogue(Catalogue(), Limits())
    outcome = house.ask(ALICE, "uptime").outcome
    assert outcome is not None
    assert outcome.kind is OutcomeKind.UNKNOWN


def test_equal_commands_of_another_name_are_not_one() -> None:
    def of(name: str) -> Command:
        return program(name, read_only=True)

    house = House(of("one"), of("two"))
    assert house.ask(ALICE, "one").answer.number != house.ask(ALICE, "two").answer.number


def test_who_left_a_run_that_goes_on_for_others_has_their_share_again() -> None:
    house = House(SLOW_FOR_ALL, program("other"), limits=Limits(runs_per_user=1))
    alice = house.ask(ALICE, "slow")
    guest = house.ask(GUEST, "slow")
    assert guest.answer.number == alice.answer.number
    alice.leave()
    other = house.ask(ALICE, "other")
    assert other.run.state is RunState.LIVE
    assert guest.run.state is RunState.LIVE


def test_a_secret_is_forgotten_when_its_run_has_ended() -> None:
    house = House(program("unlock", Parameter(name="phrase", type=SecretType())))
    reader = house.ask(ALICE, "unlock opensesame")
    house.child.end()
    kept = reader.run.invocation.values["phrase"]
    assert isinstance(kept, Secret)
    assert kept.revealed == ""
    assert reader.run.key == ()
    assert house.ask(ALICE, "runs").text.endswith("unlock phrase=••••\n")
