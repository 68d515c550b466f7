"""The daemon that is attacked: one a test, so that what one attack does is not another's."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.attacks.networks import Network, joined_namespaces
from tests.doors.daemon import TCP, UNIX, Daemon, running
from tests.doors.tls_peers import TLS

Attacked = Callable[..., Daemon]


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[Attacked]:
    """
    Start a daemon with all line doors: `attacked(further_configuration, session="keep")`.

    `tls` has the table of the tls door and those of its users; `loop` and `below` are as for `daemon.start`.
    """
    with ExitStack() as stack:

        def begin(
            further: str = "",
            *,
            session: str = "once",
            tls: str = TLS,
            loop: str = "uvloop",
            below: Sequence[str] = (),
        ) -> Daemon:
            kind = f'session = "{session}"\n'
            doors = TCP + kind + UNIX + kind + tls.replace("[doors.tls]\n", f"[doors.tls]\n{kind}")
            return stack.enter_context(running(tmp_path, doors + further, loop=loop, below=below))

        yield begin


@pytest.fixture
def network() -> Iterator[Network]:
    """Two network namespaces and the link between them; only root may make them."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces are made by root only")
    with joined_namespaces() as joined:
        yield joined
