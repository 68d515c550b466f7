"""Forms: a command with words by the names of its parameters, and what a page asks the desk beside that."""

from doorward.core.invocation import Invocation, bind, bind_values
from doorward.core.launch import Stream
from doorward.core.limits import Limits
from doorward.core.outcome import OutcomeKind
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import FlagType, IntegerType, TextType
from tests.service.house import ALICE, BOB, ROOT, House, program

COUNT = Parameter(name="count", type=IntegerType(min=1, max=5), default=3)
HOST = Parameter(name="host", type=TextType(max=8))
QUIET = Parameter(name="quiet", type=FlagType(on="-q"))
PING = program("ping", HOST, COUNT, QUIET)


def test_words_by_name_bind_as_on_a_line() -> None:
    by_name = bind_values(PING, {"host": ["here"], "count": ["5"], "quiet": ["yes"]}, Limits())
    assert by_name == bind(PING, ["here", "quiet=yes", "count=5"], Limits())


def test_what_is_left_out_takes_its_default() -> None:
    by_name = bind_values(PING, {"host": ["here"], "count": []}, Limits())
    assert isinstance(by_name, Invocation)
    assert dict(by_name.values) == {"host": "here", "count": 3}


def test_all_that_is_wrong_is_told_at_once() -> None:
    problems = bind_values(PING, {"count": ["9"], "quiet": ["no", "yes"], "hots": ["x"]}, Limits())
    assert isinstance(problems, tuple)
    assert [problem.parameter for problem in problems] == ["host", "count", "quiet", ""]
    assert "did you mean host?" in str(problems[3])


def test_words_beyond_the_limits_are_refused() -> None:
    problems = bind_values(PING, {"host": ["x" * 5000]}, Limits())
    assert isinstance(problems, tuple)
    assert "4096" in str(problems[0])


async def test_a_form_with_errors_starts_nothing() -> None:
    house = House(PING)
    answer = house.desk.ask_named(ALICE, "ping", {"count": ["9"]}, lambda: None)
    assert answer.run is None
    assert answer.outcome is not None
    assert answer.outcome.kind is OutcomeKind.INVALID
    assert [problem.parameter for problem in answer.problems] == ["host", "count"]
    assert house.desk.runs(ALICE) == []


async def test_a_form_starts_a_run_that_others_cannot_see() -> None:
    house = House(PING)
    answer = house.desk.ask_named(ALICE, "ping", {"host": ["here"]}, lambda: None)
    number = answer.number
    assert [run["run"] for run in house.desk.runs(ALICE)] == [number]
    assert house.desk.run(ALICE, number) is not None
    assert house.desk.run(BOB, number) is None
    assert house.desk.attach(BOB, number, lambda: None).run is None
    assert house.desk.attach(ROOT, number, lambda: None).number == number


async def test_what_one_may_not_run_is_neither_listed_nor_found() -> None:
    house = House(program("secret", roles=frozenset({"operator"})), PING)
    assert [command.name for command in house.desk.commands(ALICE) if not command.is_builtin] == ["ping"]
    answer = house.desk.ask_named(ALICE, "secret", {}, lambda: None)
    assert answer.outcome is not None
    assert answer.outcome.kind is OutcomeKind.REFUSED


async def test_status_is_told_to_administrators_only() -> None:
    house = House()
    assert not isinstance(house.desk.status(ROOT), type(house.desk.status(ALICE)))


async def test_an_answer_is_read_on_from_any_byte() -> None:
    for offset in range(12):
        house = House(PING)
        answer = house.desk.ask_named(ALICE, "ping", {"host": ["here"]}, lambda: None)
        child = house.child
        child.write(b"first")
        child.write(b"other", Stream.ERR)
        late = house.desk.attach(ALICE, answer.number, lambda: None)
        late.skip(offset)
        assert late.taken_bytes == min(offset, 10)
        taken = b""
        while (chunk := late.take()) is not None:
            taken += chunk[1]
        child.write(b"!")
        while (chunk := late.take()) is not None:
            taken += chunk[1]
        assert taken == b"firstother"[offset:] + b"!"
