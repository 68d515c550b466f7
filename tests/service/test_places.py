"""Places: how many, whose, and who comes next. First against cases, then against a simple model."""

from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from doorward.core.command import Command
from doorward.core.limits import Limits
from doorward.core.principal import Principal, guest
from doorward.service.places import Claim, Places, Standing
from tests.service.house import catalogue, function, program, user

SLEEP = program("sleep")
UPTIME = catalogue().commands["uptime"]
RELOAD = function("reload", lambda: None, is_builtin=True)


class Asked:
    """Claims, and the order in which those that waited were started."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.places = Places(Limits() if limits is None else limits)
        self.started: list[str] = []

    def ask(self, who: Principal, command: Command = SLEEP, label: str = "") -> Claim:
        return self.places.claim(who, command, lambda: self.started.append(label))

    def standings(self, who: list[Principal], command: Command = SLEEP) -> list[Standing]:
        return [self.ask(each, command).standing for each in who]


HELD, WAITING, AWAY = Standing.HELD, Standing.WAITING, Standing.TURNED_AWAY


def test_a_user_has_eight_places_and_all_guests_sixteen() -> None:
    asked = Asked()
    assert asked.standings([user("alice")] * 9) == [HELD] * 8 + [WAITING]
    assert asked.standings([guest()] * 17) == [HELD] * 16 + [WAITING]
    assert asked.standings([user("bob")] * 9) == [HELD] * 8 + [WAITING]


def test_there_are_thirty_two_places_whoever_asks() -> None:
    asked = Asked()
    users = [user(f"user{number}") for number in range(33)]
    assert asked.standings(users) == [HELD] * 32 + [WAITING]
    assert asked.places.taken == 32


def test_builtins_have_four_places_of_their_own_when_all_others_are_taken() -> None:
    asked = Asked()
    asked.standings([user(f"user{number}") for number in range(32)])
    assert asked.standings([guest()] * 5, UPTIME) == [HELD] * 4 + [WAITING]
    assert asked.places.taken == 36


def test_a_builtin_function_has_a_place_when_all_others_are_taken_by_whomever() -> None:
    asked = Asked()
    asked.standings([user(f"user{number}") for number in range(32)])
    asked.standings([guest()] * 36, UPTIME)
    admin = user("admin")
    first = asked.ask(admin, RELOAD)
    assert first.standing is HELD
    assert asked.ask(admin, RELOAD, label="second").standing is WAITING
    asked.places.give_back(first)
    assert asked.started == ["second"]


def test_what_is_freed_is_held_for_who_waits_before_it_is_started() -> None:
    asked = Asked(Limits(runs=1, queue=1))
    first, second = asked.ask(user("alice")), asked.ask(user("bob"), label="bob")
    asked.places.free(first)
    assert (second.standing, asked.started) == (HELD, [])
    assert asked.ask(user("carol"), label="carol").standing is WAITING
    asked.places.give_back(second)
    assert asked.started == ["carol"]


def test_thousands_that_end_in_their_own_start_are_started_one_after_the_other() -> None:
    places = Places(Limits(runs=1, queue=1500, queue_per_user=1500))
    claims: list[Claim] = [places.claim(user("alice"), SLEEP, lambda: None)]
    for number in range(1, 1500):
        claims.append(
            places.claim(user("alice"), SLEEP, lambda number=number: places.give_back(claims[number]))  # type: ignore[misc]
        )
    places.give_back(claims[0])
    assert (places.taken, places.waiting) == (0, 0)


def test_a_share_of_the_queue_is_thirty_two_and_the_queue_sixty_four_then_it_is_busy() -> None:
    asked = Asked()
    assert asked.standings([user("alice")] * 41) == [HELD] * 8 + [WAITING] * 32 + [AWAY]
    asked.standings([guest()] * 16)
    assert asked.standings([guest()] * 33) == [WAITING] * 32 + [AWAY]
    assert asked.standings([user("bob")] * 9) == [HELD] * 8 + [AWAY]


def test_a_command_at_once_counts_for_everybody() -> None:
    asked = Asked()
    once = program("once", at_once=2)
    assert asked.standings([user("alice"), user("bob"), user("carol")], once) == [HELD, HELD, WAITING]
    assert asked.ask(user("carol")).standing is HELD


def test_first_come_is_first_served_but_for_full_shares() -> None:
    asked = Asked(Limits(runs=3, runs_per_user=2))
    alices = [asked.ask(user("alice")) for _ in range(2)]
    carols = asked.ask(user("carol"))
    asked.ask(user("alice"), label="alice 3")
    asked.ask(user("bob"), label="bob 1")
    asked.ask(user("bob"), label="bob 2")
    asked.places.give_back(carols)
    assert asked.started == ["bob 1"]  # alice came before, and her share is full
    asked.places.give_back(alices[0])
    assert asked.started == ["bob 1", "alice 3"]
    asked.places.give_back(alices[1])
    assert asked.started == ["bob 1", "alice 3", "bob 2"]


def test_a_waiting_claim_that_is_given_back_is_never_started() -> None:
    asked = Asked(Limits(runs=1))
    first, second = asked.ask(user("alice")), asked.ask(user("bob"), label="bob")
    asked.places.give_back(second)
    asked.places.give_back(first)
    assert (asked.started, asked.places.taken, asked.places.waiting) == ([], 0, 0)


def test_a_place_is_not_given_back_twice() -> None:
    asked = Asked(Limits(runs=1))
    first = asked.ask(user("alice"))
    asked.ask(user("bob"), label="bob")
    asked.ask(user("carol"), label="carol")
    asked.places.give_back(first)
    asked.places.give_back(first)
    assert (asked.started, asked.places.taken) == (["bob"], 1)


def test_one_that_ends_in_its_own_start_frees_its_place_for_the_next() -> None:
    places = Places(Limits(runs=1))
    started: list[str] = []
    claims: dict[str, Claim] = {}

    def start(label: str) -> None:
        started.append(label)
        places.give_back(claims[label])

    first = places.claim(user("alice"), SLEEP, lambda: None)
    for label in ("a", "b", "c"):
        claims[label] = places.claim(user("bob"), SLEEP, lambda label=label: start(label))  # type: ignore[misc]
    places.give_back(first)
    assert (started, places.taken, places.waiting) == (["a", "b", "c"], 0, 0)


def test_wider_limits_start_those_who_wait_and_narrower_ones_take_no_place_away() -> None:
    asked = Asked(Limits(runs=1))
    claims = [asked.ask(user("alice"), label=f"{number}") for number in range(4)]
    asked.places.replace_limits(Limits(runs=3))
    assert asked.started == ["1", "2"]
    asked.places.replace_limits(Limits(runs=1))
    assert asked.places.taken == 3
    asked.places.give_back(claims[0])
    asked.places.give_back(claims[1])
    assert asked.started == ["1", "2"]
    asked.places.give_back(claims[2])
    assert asked.started == ["1", "2", "3"]


@dataclass(eq=False)
class Modelled:
    owner: str
    command: Command
    claim: Claim | None = field(default=None)


WHO = {"guest": guest(), "alice": user("alice"), "bob": user("bob")}
COMMANDS = [SLEEP, program("twice", at_once=2), UPTIME, RELOAD]
LIMITS = st.builds(
    Limits,
    runs=st.integers(1, 4),
    runs_per_user=st.integers(1, 3),
    runs_of_guests=st.integers(1, 3),
    runs_of_builtins=st.integers(1, 2),
    queue=st.integers(0, 5),
    queue_per_user=st.integers(0, 3),
)


class PlacesMachine(RuleBasedStateMachine):
    """
    The model: two lists in the order of asking, and four counts made anew each time.

    Whoever waits is started as soon as they fit, the first that fits first.
    """

    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.limits = Limits(runs=2, runs_per_user=2, runs_of_guests=1, runs_of_builtins=1, queue=3)
        self.places = Places(self.limits)
        self.held: list[Modelled] = []
        self.waiting: list[Modelled] = []
        self.started: list[Modelled] = []

    @rule(target=claims, who=st.sampled_from(sorted(WHO)), command=st.sampled_from(COMMANDS))
    def ask(self, who: str, command: Command) -> Modelled:
        asked = Modelled(who, command)
        asked.claim = self.places.claim(WHO[who], command, lambda: self.started.append(asked))
        if self.fits(asked):
            expected = HELD
            self.held.append(asked)
        elif len(self.waiting) < self.limits.queue and self.waiting_of(who) < self.limits.queue_per_user:
            expected = WAITING
            self.waiting.append(asked)
        else:
            expected = AWAY
        assert asked.claim.standing is expected
        return asked

    @rule(asked=claims)
    def give_back(self, asked: Modelled) -> None:
        assert asked.claim is not None
        self.places.give_back(asked.claim)
        for group in (self.held, self.waiting):
            if asked in group:
                group.remove(asked)
        self.serve()

    @rule(asked=consumes(claims))
    def give_back_twice(self, asked: Modelled) -> None:
        self.give_back(asked)
        self.give_back(asked)

    @rule(limits=LIMITS)
    def change_limits(self, limits: Limits) -> None:
        self.limits = limits
        self.places.replace_limits(limits)
        self.serve()

    def serve(self) -> None:
        expected = []
        while fitting := [asked for asked in self.waiting if self.fits(asked)]:
            self.waiting.remove(fitting[0])
            self.held.append(fitting[0])
            expected.append(fitting[0])
        assert self.started == expected
        self.started.clear()

    def waiting_of(self, who: str) -> int:
        return sum(asked.owner == who for asked in self.waiting)

    def fits(self, asked: Modelled) -> bool:
        same = sum(each.command.name == asked.command.name for each in self.held)
        if asked.command.at_once and same >= asked.command.at_once:
            return False
        if asked.command is RELOAD:
            return same == 0
        common = [each for each in self.held if not each.command.is_builtin]
        if asked.command is UPTIME:
            return same < self.limits.runs_of_builtins
        share = self.limits.runs_of_guests if asked.owner == "guest" else self.limits.runs_per_user
        return len(common) < self.limits.runs and sum(each.owner == asked.owner for each in common) < share

    @invariant()
    def the_places_agree_with_the_model(self) -> None:
        assert (self.places.taken, self.places.waiting) == (len(self.held), len(self.waiting))
        assert not any(self.fits(asked) for asked in self.waiting)
        assert all(asked.claim is not None and asked.claim.standing is HELD for asked in self.held)

    def teardown(self) -> None:
        for asked in [*self.waiting, *self.held]:
            assert asked.claim is not None
            self.places.give_back(asked.claim)
        assert (self.places.taken, self.places.waiting) == (0, 0)
        assert not self.places._owners
        assert not self.places._commands


TestPlacesAgainstAModel = PlacesMachine.TestCase
