"""Signing in and out of a browser."""

import re
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from doorward.core.secret import Secret
from doorward.doors.web.form_data import values_of
from doorward.doors.web.login import cookie_name, sign_in
from doorward.doors.web.pages.rendering import FORM_FIELD, page, see_other, texts_of
from doorward.doors.web.pages.submitted import submitted
from doorward.doors.web.problems import Problem
from doorward.doors.web.routes import Access, Route
from doorward.doors.web.safety import is_from_elsewhere
from doorward.doors.web.visit import Visit

_NEXT = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2047}")
_NEVER_NEXT = ("/signin", "/signout")
_NAME_CHARACTERS = 64


def own_path(path: str) -> str:
    r"""
    `path` when it is one of this server, else `/`.

    A browser takes `//host`, and `\` for `/`, and passes over control characters: none of these may be there.
    """
    is_own = _NEXT.fullmatch(path) is not None and not path.startswith(_NEVER_NEXT)
    return path if is_own else "/"


async def form(visit: Visit) -> web.StreamResponse:
    """The form; whoever is signed in already goes on at once."""
    path = own_path(next(values_of(visit.query, "next"), "/"))
    if is_from_elsewhere(visit.request.headers) and "?" in path:
        # who goes on from here comes from a page of ours: what they did not choose stays known as such
        path += f"&{FORM_FIELD}=1"
    if visit.session is not None:
        return see_other(path)
    headers = {}
    if visit.request.headers.get("Sec-Fetch-Site") == "cross-site":
        # whoever follows a link from elsewhere comes without their cookie, which is strict: from our own page
        # they come with it
        headers["Refresh"] = f"0; url=/signin?next={quote(path, safe='/')}"
    return _page(visit, path=path, headers=headers)


async def enter(visit: Visit) -> web.StreamResponse:
    """Begin a session, whose cookie is new: whatever the browser had before is worth nothing afterwards."""
    path, name, password = await _submitted_login(visit)
    try:
        admitted = await sign_in(visit, name, Secret(password))
    except Problem as problem:
        return _refusal(visit, problem, path=path, name=name)
    if visit.session is not None:
        visit.door.house.sessions.end(visit.session)
    cookie, session = visit.door.house.sessions.begin(visit.door.portal, admitted)
    if session.is_over:
        return _page(visit, path=path, name=name, error=texts_of(visit).wrong_login)
    visit.connection.let_in()
    response = see_other(path)
    _set_cookie(visit, response, cookie)
    return response


async def _submitted_login(visit: Visit) -> tuple[str, str, str]:
    """Where to go on, the name and the password of the form."""
    pairs = await submitted(visit, is_small=True)
    path = own_path(next(values_of(pairs, "next"), "/"))
    return path, next(values_of(pairs, "name"), ""), next(values_of(pairs, "password"), "")


async def leave(visit: Visit) -> web.StreamResponse:
    """End the session; whoever has none is where they want to be."""
    session = visit.session
    if session is not None:
        await submitted(visit, is_small=True)
        visit.door.house.sessions.end(session)
    response = see_other("/signin")
    _set_cookie(visit, response, "", max_age=0)
    return response


def _refusal(visit: Visit, problem: Problem, *, path: str, name: str) -> web.Response:
    texts = texts_of(visit)
    match problem.status:
        case HTTPStatus.UNAUTHORIZED:
            error = texts.wrong_login
        case HTTPStatus.SERVICE_UNAVAILABLE:
            error = texts.busy_login
        case status:
            error = texts.errors[status.value][1]
    # 401 wants a challenge, which would make the browser ask for a name and a password of its own
    is_wrong = problem.status is HTTPStatus.UNAUTHORIZED
    headers = {name: value for name, value in problem.headers if name == "Retry-After"}
    return _page(
        visit,
        path=path,
        name=name,
        error=error,
        status=HTTPStatus.FORBIDDEN if is_wrong else problem.status,
        headers=headers,
    )


def _page(
    visit: Visit,
    *,
    path: str,
    name: str = "",
    error: str = "",
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
) -> web.Response:
    return page(
        visit,
        "signin.html",
        status=status,
        headers=headers,
        next=path,
        name=name[:_NAME_CHARACTERS],
        error=error,
    )


def _set_cookie(visit: Visit, response: web.Response, value: str, *, max_age: int | None = None) -> None:
    response.set_cookie(
        cookie_name(visit),
        value,
        path="/",
        max_age=max_age,
        httponly=True,
        secure=visit.is_secure,
        samesite="Strict",
    )


ROUTES = (
    Route("GET", "/signin", form, Access.ALL),
    Route("POST", "/signin", enter, Access.ALL),
    Route("POST", "/signout", leave, Access.ALL),
)
