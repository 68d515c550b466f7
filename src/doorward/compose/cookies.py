"""Cookies that outlive a fetch, in a file that only its owner may read."""

import asyncio
import json
import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from doorward.compose.links import followed
from doorward.core.errors import DoorwardError, TrustError

if TYPE_CHECKING:
    from aiohttp import CookieJar

_FILE_BYTES = 4 * 1024 * 1024


class CookieFileError(DoorwardError):
    """The file of cookies cannot be used; the text names it."""


async def read_cookies(file: Path) -> "CookieJar":
    """
    The cookies of `file`; none when it is not there. Call it on the loop where they are used.

    Raises:
        CookieFileError: it holds something else, or cannot be read.
        TrustError: others may read it.
    """
    import aiohttp

    # a server that is named by its address may set cookies for that address: RFC 6265 section 5.1.3
    jar = aiohttp.CookieJar(unsafe=True)
    if await asyncio.to_thread(_check, file):
        try:
            await asyncio.to_thread(jar.load, file)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CookieFileError(f"{file} holds no cookies that `doorward fetch` wrote") from error
    return jar


async def write_cookies(jar: "CookieJar", file: Path) -> None:
    """
    Put what is in `jar` in place of what is in `file`; after an error that is still there.

    Raises:
        CookieFileError: it cannot be written.
        TrustError: it is a link of somebody else, where everybody may write.
    """
    await asyncio.to_thread(_write, jar, file)


def _check(file: Path) -> bool:
    """Whether there is something to read."""
    try:
        with file.open("rb") as opened:
            status = os.fstat(opened.fileno())
            if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
                raise TrustError(f"{file} holds cookies and others may read it; type: chmod 600 {file}")
            text = opened.read(_FILE_BYTES + 1)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise CookieFileError(f"{file} cannot be read: {error.strerror}") from error
    if not text:
        return False
    try:
        # aiohttp takes what is no JSON for a pickle
        if len(text) > _FILE_BYTES or not isinstance(json.loads(text), dict):
            raise ValueError(file)
    except (ValueError, RecursionError) as error:
        raise CookieFileError(f"{file} holds no cookies that `doorward fetch` wrote") from error
    return True


def _write(jar: "CookieJar", file: Path) -> None:
    try:
        target = followed(file)
        made = target.parent / f".{target.name[:200]}.{secrets.token_hex(4)}"
        try:
            jar.save(made)
            with made.open("rb") as opened:
                os.fsync(opened.fileno())
            os.replace(made, target)
        finally:
            made.unlink(missing_ok=True)
    except OSError as error:
        raise CookieFileError(f"the cookies cannot be kept in {file}: {error.strerror}") from error
