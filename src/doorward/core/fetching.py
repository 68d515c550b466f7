"""What is asked of an address on the network, and what came back, as an errand sees them."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Protocol, Self
from urllib.parse import urlencode

from doorward.core.encodings import decoded
from doorward.core.errors import ConnectError
from doorward.core.secret import Secret

_USER_INFO = re.compile(r"//.*@", re.DOTALL)
_NO_LOGIN = re.compile(
    r"[^/?#@]*//(?:\[[^\[\]/?#@]*\]|[^:/?#@]*)(?::[0-9]*(?=/)|(?=[/?#]))[^?@]*(?:\?.*)?", re.DOTALL
)

MOST_BYTES = 64 * 1024 * 1024
"""As much of a body as is held in memory where nothing else is said."""

MOST_SECONDS = 60.0
"""As long as a whole fetch may take where nothing else is said."""

RETRIES = 2
"""How often a fetch is tried again where nothing else is said."""


class OutOfTime(ConnectError):
    """The time that the whole of it was given is over; the phase says what it was spent on."""


class TooLong(ConnectError):
    """More came than was allowed."""


@dataclass(eq=False)
class Interrupted(ConnectError):
    """
    It did not come, and the same request may well succeed when it is made again.

    Attributes:
        was_sent: whether the server may have acted on it already.
    """

    was_sent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """
    Who asks.

    Attributes:
        name: no colon; empty where a token is shown.
        secret: the password that goes with the name, or the token.
        may_be_overheard: it may go in the clear to another machine.
    """

    name: str
    secret: Secret
    may_be_overheard: bool = False

    @property
    def is_token(self) -> bool:
        return not self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """
    A file of this machine, in a form.

    Attributes:
        field: the name of the form's field.
        path: where it stands; read while it is sent.
        kind: its media type.
    """

    field: str
    path: str
    kind: str = "application/octet-stream"

    @property
    def name(self) -> str:
        """What the server is told that it is called."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """
    A body that is whole in memory.

    Attributes:
        data: the bytes.
        kind: their media type.
    """

    data: bytes = field(repr=False)
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormWithFiles:
    """
    A form as RFC 7578 has it.

    Attributes:
        fields: names and values, in order.
        files: they come after them.
    """

    fields: tuple[tuple[str, str], ...]
    files: tuple[FilePart, ...]


Body = Content | FormWithFiles


def form_content(fields: tuple[tuple[str, str], ...]) -> Content:
    """A form as a browser sends one without files. Source: WHATWG URL, application/x-www-form-urlencoded."""
    return Content(data=urlencode(fields).encode("ascii"), kind="application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """
    A page that is wanted.

    Attributes:
        url: of any scheme that `doorward fetch` knows; a name and a password in it are a login.
        method: of HTTP; GET, or POST when there is a body, when it is empty.
        headers: to be sent beside the usual ones.
        body: what is sent; None for nothing.
        login: who asks; None for whoever the URL says, or nobody.
        most_bytes: how long the body may be once it is unpacked.
        seconds: how long all of it may take, tries and all.
        retries: how often it is tried again, where that cannot do harm.
        from_bytes: where to begin; the rest of what was fetched in part.
        validator: what `from_bytes` of it belong to: an entity tag, or a time as HTTP has it.
        packed: whether it may come compressed.
    """

    url: str
    method: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    login: Login | None = None
    most_bytes: int = MOST_BYTES
    seconds: float = MOST_SECONDS
    retries: int = RETRIES
    from_bytes: int = 0
    validator: str = ""
    packed: bool = True

    @property
    def verb(self) -> str:
        """The method that is meant."""
        return self.method or ("GET" if self.body is None else "POST")

    def resumed(self, from_bytes: int, validator: str) -> Self:
        """The same, for the rest of it."""
        return replace(self, from_bytes=from_bytes, validator=validator, packed=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """
    What is known of an answer before its body.

    Attributes:
        url: where it comes from in the end, after redirects, without a login.
        status: of HTTP; 200, or 206 from an offset, for what comes by a protocol without one.
        reason: what the server calls that.
        headers: names as they came, and values; in order.
        from_bytes: which byte of the whole the body begins with.
        size: of the whole, in bytes; None when it is not known, or when the body is packed.
        validator: by which the rest can be asked for later; empty when that is not possible.
        retry_after_seconds: when the server wants to be asked again; None when it does not say.
    """

    url: str
    status: int = 200
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    from_bytes: int = 0
    size: int | None = None
    validator: str = ""
    retry_after_seconds: float | None = None

    @property
    def is_success(self) -> bool:
        """Whether what was asked for has come."""
        return self.status < 400

    def header(self, name: str) -> str:
        """The value of the header called `name`, repeated ones joined by `, `; empty for none."""
        return ", ".join(value for known, value in self.headers if known.lower() == name.lower())


class Opened(Protocol):
    """An answer whose body is on its way."""

    @property
    def head(self) -> Head:
        """What came before it."""

    def pieces(self) -> AsyncIterator[bytes]:
        """
        The body, unpacked, as it comes.

        Raises:
            Interrupted: it broke off, or came to a halt.
            ConnectError: it cannot be unpacked, or is too long.
        """


class Opener(Protocol):
    """Opens addresses of some schemes; each request is made once."""

    def open(self, request: FetchRequest) -> AbstractAsyncContextManager[Opened]:
        """
        Make the request, and hand out the answer.

        Raises:
            ConnectError: there is none; an `Interrupted` where it is worth another try.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """
    A whole answer; one that was cut is an error instead.

    Attributes:
        url: where it came from in the end, after redirects.
        status: of HTTP; 200 for what comes by a protocol without one.
        reason: what the server calls that.
        headers: by their names in lower case; repeated ones are joined by `, `.
        body: unpacked.
    """

    url: str
    status: int
    reason: str = ""
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether what was asked for has come: no status of 400 or more."""
        return self.status < 400

    @property
    def text(self) -> str:
        """The body as text: in the charset that the server names, else UTF-8; what is none is replaced."""
        match = re.search(r'charset="?([\w.:-]+)', self.headers.get("content-type", ""), re.IGNORECASE)
        return decoded(self.body, match[1] if match else "")


def fetched(head: Head, body: bytes) -> Fetched:
    """The whole answer that `head` and `body` are."""
    headers: dict[str, str] = {}
    for name, value in head.headers:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return Fetched(url=head.url, status=head.status, reason=head.reason, headers=headers, body=body)


def without_login(url: str) -> str:
    """
    `url` as it may be shown, without a name and a password; also one that cannot be read as a URL.

    A password that nobody has escaped may hold `/`, `?` and `#`: where a host and a port do not end as they
    have to, all up to the last `@` goes.
    """
    return url if "@" not in url or _NO_LOGIN.fullmatch(url) else _USER_INFO.sub("//", url, count=1)
