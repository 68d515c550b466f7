"""Answers in JSON, and output as it stands in them."""

from binascii import b2a_base64
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from aiohttp import web

from doorward.doors.web.api.bodies import JSON


def json_answer(
    value: object, *, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> web.Response:
    """`value` as the whole answer, on a line of its own."""
    body = msgspec.json.encode(value) + b"\n"
    return web.Response(body=body, status=status, headers=headers, content_type=JSON)


def output_member(data: bytes) -> dict[str, str]:
    """Output as a member of JSON: `output` where it is a text, else `output_base64`."""
    return text_or_base64(data, text="output", base64="output_base64")


def text_or_base64(data: bytes, *, text: str, base64: str) -> dict[str, str]:
    """`data` as a member called `text` where it is UTF-8, else as one called `base64`."""
    try:
        return {text: data.decode()}
    except UnicodeDecodeError:
        return {base64: b2a_base64(data, newline=False).decode("ascii")}
