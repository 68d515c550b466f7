"""How a problem is answered: JSON for programs, a page for browsers, a line for curl."""

from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from doorward.doors.web.pages import error_page, see_other
from doorward.doors.web.problems import PROBLEM_TYPE, Problem
from doorward.doors.web.visit import Visit

API = "/api/"


def answer_problem(visit: Visit, problem: Problem) -> web.Response:
    """The answer that tells of `problem` in the form that whoever asked can read."""
    request = visit.request
    if request.path.startswith(API) and not visit.wants_html:
        response = web.Response(status=problem.status, body=problem.json(), content_type=PROBLEM_TYPE)
    elif visit.wants_html and problem.status is HTTPStatus.UNAUTHORIZED:
        # a browser is shown the form, and gets back to where it wanted to go; not to what it wanted changed
        path = request.raw_path if request.method in {"GET", "HEAD"} else "/"
        return see_other(f"/signin?next={quote(path, safe='/')}")
    elif visit.wants_html:
        response = error_page(visit, problem)
    else:
        response = web.Response(status=problem.status, text=f"{problem.detail}\n")
    response.headers.extend(problem.headers)
    return response
