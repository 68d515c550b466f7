"""What aiohttp raises, as errors that name the address, the phase and what to do."""

import os
import socket
import ssl

import aiohttp

from doorward.clients._no_http import wants_tls, words_of_no_http
from doorward.clients._tls import words_of_error
from doorward.clients.fetch.addresses import Address
from doorward.clients.fetch.progress import Progress
from doorward.core.errors import ConnectError
from doorward.core.fetching import Interrupted

_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"})
_LATER = "Try again later."
_BAD_GATEWAYS = frozenset({502, 503, 504})


def failure(error: Exception, address: Address, progress: Progress, proxy: Address | None) -> ConnectError:
    """The error that says what happened; raise it from `error`."""
    if isinstance(progress.failure, ConnectError):
        return progress.failure
    match error:
        case aiohttp.ClientHttpProxyError():
            return proxy_refusal(error.status, error.message, address, proxy)
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return _not_connected(error, address, progress, proxy)
        case aiohttp.SocketTimeoutError():
            return _interrupted(address, progress, "the server fell silent", _LATER)
        case aiohttp.ClientPayloadError():
            return _interrupted(address, progress, "the body broke off before its end", _LATER)
        case aiohttp.InvalidURL():
            return ConnectError(address.shown, "address", "this is no URL of HTTP")
        case aiohttp.ClientResponseError():
            step = "Write https://." if wants_tls(error.message) else "Does a web server listen there?"
            return ConnectError(address.shown, "read", words_of_no_http(error.message), step)
        case _:
            return _interrupted(address, progress, _lost(error), _LATER)


def _interrupted(address: Address, progress: Progress, problem: str, step: str) -> Interrupted:
    return Interrupted(address.shown, progress.phase, problem, step, was_sent=progress.has_reached_server)


def _lost(error: Exception) -> str:
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the server closed the connection"
    if isinstance(error, OSError) and error.errno:
        reason = os.strerror(error.errno)
        return f"the connection was lost: {reason[:1].lower()}{reason[1:]}"
    return "the connection was lost"


def _not_connected(
    error: aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError,
    address: Address,
    progress: Progress,
    proxy: Address | None,
) -> ConnectError:
    whom = f"the proxy {proxy.shown}: " if proxy is not None and progress.phase != "TLS" else ""
    match error:
        case aiohttp.ConnectionTimeoutError():
            problem = "no connection in time" if progress.phase != "TLS" else "no handshake in time"
            step = "Is the host up, and does it let you through?"
            return Interrupted(address.shown, progress.phase, whom + problem, step, was_sent=False)
        case aiohttp.ClientConnectorCertificateError():
            return ConnectError(address.shown, "TLS", *_distrust(error.certificate_error))
        case aiohttp.ClientConnectorSSLError():
            return ConnectError(address.shown, "TLS", *_no_handshake(error.os_error))
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, socket.gaierror):
            return _not_resolved(error.os_error, address, whom)
        case aiohttp.ClientConnectorDNSError():
            return ConnectError(
                address.shown, "resolve", f"{whom}the name has no address", "Look at how the host is written."
            )
        case _:
            return _unreachable(error.os_error, address, progress, whom)


def _not_resolved(error: socket.gaierror, address: Address, whom: str) -> ConnectError:
    problem = f"{whom}the name cannot be resolved: {error.strerror}"
    if error.errno == socket.EAI_AGAIN:
        return Interrupted(address.shown, "resolve", problem, _LATER, was_sent=False)
    return ConnectError(address.shown, "resolve", problem, "Look at how the host is written.")


def _unreachable(error: OSError, address: Address, progress: Progress, whom: str) -> ConnectError:
    phase = progress.phase if progress.phase == "TLS" else "connect"
    problem = whom + _lost(error).removeprefix("the connection was lost: ")
    if isinstance(error, ConnectionRefusedError):
        return ConnectError(address.shown, phase, problem, "Is a server running at that port?")
    step = "Is the host up, and does it let you through?"
    return Interrupted(address.shown, phase, problem, step, was_sent=False)


def _distrust(error: Exception) -> tuple[str, str]:
    reason = getattr(error, "verify_message", "") or "it is not trusted"
    step = "--ca FILE trusts what the certificates in a file vouch for."
    return f"the server's certificate is refused: {reason}", step


def _no_handshake(error: OSError) -> tuple[str, str]:
    reason = getattr(error, "reason", "") or ""
    if reason in _NO_TLS:
        return "what answers there speaks no TLS", "A server without TLS wants http://."
    said = words_of_error(error) if isinstance(error, ssl.SSLError) else str(error)
    return f"no handshake: {said}", ""


def proxy_refusal(status: int, reason: str, address: Address, proxy: Address | None) -> ConnectError:
    """What a proxy answers in place of the server."""
    name = proxy.shown if proxy is not None else ""
    if status in {401, 407}:  # tinyproxy answers a wrong login with 401
        wrong = proxy is not None and proxy.login is not None
        problem = f"the proxy {name} {'refuses the login' if wrong else 'wants a login'}"
        step = "Put NAME:PASSWORD@ before its host, in the environment or in a file; see `doorward fetch`."
        return ConnectError(address.shown, "proxy", problem, step)
    problem = f"the proxy {name} answered {status} {' '.join(reason.split())[:100]}"
    if status in _BAD_GATEWAYS:
        return Interrupted(address.shown, "proxy", problem, _LATER, was_sent=False)
    return ConnectError(address.shown, "proxy", problem, "It may not let you through to that host.")
