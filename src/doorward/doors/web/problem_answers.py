"""How a problem is answered: JSON for programs, a page for browsers, a line for curl."""

from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from doorward.doors.web.problems import PROBLEM_TYPE, Problem
from doorward.doors.web.visit import Visit

API = "/api/"


def answer_problem(visit: Visit, problem: Problem) -> web.Response:
    """The answer that tells of `problem` in the form that whoever asked can read."""
    request = visit.request
    if request.path.startswith(API) and not visit.wants_html:
        response = web.Response(status=problem.status, body=problem.json(), content_type=PROBLEM_TYPE)
    elif visit.wants_html and problem.status is HTTPStatus.UNAUTHORIZED and request.method in {"GET", "HEAD"}:
        # a browser is shown the form, and gets back to where it wanted to go
        response = web.Response(status=HTTPStatus.SEE_OTHER)
        response.headers["Location"] = f"/signin?next={quote(request.raw_path, safe='/')}"
        return response
    else:
        response = web.Response(status=problem.status, text=f"{problem.detail}\n")
    for name, value in problem.headers.items():
        for each in (value,) if isinstance(value, str) else value:
            response.headers.add(name, each)
    return response
