"""The API of the web door: what programs ask for, in JSON."""

from doorward.doors.web.api import commands, document, runs, starting

__all__ = ["ROUTES"]

ROUTES = (*commands.ROUTES, *runs.ROUTES, *starting.ROUTES, *document.ROUTES)
