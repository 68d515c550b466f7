r"""Text that is to be sent, as it is typed: `\r`, `\n`, `\t`, `\0`, `\e`, `\\`, `\xHH`, `\uHHHH`."""

import re

_ESCAPE = re.compile(
    r"\\(?:x(?P<byte>[0-9A-Fa-f]{2})|u(?P<letter>[0-9A-Fa-f]{4})|(?P<named>[^xu]))", re.DOTALL
)
_NAMED = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "e": b"\x1b", "\\": b"\\"}
KNOWN = r"\r \n \t \0 \e \\ \xHH \uHHHH"


def unescaped(text: str) -> bytes:
    """
    The bytes that `text` means; letters are UTF-8.

    Raises:
        ValueError: a backslash begins none of `KNOWN`.
    """
    found = bytearray()
    place = 0
    while (backslash := text.find("\\", place)) >= 0:
        found += _encoded(text[place:backslash])
        match = _ESCAPE.match(text, backslash)
        if match is None or (match["named"] is not None and match["named"] not in _NAMED):
            raise ValueError(f"{text[backslash : backslash + 2]!r} is no escape; there are {KNOWN}")
        found += _meant(match)
        place = match.end()
    return bytes(found + _encoded(text[place:]))


def _meant(match: re.Match[str]) -> bytes:
    if match["byte"] is not None:
        return bytes.fromhex(match["byte"])
    if match["letter"] is not None:
        return chr(int(match["letter"], 16)).encode("utf-8", "surrogatepass")
    return _NAMED[match["named"]]


def _encoded(text: str) -> bytes:
    # what came by argv, and was no UTF-8, goes as it came
    return text.encode("utf-8", "surrogateescape")
