"""Who a request is from: what it shows goes to the portal, and what that says counts for the connection."""

import hmac
from http import HTTPStatus

from doorward.core.secret import Secret
from doorward.doors.web.credentials import Pair, Unreadable, read_authorization, read_cookie
from doorward.doors.web.identity import Identity
from doorward.doors.web.problems import CHALLENGES, RETRY_SECONDS, Problem, shut_out
from doorward.doors.web.visit import Visit
from doorward.service.admission import Admission, Admitted, Busy, Refused


async def identify(visit: Visit) -> Identity | None:
    """
    Who `visit` is from; None for nobody.

    A header is looked at once for all requests of a connection that carry the same one.

    Raises:
        Problem: it shows something that is not good, or may show nothing now.
    """
    headers = visit.request.headers
    header = headers.get("Authorization")
    if header is None:
        cookie = read_cookie(headers.get("Cookie", ""), cookie_name(visit))
        return visit.door.house.sessions.find(cookie) if cookie else None
    connection = visit.connection
    if (shown := connection.shown) is not None:
        if not shown[1].is_over and _are_equal(shown[0], header):
            return shown[1]
        shown[1].close()
        connection.shown = None
    identity = Identity(visit.door.portal, await _admitted(visit, header))
    if identity.is_over:
        raise _wrong("the user was changed meanwhile")
    if connection.shown is not None:
        # a pipelined request was looked at meanwhile
        connection.shown[1].close()
    connection.shown = header, identity
    return identity


def _are_equal(header: str, other: str) -> bool:
    if header.isascii() and other.isascii():
        return hmac.compare_digest(header, other)
    # what is no UTF-8 comes as surrogates
    return hmac.compare_digest(*(each.encode(errors="surrogateescape") for each in (header, other)))


async def sign_in(visit: Visit, name: str, password: Secret) -> Admitted:
    """
    Let in somebody who fills in the form.

    Raises:
        Problem: a wrong name or password, too many tries, or no time to look at it.
    """
    return _let_in(await _checked(visit, name, password))


def cookie_name(visit: Visit) -> str:
    """The session cookie's: browsers hold a name with `__Host-` to this host, and refuse it without TLS."""
    return "__Host-doorward" if visit.is_secure else visit.door.cookie_name


async def _admitted(visit: Visit, header: str) -> Admitted:
    shown = read_authorization(header)
    if isinstance(shown, Unreadable):
        raise _wrong("the Authorization header shows neither Basic nor Bearer")
    door = visit.door
    if isinstance(shown, Pair):
        known = door.house.pairs.known(shown.name, shown.password)
        return known or _let_in(await _checked(visit, shown.name, shown.password))
    _refuse_shut_out(visit)
    admission = door.portal.admit_token(visit.peer, shown.token)
    _charge(visit, admission)
    return _let_in(admission)


async def _checked(visit: Visit, name: str, password: Secret) -> Admission:
    """What the portal says of a pair; a wrong one is paid for by whom this comes from, even if they leave."""
    _refuse_shut_out(visit)

    async def check() -> Admission:
        admission = await visit.door.portal.admit_password(visit.peer, name=name, password=password)
        _charge(visit, admission)
        return admission

    return await visit.door.house.pairs.admit(name, password, check)


def _charge(visit: Visit, admission: Admission) -> None:
    if isinstance(admission, Refused):
        visit.door.gate.failed(visit.door.name, visit.origin)


def _let_in(admission: Admission) -> Admitted:
    match admission:
        case Admitted():
            return admission
        case Refused(reason):
            raise _wrong(reason)
        case Busy(reason):
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE, reason, headers=[("Retry-After", str(RETRY_SECONDS))]
            )


def _refuse_shut_out(visit: Visit) -> None:
    if visit.door.gate.is_shut_out(visit.origin):
        raise shut_out()


def _wrong(reason: str) -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, reason, headers=CHALLENGES)
