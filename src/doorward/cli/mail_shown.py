"""A message that anybody may have sent, as it can be shown."""

import email
import email.errors
import email.header
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from doorward.core.encodings import codec_of, decoded

_HEADERS = 100
_PARTS = 50
_VALUE_CHARACTERS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """
    A part that is no text to read.

    Attributes:
        name: of the file; may be empty.
        media_type: `image/png`.
        size_bytes: decoded.
    """

    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """
    What stands in a message.

    Attributes:
        headers: names and decoded values, in their order; at most 100.
        text: of all parts that are plain text; of those in HTML where there is none.
        attached: the other parts, at most 50.
    """

    headers: tuple[tuple[str, str], ...]
    text: str
    attached: tuple[Attached, ...]


def shown(content: bytes) -> Shown:
    """
    What stands in `content`; of what is no message as much as can be made out.

    Nothing of it is safe to print as it is.
    """
    try:
        message = email.message_from_bytes(content)
        parts = [part for part in _first(message.walk()) if not part.is_multipart()]
        headers = tuple((name, _decoded(value)) for name, value in message.items()[:_HEADERS])
        plain = [part for part in parts if _is_text(part, "plain")]
        read = plain or [part for part in parts if _is_text(part, "html")]
        return Shown(
            headers=headers,
            text="\n".join(map(_text, read)),
            attached=tuple(_attached(part) for part in parts if part not in read),
        )
    except (RecursionError, ValueError, LookupError, email.errors.MessageError):
        # parts within parts within parts, or what the parser trips over
        return Shown(headers=(), text=content.decode("utf-8", "replace"), attached=())


def _first(parts: Iterator[Message]) -> Iterator[Message]:
    for _, part in zip(range(_PARTS), parts, strict=False):
        yield part


def _is_text(part: Message, subtype: str) -> bool:
    return part.get_content_type() == f"text/{subtype}" and not _name(part)


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message) -> str:
    return decoded(_bytes(part), _parameter(part, "charset", "content-type"))


def _attached(part: Message) -> Attached:
    return Attached(
        name=_name(part),
        media_type=part.get_content_type(),
        size_bytes=len(_bytes(part)),
    )


def _name(part: Message) -> str:
    """What the file is called; empty for what is none."""
    return _parameter(part, "filename", "content-disposition") or _parameter(part, "name", "content-type")


def _parameter(part: Message, name: str, header: str) -> str:
    """A parameter of a header; RFC 2231 lets it name an encoding of its own."""
    value = part.get_param(name, "", header)
    if not isinstance(value, tuple):
        return value[:_VALUE_CHARACTERS]
    charset, _, text = value
    return decoded(text[:_VALUE_CHARACTERS].encode("raw-unicode-escape"), charset or "")


def _decoded(value: object) -> str:
    text = " ".join(str(value).split())[:_VALUE_CHARACTERS]
    try:
        words = [(word, charset and codec_of(charset)) for word, charset in email.header.decode_header(text)]
        return text if any(codec == "" for _, codec in words) else str(email.header.make_header(words))
    except (ValueError, LookupError, email.errors.MessageError):
        return text
