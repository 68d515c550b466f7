"""What the options of `doorward fetch` say is to be sent, read from words and files."""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import click

from doorward.core.errors import DoorwardError
from doorward.core.fetching import Body, Content, FilePart, FormWithFiles, form_content

SENT_BYTES = 64 * 1024 * 1024
"""What is read into memory to be sent; an upload is read while it is sent, and may be longer."""

_SIZE = re.compile(r"(\d{1,15})([KMGT]?)", re.IGNORECASE)
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_FIELD = re.compile(r"([^=@]+)([=@])(.*)", re.DOTALL)
_UPLOAD = re.compile(r"([^=]+)=@?(.+)", re.DOTALL)
_HEADER = re.compile(r"\s*([^\s:]+)\s*:\s*(.*?)\s*", re.DOTALL)


class CannotSend(DoorwardError):
    """A file of what is to be sent cannot be read; the text names it."""


class CannotTrust(DoorwardError):
    """A file holds no certificates; the text names it."""


class Size(click.ParamType[int]):
    """A number of bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number that `value` says, 1 and up."""
        match = _SIZE.fullmatch(str(value))
        if match is None or int(match[1]) == 0:
            self.fail(f"{str(value)[:40]!r} is no size such as 1048576, 500K, 20M or 3G", param, ctx)
        return int(match[1]) * _UNITS[match[2].upper()]


def read_headers(words: tuple[str, ...]) -> dict[str, str]:
    """
    The headers that `NAME: VALUE` and `@FILE`, which has one a line, say.

    Raises:
        CannotSend: a file cannot be read.
    """
    headers: dict[str, str] = {}
    for word in words:
        lines = _text_of(Path(word[1:])).splitlines() if word.startswith("@") else [word]
        for line in lines:
            if not line.strip():
                continue
            match = _HEADER.fullmatch(line)
            if match is None:
                where = f"a line of {word[1:]}" if word.startswith("@") else repr(word[:40])
                raise click.BadParameter(f"{where} is no header such as 'NAME: VALUE'", param_hint="--header")
            headers[match[1]] = match[2]
    return headers


def read_body(form: tuple[str, ...], uploads: tuple[str, ...], json_words: str | None) -> Body | None:
    """
    What is to be sent; None for nothing.

    Raises:
        CannotSend: a file cannot be read.
    """
    if json_words is not None:
        if form or uploads:
            raise click.UsageError("--json stands alone: a form cannot be sent with it")
        return Content(data=_json_of(json_words), kind="application/json")
    fields = tuple(_field(word) for word in form)
    if uploads:
        return FormWithFiles(fields=fields, files=tuple(_upload(word) for word in uploads))
    return form_content(fields) if fields else None


def _field(word: str) -> tuple[str, str]:
    match = _FIELD.fullmatch(word)
    if match is None:
        raise click.BadParameter(
            f"{word[:40]!r} is no field such as NAME=VALUE or NAME@FILE", param_hint="--form"
        )
    name, sign, value = match.groups()
    return name, value if sign == "=" else _text_of(Path(value)).removesuffix("\n")


def _upload(word: str) -> FilePart:
    match = _UPLOAD.fullmatch(word)
    if match is None:
        raise click.BadParameter(f"{word[:40]!r} is no upload such as NAME=@FILE", param_hint="--upload")
    _check_there(match[2])
    from mimetypes import guess_type

    kind, packing = guess_type(match[2])
    return FilePart(
        field=match[1], path=match[2], kind=kind if kind and not packing else "application/octet-stream"
    )


def _check_there(path: str) -> None:
    """Find out before anything is asked for; what becomes of the file until it is read is told later."""
    if not os.path.isfile(path):
        what = "is no regular file" if os.path.exists(path) else "is not there"
    elif not os.access(path, os.R_OK):
        what = "may not be read"
    else:
        return
    raise CannotSend(f"{path}, which is to be sent, {what}")


def check_authorities(file: Path) -> None:
    """
    Make sure that `file` holds certificates to trust, before anything is asked for.

    Raises:
        CannotTrust: it does not.
    """
    import ssl

    from doorward.clients._tls import words_of_error

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except OSError as error:
        raise CannotTrust(f"{file} holds no certificates to trust: {words_of_error(error)}") from error


def _json_of(words: str) -> bytes:
    if words == "-":
        data, origin = sys.stdin.buffer.read(SENT_BYTES + 1), "stdin"
    elif words.startswith("@"):
        data, origin = _bytes_of(Path(words[1:])), words[1:]
    else:
        data, origin = words.encode("utf-8", "surrogateescape"), "what stands there"
    if len(data) > SENT_BYTES:
        raise CannotSend(f"{origin} is longer than {SENT_BYTES} bytes")
    try:
        json.loads(data)
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"{origin} is no JSON: {error}", param_hint="--json") from error
    return data


def _text_of(file: Path) -> str:
    try:
        return _bytes_of(file).decode("utf-8")
    except UnicodeDecodeError as error:
        raise CannotSend(f"{file} is no text in UTF-8") from error


def _bytes_of(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(SENT_BYTES + 1)
    except OSError as error:
        raise CannotSend(f"{file}, which is to be sent, cannot be read: {error.strerror}") from error
    if len(data) > SENT_BYTES:
        raise CannotSend(f"{file} is longer than {SENT_BYTES} bytes; --upload sends more")
    return data
