"""The lines that a client of FTP sends, and what is read out of the answers; nothing is sent here."""

import ipaddress
import re
from datetime import UTC, datetime

from doorward.clients.ftp.replies import NotUnderstood, Reply
from doorward.core.errors import ProtocolError

COMMAND_BYTES = 4096
"""A whole line: vsftpd reads no longer one."""

_NEVER = re.compile(r"[\r\n\0\udcff]")
_EPSV = re.compile(r"\((?P<mark>[!-~])(?P=mark)(?P=mark)(?P<port>[0-9]{1,5})(?P=mark)\)")
_PASV = re.compile(
    r"(?<![0-9])([0-9]{1,3}),([0-9]{1,3}),([0-9]{1,3}),([0-9]{1,3}),([0-9]{1,3}),([0-9]{1,3})(?![0-9])"
)
_SIZE = re.compile(r"[0-9]{1,19}")
_TIME = re.compile(r"(?P<seconds>[0-9]{14})(?:\.[0-9]{1,9})?")
_PATH = re.compile(r'"(?P<path>(?:[^"]|"")+)"')


def format_command(verb: str, argument: str | None = None) -> bytes:
    """
    The line for one command.

    Args:
        verb: of this program.
        argument: a path, a name or a number; surrogates stand for bytes that are no UTF-8.

    Raises:
        ValueError: the argument is empty, too long, or has what would end the line or be read as a command of
            Telnet (RFC 959 section 5.3.2): CR, LF, NUL or the byte 255. The text never repeats it.
    """
    if argument is None:
        return f"{verb}\r\n".encode("ascii")
    if not argument:
        raise ValueError("it is empty")
    if _NEVER.search(argument):
        raise ValueError("a line end, a NUL or the byte 255 stands in it")
    try:
        line = f"{verb} {argument}\r\n".encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise ValueError("it cannot be written as UTF-8") from None
    if len(line) > COMMAND_BYTES:
        raise ValueError(f"it is longer than the {COMMAND_BYTES} bytes of a line")
    return line


def parse_epsv(reply: Reply) -> int:
    """
    The port of `229 Entering Extended Passive Mode (|||6446|)`: RFC 2428 section 3.

    Raises:
        ProtocolError: there is none.
    """
    match = _EPSV.search(reply.text)
    return _port(int(match["port"]) if match else 0)


def parse_pasv(reply: Reply) -> tuple[str, int]:
    """
    The address and the port of `227 Entering Passive Mode (192,0,2,1,25,46)`: RFC 1123 section 4.1.2.6.

    Raises:
        ProtocolError: there are none.
    """
    match = _PASV.search(reply.text)
    numbers = [int(number) for number in match.groups()] if match else [256]
    if max(numbers) > 255:
        raise ProtocolError("the server names no address for the data")
    address = ipaddress.IPv4Address(bytes(numbers[:4]))
    return str(address), _port(numbers[4] * 256 + numbers[5])


def _port(number: int) -> int:
    if not 0 < number < 65536:
        raise ProtocolError("the server names no port for the data")
    return number


def parse_size(reply: Reply) -> int:
    """
    The bytes of `213 1024`: RFC 3659 section 4.

    Raises:
        ProtocolError: that is no size.
    """
    if not _SIZE.fullmatch(reply.text.strip()):
        raise NotUnderstood("this is no size", reply.said)
    return int(reply.text)


def parse_time(reply: Reply) -> datetime:
    """
    The time of `213 20261127081648`, in UTC; fractions are left out: RFC 3659 section 3.

    Raises:
        ProtocolError: that is no time.
    """
    match = _TIME.fullmatch(reply.text.strip())
    try:
        if match is None:
            raise ValueError
        return datetime.strptime(match["seconds"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise NotUnderstood("this is no time", reply.said) from None


def parse_path(reply: Reply) -> str:
    """
    The path of `257 "/a ""quoted"" folder" is the current one`: RFC 959 appendix II.

    Raises:
        ProtocolError: there is none.
    """
    match = _PATH.match(reply.text.strip())
    if match is None:
        raise NotUnderstood("this is no path", reply.said)
    return match["path"].replace('""', '"')


def parse_names(listing: bytes) -> list[str]:
    """
    The names of a bare NLST, without `.` and `..`; surrogates stand for bytes that are no UTF-8.

    Raises:
        ProtocolError: what stands there is no name in this folder.
    """
    names = split_names(listing)
    for name in names:
        if "/" in name or "\0" in name:
            raise NotUnderstood("this is no name of a file in a folder", name)
    return names


def split_names(listing: bytes) -> list[str]:
    """
    The lines of a bare NLST as they came, but for `./` before them, and without `.` and `..`.

    Raises:
        ProtocolError: the last one is cut.
    """
    if listing and not listing.endswith(b"\n"):
        raise ProtocolError("the list of names ends in the middle of one")
    lines = (line.removesuffix(b"\r").decode("utf-8", "surrogateescape") for line in listing.split(b"\n"))
    return [name for name in (line.removeprefix("./") for line in lines) if name not in {"", ".", ".."}]
