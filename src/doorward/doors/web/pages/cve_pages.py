"""The pages about vulnerabilities: a list that is filtered and sorted, a plot, and one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from doorward.core.cve_command import CVE
from doorward.core.errors import BadArgument
from doorward.core.parameter import Parameter
from doorward.doors.web.pages import asking
from doorward.doors.web.pages.cve_asking import (
    FILTERS,
    PAGE_ROWS,
    WrongFilters,
    counts,
    listing,
    one,
    own_command,
    said_by,
)
from doorward.doors.web.pages.cve_plot import plot_of
from doorward.doors.web.pages.cve_rows import Members, row_of, whole_of
from doorward.doors.web.pages.rendering import page, texts_of
from doorward.doors.web.pages.texts import Texts
from doorward.doors.web.pages.wording import problem_words
from doorward.doors.web.problems import Problem, not_understood
from doorward.doors.web.routes import Route
from doorward.doors.web.visit import Visit

PATH = "/cve"

_MOST_PAGES = 100_000
Rows = Sequence[Mapping[str, object]]

_ALWAYS = frozenset({"id", "severity", "about"})

_NO_ROWS: Members = {
    "total": 0,
    "unscored": 0,
    "offset": 0,
    "is_empty": False,
    "note": None,
    "vulnerabilities": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """
    A column of the table.

    Attributes:
        name: of its cells' class, and of its text.
        heading: for people.
        order: the order of the command that has its greatest first; empty for none.
        path: the list in that order.
        is_sorted: the list is in that order now; by id, the least come first.
    """

    name: str
    heading: str
    order: str = ""
    path: str = ""
    is_sorted: bool = False


async def vulnerabilities(visit: Visit) -> web.StreamResponse:
    """The list; for curl, and where a keeper's own command has this name, what the command says."""
    command = own_command(visit)
    if command is None or not visit.wants_html:
        visit.names = {"name": CVE}
        return await asking.ask(visit)
    said = said_by(visit.query)
    number = _page_number(said.pop("page", "1"))
    texts = texts_of(visit)
    try:
        found, counted = await listing(visit, said, page=number), await counts(visit, said)
        if found["total"] and not found["vulnerabilities"]:
            # a page that was there once: what passes now has fewer
            number = -(-found["total"] // PAGE_ROWS)
            found = await listing(visit, said, page=number)
    except WrongFilters as wrong:
        parameters = {parameter.name: parameter for parameter in command.parameters}
        return _list_page(visit, said, _NO_ROWS, (), errors=_errors(texts, wrong.problems, parameters))
    return _list_page(visit, said, found, counted, number=number)


async def vulnerability(visit: Visit) -> web.StreamResponse:
    """One of them."""
    is_own = own_command(visit) is not None
    if not is_own or not visit.wants_html:
        try:
            return await asking.ask_with(visit, CVE, {"what": ["show"], "id": [visit.names["name"]]})
        except Problem as problem:
            if is_own and problem.status is HTTPStatus.UNPROCESSABLE_ENTITY:
                # the id stands in the path, and so nothing is there
                raise Problem(HTTPStatus.NOT_FOUND, problem.detail, members=problem.members) from problem
            raise
    texts = texts_of(visit)
    try:
        members = await one(visit, visit.names["name"])
    except WrongFilters:
        members = None
    if members is None:
        raise not_understood(visit.language)
    return page(visit, "cve_one.html", c=texts.cve, one=whole_of(texts, members))


def _list_page(
    visit: Visit,
    said: Mapping[str, str],
    found: Members,
    counted: Sequence[Mapping[str, Any]],
    *,
    number: int = 1,
    errors: Mapping[str, str] | None = None,
) -> web.Response:
    texts = texts_of(visit)
    rows = [row_of(texts, each) for each in found["vulnerabilities"]]
    total, first = found["total"], found["offset"] + 1
    columns, number_of = _columns(texts, said, rows), texts.cve.number
    return page(
        visit,
        "cve.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        c=texts.cve,
        said={name: said.get(name, "") for name in (*FILTERS, "order")},
        is_filtered=any(name in said for name in FILTERS),
        errors=errors or {},
        is_empty=found["is_empty"],
        note=found["note"],
        columns=columns,
        shown_columns={column.name for column in columns},
        groups=_groups(texts, rows),
        unscored=number_of(found["unscored"]) if found["unscored"] else "",
        shown=texts.cve.shown.format(
            first=number_of(first), last=number_of(found["offset"] + len(rows)), total=number_of(total)
        )
        if rows
        else "",
        is_whole=total <= len(rows),
        previous=_path(said, page=number - 1) if number > 1 else "",
        following=_path(said, page=number + 1) if found["offset"] + len(rows) < total else "",
        plot=plot_of(texts, counted),
    )


def _groups(texts: Texts, rows: Rows) -> list[tuple[str, Rows]]:
    """
    Those without a score apart where they stand together behind the others: no group changes the order.

    Elsewhere each of them says so.
    """
    scored = sum(bool(row["severity"]) for row in rows)
    first = scored if all(row["severity"] for row in rows[:scored]) else len(rows)
    return [("", rows[:first]), (texts.cve.unscored, rows[first:])]


def _columns(texts: Texts, said: Mapping[str, str], rows: Rows) -> list[Column]:
    """The columns that have something in one of `rows`, and those that every row has."""
    cve, order = texts.cve, said.get("order", "")
    headings = (
        ("id", cve.id, "id"),
        ("severity", cve.severity, "score"),
        ("about", cve.about, ""),
        ("package", cve.package, ""),
        ("exploited", cve.exploited, ""),
        ("epss", "EPSS", "epss"),
        ("published", cve.published, "published"),
    )
    return [
        Column(
            name=name,
            heading=heading,
            order=own,
            path=_path({**said, "order": own}) if own else "",
            is_sorted=bool(own) and own == order,
        )
        for name, heading, own in headings
        if name in _ALWAYS or any(row[name] for row in rows)
    ]


def _path(said: Mapping[str, str], *, page: int = 1) -> str:
    values = {name: value for name, value in said.items() if value}
    if page > 1:
        values["page"] = str(page)
    return f"{PATH}?{urlencode(values)}" if values else PATH


def _page_number(text: str) -> int:
    """The page that an address asks for; what is no number is the first."""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(_MOST_PAGES))
    return min(max(int(text), 1), _MOST_PAGES) if is_number else 1


def _errors(
    texts: Texts, problems: Sequence[BadArgument], parameters: Mapping[str, Parameter]
) -> dict[str, str]:
    errors = {}
    for problem in problems:
        if problem.parameter == "since":
            words = texts.expected_got.format(expected=texts.cve.since_hint, found=problem.found)
        else:
            words = problem_words(texts, problem, parameters.get(problem.parameter))
        errors[problem.parameter] = words
    return errors


ROUTES = (
    Route("GET", PATH, vulnerabilities),
    Route("GET", f"{PATH}/{{name}}", vulnerability),
)
