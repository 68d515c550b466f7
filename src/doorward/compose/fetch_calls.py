"""`doorward.fetch` and its twin for programs without an event loop."""

import asyncio
import functools
import json as json_module
import os
from collections.abc import Callable, Coroutine, Mapping
from typing import ParamSpec, TypeVar

from doorward.clients.fetch.options import FetchOptions
from doorward.compose.fetching import FetchSession
from doorward.core.errors import DoorwardError
from doorward.core.fetching import (
    MOST_BYTES,
    MOST_SECONDS,
    RETRIES,
    Body,
    Content,
    Fetched,
    FetchRequest,
    FilePart,
    FormWithFiles,
    Login,
    form_content,
)
from doorward.core.secret import Secret

P = ParamSpec("P")
T = TypeVar("T")


class BlockedLoop(DoorwardError):
    """`fetch_blocking` was called where it would hold up an event loop."""


Fields = Mapping[str, str] | tuple[tuple[str, str], ...]


async def fetch(
    url: str,
    *,
    method: str = "",
    headers: Mapping[str, str] | None = None,
    form: Fields | None = None,
    uploads: Mapping[str, str | os.PathLike[str]] | None = None,
    json: object = None,
    login: tuple[str, str | Secret] | None = None,
    bearer: str | Secret | None = None,
    may_be_overheard: bool = False,
    most_bytes: int = MOST_BYTES,
    seconds: float = MOST_SECONDS,
    retries: int = RETRIES,
    options: FetchOptions | None = None,
    session: FetchSession | None = None,
) -> Fetched:
    """
    Fetch what stands at `url`, whole. A status of 400 and more is an answer, and no error.

    Args:
        url: http, https, ftp, ftpes, ftps, gopher or file; a name and a password in it are a login.
        method: of HTTP; GET, or POST when something is sent, when it is empty.
        headers: beside the usual ones.
        form: fields to be sent as a browser sends them.
        uploads: files to be sent with them, by the names of their fields.
        json: an object to be sent as JSON; None for none.
        login: a name and a password, shown to the server of `url` alone, and only when it asks.
        bearer: a token, shown to it at once.
        may_be_overheard: either may go in the clear to another machine.
        most_bytes: how long the body may be, unpacked.
        seconds: how long all of it may take.
        retries: how often it is tried again, where that cannot do harm.
        options: certificates, proxy, netrc; not with a `session`.
        session: whose connections are used; it is not closed. None for one of its own.

    Raises:
        ConnectError: it did not come, or not whole; the text names the address, the phase and what to do.
        ValueError: these arguments do not go together.
    """
    request = FetchRequest(
        url=url,
        method=method.upper(),
        headers=headers or {},
        body=body_of(form=form, uploads=uploads, json=json),
        login=_login(login, bearer, may_be_overheard=may_be_overheard),
        most_bytes=most_bytes,
        seconds=seconds,
        retries=retries,
    )
    if session is not None:
        if options is not None:
            raise ValueError("options belong to the session")
        return await session.fetch(request)
    async with FetchSession(options) as own:
        return await own.fetch(request)


def _blocking(function: Callable[P, Coroutine[object, object, T]]) -> Callable[P, T]:
    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(function(*args, **kwargs))
        raise BlockedLoop("fetch_blocking would hold up the event loop of this thread; await fetch(...)")

    return call


fetch_blocking = _blocking(fetch)
"""As `fetch`, for a program without an event loop; raises BlockedLoop where there is one in this thread."""


def body_of(
    *,
    form: Fields | None = None,
    uploads: Mapping[str, str | os.PathLike[str]] | None = None,
    json: object = None,
) -> Body | None:
    """
    What is to be sent; None for nothing.

    Raises:
        ValueError: a form and JSON at once, or what cannot be JSON.
    """
    if json is not None:
        if form is not None or uploads:
            raise ValueError("a form and JSON cannot be sent at once")
        return Content(data=json_module.dumps(json).encode(), kind="application/json")
    fields = tuple(form.items()) if isinstance(form, Mapping) else form or ()
    if uploads:
        files = tuple(FilePart(field=name, path=os.fspath(path)) for name, path in uploads.items())
        return FormWithFiles(fields=fields, files=files)
    return form_content(fields) if form is not None else None


def _login(
    login: tuple[str, str | Secret] | None, bearer: str | Secret | None, *, may_be_overheard: bool
) -> Login | None:
    if login is not None and bearer is not None:
        raise ValueError("a token stands alone, without a name and a password")
    if login is not None:
        name, password = login
        if not name or ":" in name:
            raise ValueError("a name to log in with has no colon and is not empty")
        return Login(name=name, secret=_secret(password), may_be_overheard=may_be_overheard)
    if bearer is not None:
        return Login(name="", secret=_secret(bearer), may_be_overheard=may_be_overheard)
    return None


def _secret(text: str | Secret) -> Secret:
    return text if isinstance(text, Secret) else Secret(text)
