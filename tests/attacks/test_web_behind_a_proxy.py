"""What one client of a proxy tries in vain, or somebody beside it, keeps none of the others out."""

from collections.abc import Iterator

import pytest

from tests.doors.daemon import TCP, Daemon, running
from tests.doors.web.house import USERS, Reply, asked, basic, request

WEB = '[doors.web]\nlisten = ["127.0.0.1:0"]\nproxies = ["127.0.0.1"]\n'
TRIES = 6


@pytest.fixture
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("proxied"), TCP + WEB + USERS) as started:
        yield started


def shown(daemon: Daemon, password: str | None, *fields: str, source: str = "") -> Reply:
    login = () if password is None else (f"Authorization: {basic(password=password)}",)
    path = "/healthz" if password is None else "/whoami"
    return asked(daemon, request(path, *login, *fields), source=source)


@pytest.mark.parametrize("field", ["X-Forwarded-For: unknown", "X-Forwarded-For: ,", "X-Other: none"])
def test_whoever_the_proxy_does_not_tell_of_shuts_out_themselves_and_not_the_proxy(
    daemon: Daemon, field: str
) -> None:
    assert shown(daemon, "sesame", "X-Forwarded-For: 198.51.100.8").status == 200
    statuses = [shown(daemon, "wrong", field).status for _ in range(TRIES)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert shown(daemon, "sesame", "X-Forwarded-For: 198.51.100.8").status == 200
    assert shown(daemon, None, "X-Forwarded-For: 198.51.100.9").status == 200


def test_somebody_else_on_the_proxys_machine_shuts_out_nobody_behind_it(daemon: Daemon) -> None:
    statuses = [shown(daemon, "wrong", source="127.0.0.2").status for _ in range(TRIES)]
    assert statuses[-1] != 401
    assert shown(daemon, None, "X-Forwarded-For: 198.51.100.9").status == 200
    assert shown(daemon, "sesame", "X-Forwarded-For: 198.51.100.9").status == 200


@pytest.mark.parametrize("address", ["198.51.100.7:{}", "[2001:db8::7]:{}", "[2001:db8::7]"])
def test_a_port_beside_the_address_makes_nobody_another_source(daemon: Daemon, address: str) -> None:
    fields = [f"X-Forwarded-For: 192.0.2.{port}, {address.format(port)}" for port in range(1, 1 + TRIES)]
    statuses = [shown(daemon, "wrong", field).status for field in fields]
    assert (statuses[0], statuses[-1]) == (401, 429)
    host = address.partition("]")[0].removesuffix(":{}").strip("[")
    assert daemon.audited(event="refusal")["from"] == host
    assert shown(daemon, "sesame", "X-Forwarded-For: 198.51.100.8:7").status == 200
