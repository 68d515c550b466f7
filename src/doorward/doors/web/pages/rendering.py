"""The pages' templates, read and compiled once, and a page made of one."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

from aiohttp import web

from doorward.core.settings import Language
from doorward.doors.web.pages.cve_asking import own_command
from doorward.doors.web.pages.english import ENGLISH
from doorward.doors.web.pages.french import FRENCH
from doorward.doors.web.pages.static import STATIC
from doorward.doors.web.pages.texts import Texts
from doorward.doors.web.visit import Visit

if TYPE_CHECKING:
    from jinja2 import Template

TEXTS: Mapping[Language, Texts] = MappingProxyType({Language.ENGLISH: ENGLISH, Language.FRENCH: FRENCH})

CSRF_FIELD = "_csrf"
INPUT_FIELD = "_input"
FORM_FIELD = "_form"
"""
In an address whose values somebody else chose: the form is shown, and nothing asked for.

No parameter's name begins with a `_`.
"""


@cache
def templates() -> "Mapping[str, Template]":
    """All of them by their files; compiled at the first call, which takes a while: not on the loop."""
    from jinja2 import DictLoader, Environment, StrictUndefined

    sources = {
        resource.name: resource.read_text(encoding="utf-8")
        for resource in files(__package__).joinpath("templates").iterdir()
    }
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = {name: file.path for name, file in STATIC.items()}
    environment.globals["csrf_field"] = CSRF_FIELD
    environment.globals["input_field"] = INPUT_FIELD
    return MappingProxyType({name: environment.get_template(name) for name in sources})


def texts_of(visit: Visit) -> Texts:
    """What pages say to whoever sent this request."""
    return TEXTS[visit.language]


def page(
    visit: Visit,
    template: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    **values: object,
) -> web.Response:
    """
    A page for `visit`.

    Args:
        visit: whose language and name stand in it.
        template: its file.
        status: of the answer.
        headers: of the answer.
        **values: of the template, each of which must be there.
    """
    identity = visit.identity
    is_known = identity is not None and not identity.is_over
    text = templates()[template].render(
        t=texts_of(visit),
        user=identity.principal.name if is_known and identity is not None else "",
        csrf=visit.session.csrf_token if visit.session is not None else "",
        shows_cve=is_known and own_command(visit) is not None,
        has_session=visit.session is not None and is_known,
        **values,
    )
    response = web.Response(status=status, text=text, content_type="text/html", headers=headers)
    response.headers["Vary"] = "Accept, Accept-Language, Cookie, Authorization"
    return response


def see_other(location: str) -> web.Response:
    """Have the browser get another page of ours; `location` is a path in ASCII."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})
