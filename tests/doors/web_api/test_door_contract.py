"""The web door, asked through its API, passes the suite of doors."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from doorward.core.launch import Stream
from doorward.core.outcome import Outcome, OutcomeKind, outcome_from
from doorward.testing.door_contract import COMMANDS, MakeProgram, ProgramsContract
from tests.doors.daemon import Daemon, running
from tests.doors.web_api.calls import USERS, WEB, Event, Program, events_in, read_event

_REFUSALS = {404: OutcomeKind.UNKNOWN, 403: OutcomeKind.REFUSED, 422: OutcomeKind.INVALID}


class ApiAsker:
    """A program that begins runs by lines and follows their events: an `Asking`."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._said: list[Event] = []
        self._words = b""

    def ask(self, line: str, *, stdin: bytes | None = None) -> Outcome:
        body = {"line": line}
        if stdin is not None:
            body["input_base64"] = base64.b64encode(stdin).decode()
        self._said, self._words = [], b""
        heard = self._program.post("/api/v1/runs", body)
        if heard.status in _REFUSALS:
            return Outcome(_REFUSALS[heard.status], reason=heard.json["detail"])
        if heard.json["run"] is None:
            self._words = heard.json["output"].encode()
            return outcome_from(heard.json["outcome"])
        *self._said, end = events_in(self._program.get(f"/api/v1/runs/{heard.json['run']}/events").body)
        return outcome_from(end.data["outcome"])

    def ask_and_cancel(self, line: str) -> Outcome:
        number = self._program.post("/api/v1/runs", {"line": line}).json["run"]
        with self._program.asking("GET", f"/api/v1/runs/{number}/events", headers={}) as response:
            self._said = [read_event(response)]
            assert self._program.post(f"/api/v1/runs/{number}/cancel").status == 202
            return outcome_from(read_event(response).data["outcome"])

    def of(self, stream: Stream) -> bytes:
        name = {Stream.OUT: "out", Stream.ERR: "err"}[stream]
        return self._words + b"".join(event.bytes for event in self._said if event.name == name)


@contextmanager
def asking(program: Program) -> Iterator[ApiAsker]:
    yield ApiAsker(program)


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("contract"), WEB + USERS + COMMANDS) as started:
        yield started


class TestApi(ProgramsContract):
    @pytest.fixture
    def program(self, contract: Daemon) -> MakeProgram:
        return partial(asking, Program(contract))
