"""Callbacks on a Deferred beside async/await."""

import gc
import subprocess
import sys
from typing import Any

import pytest
from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from doorward.models.callbacks import (
    Refused,
    errand_in_await,
    errand_in_callbacks,
    in_one_pair,
    one_after_the_other,
    unhandled,
)
from tests.models.servers import started


def answers(line: str) -> "Deferred[str]":
    if line == "refused":
        return defer.fail(Refused("not now"))
    if line == "broken":
        return defer.fail(ValueError("not a refusal"))
    return defer.succeed("x\n" * int(line.removeprefix("count ")))


def result(deferred: "Deferred[str]") -> Any:
    found: list[str | Failure] = []
    _ = deferred.addBoth(found.append)
    return found[0]


def fails(_answer: str) -> str:
    raise KeyError("of ours")


@pytest.mark.parametrize(("line", "told"), [("count 3", "told 3 lines"), ("refused", "refused: not now")])
def test_both_ways_tell_the_same(line: str, told: str) -> None:
    assert result(errand_in_callbacks(answers, line)) == told
    assert result(defer.ensureDeferred(errand_in_await(answers, line))) == told


def test_an_error_of_another_kind_goes_on_in_both() -> None:
    for deferred in (
        errand_in_callbacks(answers, "broken"),
        defer.ensureDeferred(errand_in_await(answers, "broken")),
    ):
        found = result(deferred)
        assert isinstance(found, Failure)
        assert found.type is ValueError


def test_a_deferred_that_a_callback_gives_back_holds_up_the_chain() -> None:
    waiting: list[Deferred[str]] = []

    def ask(line: str) -> "Deferred[str]":
        waiting.append(Deferred())
        return waiting[-1]

    told: list[str] = []
    _ = errand_in_callbacks(ask, "first").addCallback(told.append)
    waiting[0].callback("x\n")
    assert (told, len(waiting)) == ([], 2)
    waiting[1].callback("x\ny\n")
    assert told == ["told 2 lines"]


def test_what_a_callback_raises_is_not_for_the_errback_beside_it() -> None:
    found = result(in_one_pair(answers, "count 1", fails))
    assert isinstance(found, Failure)
    assert found.type is KeyError
    assert result(one_after_the_other(answers, "count 1", fails)) == "caught KeyError"
    for way in (in_one_pair, one_after_the_other):
        assert result(way(answers, "refused", str)) == "caught Refused"


def test_an_error_that_nobody_handles_is_only_logged_and_only_when_its_deferred_goes() -> None:
    with unhandled() as names:
        deferred = in_one_pair(answers, "count 1", fails)
        assert names == []
        del deferred
        gc.collect()
        assert names == ["KeyError"]


def test_the_errand_goes_to_a_real_server_in_a_real_reactor() -> None:
    with started("twisted", "once") as (_, (host, port)):
        run = subprocess.run(
            [sys.executable, "-m", "doorward.models.callbacks", f"{host}:{port}"],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    assert run.stdout.splitlines() == [
        "count 3: told 3 lines | told 3 lines",
        "nothing-of-this-name: refused: I did not understand. | refused: I did not understand.",
    ]
