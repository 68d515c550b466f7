"""`ftp://`, `ftpes://` and `ftps://`, read as RFC 1738 section 3.2 has them."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from doorward.clients._endpoints import url_to_show
from doorward.clients.ftp.settings import ANONYMOUS, FtpServer, Security
from doorward.core.errors import ConnectError

SCHEMES = {"ftp": Security.NONE, "ftpes": Security.EXPLICIT, "ftps": Security.EITHER}
"""What each says of encryption; `ftpes` is what other clients call `AUTH TLS`, and `ftps` is that too."""

_HOST = re.compile(r"[^\s\[\]/@:%\\]+|[0-9A-Fa-f:.]+(?:%[0-9A-Za-z._~-]+)?")
_TYPE = re.compile(r";type=(?P<type>[A-Za-z])$")


@dataclass(frozen=True, slots=True)
class FtpLocation:
    """
    A file at a server, or a folder.

    Attributes:
        server: with the user that the URL names, and no password.
        path: of it, from the folder that one gets to by logging in, or from the root where it begins with
            `/`, which a URL writes `%2F`; surrogates stand for bytes that are no UTF-8.
    """

    server: FtpServer
    path: str


def parse_ftp_url(url: str) -> FtpLocation:
    """
    Read `ftp://[USER@]HOST[:PORT]/PATH`, or the same with `ftpes` or `ftps`.

    Raises:
        ConnectError: it is none of them, has a password, names no file, or has CR, LF or NUL in it.
    """
    server, path = _read(url)
    if not path or path.endswith("/"):
        raise _bad(url, "it names a folder, and no file in it")
    return FtpLocation(server, path)


def parse_ftp_folder_url(url: str) -> FtpLocation:
    """
    Read the same for a folder: its path is empty for the one that one gets to by logging in.

    Raises:
        ConnectError: as `parse_ftp_url`.
    """
    server, path = _read(url)
    return FtpLocation(server, path.rstrip("/") or path[:1])


def _read(url: str) -> tuple[FtpServer, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _bad(url, str(error)) from error
    if parts.scheme not in SCHEMES or not _HOST.fullmatch(host) or port == 0:
        raise _bad(url, "this is no address of a file at a server of FTP")
    if parts.password is not None:
        raise _bad(url, "before the @ a name stands, and no password, which others may read")
    if re.search(r"[\x00-\x20\x7f]", url):
        raise _bad(
            url, "a space, a line end or another control character stands in it; write %20 and the like"
        )
    server = FtpServer(
        host=host, port=port or 0, security=SCHEMES[parts.scheme], user=_user(url, parts) or ANONYMOUS
    )
    return server, _path(url, parts)


def _user(url: str, parts: SplitResult) -> str:
    return _unquoted(url, parts.username or "")


def _path(url: str, parts: SplitResult) -> str:
    if parts.query or parts.fragment:
        raise _bad(url, "a ? or a # in a name is written %3F or %23")
    path = parts.path.removeprefix("/")
    if match := _TYPE.search(path):
        if match["type"].lower() != "i":
            raise _bad(url, "only whole files are fetched, as they are: ;type=i, or no type")
        path = path[: match.start()]
    return _unquoted(url, path)


def _unquoted(url: str, text: str) -> str:
    read = unquote(text, errors="surrogateescape")
    if re.search(r"[\r\n\0]", read):
        raise _bad(url, "a line end or a NUL stands in it")
    return read


def _bad(url: str, problem: str) -> ConnectError:
    return ConnectError(url_to_show(url), "address", problem, "Write ftp://HOST/PATH, or ftps:// for TLS.")
