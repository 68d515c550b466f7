"""What a browser is shown in place of a page that it does not get."""

from aiohttp import web

from doorward.doors.web.pages.rendering import page, texts_of
from doorward.doors.web.problems import Problem
from doorward.doors.web.visit import Visit


def error_page(visit: Visit, problem: Problem) -> web.Response:
    """The page that tells of `problem`; its headers are added by whoever asked for this."""
    texts = texts_of(visit)
    title, advice = texts.errors.get(problem.status.value, (problem.status.phrase, ""))
    return page(
        visit,
        "error.html",
        status=problem.status,
        code=problem.status.value,
        title=title,
        advice=advice,
        detail=problem.detail,
    )
