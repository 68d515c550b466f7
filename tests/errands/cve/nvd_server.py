"""A server of this machine that has CVEs as NVD has them, and fails when it is told to."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.errands.cve.documents import nvd
from tests.fetch_servers import Asked, Connection, ScriptedServer, answer, scripted

Fault = bytes | Callable[[], bytes | None]


@dataclass
class NvdServer:
    """
    Answers with pages of CVEs numbered from 0.

    Attributes:
        total: how many it has.
        page_entries: so many on a page, whatever was asked for.
        timestamp: of each page.
        faults: by the number of a request, counted from 1: what comes instead of the page; or something that
            is called before it, and may give such an answer.
        server: what was asked of it.
    """

    total: int = 3
    page_entries: int = 2
    timestamp: str = "2026-11-27T12:30:00.137"
    faults: dict[int, Fault] = field(default_factory=dict)
    server: ScriptedServer = field(default_factory=lambda: ScriptedServer({}))

    @property
    def url(self) -> str:
        return f"{self.server.url}/nvd"

    @property
    def queries(self) -> list[dict[str, str]]:
        """What was asked for, request by request."""
        return [_query(asked) for asked in self.server.asked]

    @property
    def starts(self) -> list[int]:
        return [int(query["startIndex"]) for query in self.queries]

    def page(self, start: int) -> bytes:
        count = max(0, min(self.page_entries, self.total - start))
        return nvd(*[{} for _ in range(count)], start=start, total=self.total, timestamp=self.timestamp)

    async def script(self, connection: Connection) -> None:
        fault = self.faults.get(len(self.server.asked))
        instead = fault() if callable(fault) else fault
        start = int(_query(connection.asked)["startIndex"])
        await connection.send(instead if instead is not None else answer(self.page(start)))


def _query(asked: Asked) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(asked.target).query).items()}


@asynccontextmanager
async def nvd_server() -> AsyncIterator[NvdServer]:
    known = NvdServer()
    async with scripted({"/nvd": known.script}) as server:
        known.server = server
        yield known
