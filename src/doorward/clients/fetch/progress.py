"""How far a request is, so that an error can name the phase."""

import ssl
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

import aiohttp


class Progress:
    """
    One request on its way.

    Attributes:
        phase: `resolve`, `connect`, `TLS`, `send`, `wait` or `read`.
        has_body: something is sent behind the head.
        is_sent: the server may have got all of it.
        failure: what went wrong with the body that was to be sent; None for nothing.
    """

    def __init__(self) -> None:
        self.phase = "connect"
        self.has_body = False
        self.is_sent = False
        self.failure: Exception | None = None

    @property
    def has_reached_server(self) -> bool:
        """Whether the server may have acted on some of it."""
        return self.phase not in {"resolve", "connect", "TLS"}

    def begin(self, *, has_body: bool) -> None:
        """Hear that another request begins."""
        self.phase = "connect"
        self.has_body = has_body
        self.is_sent = False

    def sent(self) -> None:
        """Hear that the last byte of the request was handed over."""
        self.phase = "wait"
        self.is_sent = True


_CURRENT: ContextVar[Progress] = ContextVar("doorward_fetch_progress")


def follow(progress: Progress) -> None:
    """Have the handshakes that this task starts told to `progress`."""
    _CURRENT.set(progress)


class WatchedContext(ssl.SSLContext):
    """Tells when a handshake begins: neither asyncio nor aiohttp does."""

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,  # noqa: FBT001, FBT002 - as the class above has it
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        progress = _CURRENT.get(None)
        if progress is not None and not progress.is_sent:
            progress.phase = "TLS"
        return super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)


def phase_tracing() -> aiohttp.TraceConfig:
    """What tells a `Progress`, which is given as `trace_request_ctx`, of each step."""
    config = aiohttp.TraceConfig()
    for signal, phase in (
        (config.on_dns_resolvehost_start, "resolve"),
        (config.on_dns_resolvehost_end, "connect"),
        (config.on_connection_create_end, "send"),
        (config.on_connection_reuseconn, "send"),
    ):
        signal.append(_entering(phase))
    config.on_request_headers_sent.append(_head_sent)
    config.freeze()
    return config


def _entering(phase: str) -> Callable[[aiohttp.ClientSession, SimpleNamespace, Any], Awaitable[None]]:
    async def enter(_session: aiohttp.ClientSession, context: SimpleNamespace, _: Any) -> None:
        progress = context.trace_request_ctx
        if isinstance(progress, Progress):
            progress.phase = phase

    return enter


async def _head_sent(_session: aiohttp.ClientSession, context: SimpleNamespace, _: Any) -> None:
    progress = context.trace_request_ctx
    if isinstance(progress, Progress) and not progress.has_body:
        progress.sent()
