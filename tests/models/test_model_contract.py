"""
Every model, with one answer a connection and with many, passes the suite of models.

With many it is the same code in nearly all of it: two models stand for them, and the soak tries them all.
"""

import pytest

from doorward.testing.model_contract import (
    KeptModelContract,
    ModelContract,
    OnceModelContract,
    describe_served,
)
from tests.models.servers import started


class Once(OnceModelContract):
    session = "once"


class Kept(KeptModelContract):
    session = "keep"


class Sequential(ModelContract):
    model = "sequential"
    held_up_by = 1


class Processes(ModelContract):
    model = "processes"
    held_up_by = 8


class TestSequentialOnce(Sequential, Once): ...


@pytest.mark.soak
class TestSequentialKept(Sequential, Kept): ...


class TestThreadsOnce(Once):
    model = "threads"


@pytest.mark.soak
class TestThreadsKept(Kept):
    model = "threads"


class TestProcessesOnce(Processes, Once): ...


@pytest.mark.soak
class TestProcessesKept(Processes, Kept): ...


class TestForkOnce(Once):
    model = "fork"


@pytest.mark.soak
class TestForkKept(Kept):
    model = "fork"


class TestSelectOnce(Once):
    model = "select"


@pytest.mark.soak
class TestSelectKept(Kept):
    model = "select"


class TestEpollOnce(Once):
    model = "epoll"


class TestEpollKept(Kept):
    model = "epoll"


class TestStreamsOnce(Once):
    model = "streams"


class TestStreamsKept(Kept):
    model = "streams"


class TestProtocolsOnce(Once):
    model = "protocols"


@pytest.mark.soak
class TestProtocolsKept(Kept):
    model = "protocols"


class TestUvloopOnce(Once):
    model = "uvloop"


@pytest.mark.soak
class TestUvloopKept(Kept):
    model = "uvloop"


class TestTwistedOnce(Once):
    model = "twisted"


@pytest.mark.soak
class TestTwistedKept(Kept):
    model = "twisted"


@pytest.mark.parametrize(
    "name", ["sequential", "threads", "processes", "fork", "select", "uvloop", "twisted"]
)
def test_lines_of_a_kept_session_are_answered_one_after_the_other(name: str) -> None:
    with started(name, "keep") as (pid, address):
        KeptModelContract().test_lines_are_answered_one_after_the_other(describe_served(pid, address))
