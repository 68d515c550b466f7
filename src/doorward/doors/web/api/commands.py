"""What can be asked for, and who asks."""

from aiohttp import web

from doorward.core.command import Command
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome
from doorward.doors.web.api.json_answers import json_answer
from doorward.doors.web.api.schemas import parameters_schema
from doorward.doors.web.problems import refused
from doorward.doors.web.routes import Route
from doorward.doors.web.visit import Visit
from doorward.service.verbs import command_members


async def list_commands(visit: Visit) -> web.StreamResponse:
    """All that the caller may run."""
    limits = visit.door.limits
    commands = visit.door.desk.commands(visit.caller)
    return json_answer({"commands": [_members(each, limits) for each in commands]})


async def show_command(visit: Visit) -> web.StreamResponse:
    """One of them."""
    command = visit.door.desk.find_command(visit.caller, visit.names["name"])
    if isinstance(command, Outcome):
        raise refused(command)
    return json_answer(_members(command, visit.door.limits))


async def whoami(visit: Visit) -> web.StreamResponse:
    """Who asks."""
    return json_answer(visit.door.desk.whoami(visit.caller))


def _members(command: Command, limits: Limits) -> dict[str, object]:
    return command_members(command) | {"schema": parameters_schema(command, limits)}


ROUTES = (
    Route("GET", "/api/v1/commands", list_commands),
    Route("GET", "/api/v1/commands/{name}", show_command),
    Route("GET", "/api/v1/whoami", whoami),
)
