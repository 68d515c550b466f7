"""The daemon that is attacked: one a test, so that what one attack does is not another's."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.doors.daemon import TCP, UNIX, Daemon, running

Attacked = Callable[..., Daemon]


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[Attacked]:
    """Start a daemon with both doors: `attacked(further_configuration, session="keep")`."""
    with ExitStack() as stack:

        def begin(further: str = "", *, session: str = "once") -> Daemon:
            kind = f'session = "{session}"\n'
            return stack.enter_context(running(tmp_path, TCP + kind + UNIX + kind + further))

        yield begin
