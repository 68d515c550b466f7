"""Which path is answered by what."""

from aiohttp import web

from doorward.doors.web.routes import Found, Route, Table
from doorward.doors.web.visit import Visit


async def nothing(_visit: Visit) -> web.StreamResponse:
    raise AssertionError("nobody asks here")


TABLE = Table(
    [
        Route("GET", "/runs", nothing),
        Route("GET", "/runs/{number}", nothing),
        Route("POST", "/runs/{number}/cancel", nothing),
        Route("GET", "/whoami/{path}", nothing),
        Route("GET", "/{name}", nothing),
        Route("POST", "/{name}", nothing),
    ]
)


def found(method: str, path: str) -> tuple[str, dict[str, str]]:
    route = TABLE.find(method, path)
    assert isinstance(route, Found), route
    return route.route.path, dict(route.names)


def test_a_path_of_the_table_goes_before_one_that_fits() -> None:
    assert found("GET", "/runs") == ("/runs", {})
    assert found("HEAD", "/uptime") == ("/{name}", {"name": "uptime"})


def test_parts_are_decoded_once() -> None:
    assert found("GET", "/a%20b") == ("/{name}", {"name": "a b"})
    assert found("GET", "/%2525") == ("/{name}", {"name": "%25"})
    assert found("GET", "/whoami/a/../b%2Fc") == ("/whoami/{path}", {"path": "a/../b/c"})


def test_numbers_are_digits_and_few() -> None:
    assert found("GET", "/runs/17") == ("/runs/{number}", {"number": "17"})
    for path in ("/runs/0", "/runs/x", "/runs/1234567890", "/runs/-1", "/runs/1/", "/runs/\u0663"):
        assert TABLE.find("GET", path) == frozenset(), path


def test_another_method_is_told_which_there_are() -> None:
    assert TABLE.find("DELETE", "/df") == frozenset({"GET", "POST"})
    assert TABLE.find("PUT", "/runs") == frozenset({"GET"})
    assert TABLE.find("GET", "/runs/1/cancel") == frozenset({"POST"})
