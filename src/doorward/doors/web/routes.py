"""Which path is answered by what: the whole table of the door, in one place."""

import enum
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import unquote

from aiohttp import web

from doorward.doors.web.visit import Visit

Handler = Callable[[Visit], Awaitable[web.StreamResponse]]

_NAMES = MappingProxyType({"number": r"[1-9][0-9]{0,8}", "path": r".*"})
_NAME = r"[^/]{1,256}"


_KNOWN_PATHS = 256
"""Paths whose routes are remembered; the same few are asked for again and again."""

_ANY = "{name}"
"""The first part of a path that may be any."""


class Access(enum.Enum):
    """Who may come to a route; what they may do there, the desk says."""

    ALL = enum.auto()
    USERS = enum.auto()


@dataclass(frozen=True, slots=True)
class Route:
    """
    One path.

    Attributes:
        method: GET is HEAD's too.
        path: as it comes, with `{name}` for one part of it; `{number}` is of digits, `{path}` all the rest.
        answer: what answers.
        access: who may come.
    """

    method: str
    path: str
    answer: Handler
    access: Access = Access.USERS

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What a path must look like; None when it is one path only."""
        if "{" not in self.path:
            return None
        parts = re.split(r"\{([a-z]+)\}", self.path)
        return re.compile(
            "".join(
                f"(?P<{part}>{_NAMES.get(part, _NAME)})" if index % 2 else re.escape(part)
                for index, part in enumerate(parts)
            ),
            re.DOTALL,
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A route for a path, and what stood in its braces."""

    route: Route
    names: Mapping[str, str]


class Table:
    """
    Finds routes: a path that stands in the table as it is first, else the first one that fits.

    Args:
        routes: all of them.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._known: dict[tuple[str, str], Found] = {}
        self._exact: dict[str, dict[str, Found]] = {}
        self._fitting: dict[str, list[tuple[re.Pattern[str], Route]]] = {}
        for route in routes:
            if (pattern := route.pattern) is None:
                self._exact.setdefault(route.path, {})[route.method] = Found(route, MappingProxyType({}))
            else:
                self._fitting.setdefault(_first_part(route.path), []).append((pattern, route))

    def find(self, method: str, path: str) -> Found | frozenset[str]:
        """
        The route for a request; the methods of its path, none for no such path, when there is none.

        Args:
            method: in upper case.
            path: as it came, without the query.
        """
        if (known := self._known.get((method, path))) is not None:
            return known
        found = self._search("GET" if method == "HEAD" else method, path)
        if isinstance(found, Found):
            if len(self._known) >= _KNOWN_PATHS:
                self._known.clear()
            self._known[method, path] = found
        return found

    def _search(self, method: str, path: str) -> Found | frozenset[str]:
        exact = self._exact.get(path)
        if exact is not None:
            return exact.get(method) or frozenset(exact)
        methods = set()
        fitting = self._fitting.get(_first_part(path), ())
        for pattern, route in (*fitting, *self._fitting.get(_ANY, ())):
            if match := pattern.fullmatch(path):
                if route.method == method:
                    return Found(route, {name: unquote(value) for name, value in match.groupdict().items()})
                methods.add(route.method)
        return frozenset(methods)


def _first_part(path: str) -> str:
    return path[1:].partition("/")[0]
