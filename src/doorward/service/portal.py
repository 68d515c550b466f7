"""The portal: whatever somebody shows becomes a principal here, or nothing."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import MappingProxyType

from doorward.core.addresses import source_of
from doorward.core.audit import AuditEvent, AuditKind, AuditValue
from doorward.core.authorized_keys import key_of
from doorward.core.keys import AuthorizedKey, fingerprint_of
from doorward.core.ports import AuditLog, Clock, Timer, Verdict, Verifier
from doorward.core.principal import Login, Peer, Principal, User, guest, principal_of, system_administrator
from doorward.core.secret import Secret
from doorward.core.tokens import ShownToken, Token, parse_token, principal_of_token

_TRIED_CHARACTERS = 64
_WRONG = "wrong name or password"
_BUSY = "too many passwords are being checked, try again later"
_UNKNOWN_CERTIFICATE = "the certificate is no user's"
_UNKNOWN_TOKEN = "the token is not valid"  # noqa: S105 - said of one
_UNKNOWN_KEY = "the key is not the user's"

_LOOK_SECONDS = 3600.0
"""However far the next end of a token is: the wall clock may be set meanwhile."""

_log = logging.getLogger("doorward.portal")


@dataclass(frozen=True, slots=True)
class Admitted:
    """
    Somebody came in; `Portal.opened` wants to know when their session begins.

    Attributes:
        principal: who.
        user: as declared at that moment; None for guests, and at the unix door for root and the daemon's own
            user.
        token: the one that they came by; None for all other ways.
        authority: of the certificate that they came by; None for all other ways.
    """

    principal: Principal
    user: User | None = field(default=None, repr=False)
    token: Token | None = field(default=None, repr=False)
    authority: AuthorizedKey | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody came in; `reason` is for the peer, one line, the same for a wrong name and a wrong password."""

    reason: str


@dataclass(frozen=True, slots=True)
class Busy:
    """Too many checks wait, of all or of this peer's; `reason` is for the peer, who may try again."""

    reason: str = _BUSY


Admission = Admitted | Refused | Busy

_GUEST = Admitted(guest())


class Session:
    """
    The session of somebody who came in: revoked once at most, and not after `close`.

    Attributes:
        admitted: who, and what let them in.
        is_revoked: the user or the token was removed or changed, or the token expired; the session may do
            nothing more.
    """

    __slots__ = ("_on_revoked", "_sessions", "admitted", "is_revoked")

    def __init__(
        self, admitted: Admitted, on_revoked: Callable[[], object], sessions: "set[Session]"
    ) -> None:
        self.admitted = admitted
        self.is_revoked = False
        self._on_revoked = on_revoked
        self._sessions = sessions

    def close(self) -> None:
        """Tell that the session is over; idempotent."""
        self._sessions.discard(self)

    def revoke(self) -> None:
        """End the session: for the portal, when what let its owner in does not count any more."""
        if self in self._sessions:
            self.close()
            self.is_revoked = True
            self._on_revoked()


class Portal:
    """
    The one place where credentials are checked, for all doors, and every login and refusal written down.

    Unknown users, users without a password and wrong passwords cost the same work and get the same answer,
    and so do unknown tokens, wrong ones and those that expired. No method decides what somebody may do.

    Args:
        users: whose credentials count, until `replace_credentials`.
        verifier: looks at passwords.
        audit: where logins and refusals are written down.
        clock: the daemon's.
        process_uid: of the daemon's own user, who is `admin` at the unix door as root is.
        checks_per_source: how many passwords of one source are looked at, or wait, at once.
        tokens: those of the users.
    """

    def __init__(
        self,
        users: Iterable[User],
        *,
        verifier: Verifier,
        audit: AuditLog,
        clock: Clock,
        process_uid: int,
        checks_per_source: int,
        tokens: Iterable[Token] = (),
    ) -> None:
        self._verifier = verifier
        self._checks_per_source = checks_per_source
        self._checking: Counter[str] = Counter()
        self._tries: set[asyncio.Task[None]] = set()
        self._audit = audit
        self._clock = clock
        self._expiry: Timer | None = None
        self._administrators = frozenset({0, process_uid})
        self._sessions: set[Session] = set()
        self._users: Mapping[str, User] = MappingProxyType({})
        self._names_by_uid: Mapping[int, str] = MappingProxyType({})
        self._names_by_certificate: Mapping[bytes, str] = MappingProxyType({})
        self._tokens: Mapping[str, Token] = MappingProxyType({})
        self._keys_by_name: Mapping[str, tuple[AuthorizedKey, ...]] = MappingProxyType({})
        self._authorities: tuple[AuthorizedKey, ...] = ()
        self._take(users, tokens)

    def replace_checks_per_source(self, checks: int) -> None:
        """Look at so many passwords of one source at once from now on."""
        self._checks_per_source = checks

    def admit_guest(self) -> Admitted:
        """Let in whoever comes by a door without login; that is no login, and is not written down."""
        return _GUEST

    def admit_uid(self, peer: Peer) -> Admitted | Refused:
        """Let in by `peer.uid`, which the kernel vouches for: root and the daemon's own user are `admin`."""
        if peer.uid in self._administrators:
            return self._admitted(peer, Admitted(system_administrator()))
        name = None if peer.uid is None else self._names_by_uid.get(peer.uid)
        if name is None:
            return self._refused(peer, {"how": Login.UID.value}, reason=_no_user(peer.uid))
        user = self._users[name]
        return self._admitted(peer, Admitted(principal_of(user, Login.UID), user))

    def admit_certificate(self, peer: Peer, certificate: bytes) -> Admitted | Refused:
        """Let in by a certificate, in DER, whose key the peer has proved to have."""
        name = self._names_by_certificate.get(certificate)
        if name is None:
            return self._refused(peer, {"how": Login.CERTIFICATE.value}, reason=_UNKNOWN_CERTIFICATE)
        user = self._users[name]
        return self._admitted(peer, Admitted(principal_of(user, Login.CERTIFICATE), user))

    def refuse_certificate(self, peer: Peer, reason: str) -> None:
        """Write down that `peer` showed a certificate that the TLS library did not believe."""
        self._refused(peer, {"how": Login.CERTIFICATE.value}, reason=reason)

    def admit_token(self, peer: Peer, secret: Secret) -> Admitted | Refused:
        """
        Let in by the text of a token.

        An unknown token, a wrong secret, one that expired and one whose user is gone get the same answer.
        """
        shown = parse_token(secret.revealed)
        how: dict[str, AuditValue] = {"how": Login.TOKEN.value}
        if shown is not None:
            # of letters and digits alone, and public
            how["token"] = shown.id
        admitted = self._owner_of(shown)
        if admitted is None:
            return self._refused(peer, how, reason=_UNKNOWN_TOKEN)
        return self._admitted(peer, admitted, how)

    def find_key(self, name: str, blob: bytes, *, address: str, now: float) -> AuthorizedKey | None:
        """The key with this `blob` that lets `name` in from `address`, `now` seconds since 1970, or None."""
        for key in self._keys_by_name.get(name, ()):
            if key.blob == blob and not key.is_authority and key.lets_in(address=address, now=now):
                return key
        return None

    def find_authority(
        self,
        name: str,
        blob: bytes,
        *,
        names: Sequence[str],
        address: str,
        now: float,
    ) -> AuthorizedKey | None:
        """
        The authority with this `blob` whose certificate for `names` lets `name` in from `address`, or None.

        Args:
            name: of whoever wants to log in.
            blob: of the key that signed the certificate.
            names: the principals of the certificate.
            address: whence.
            now: seconds since 1970.
        """
        if name not in self._users:
            return None
        for key in (*self._authorities, *self._keys_by_name.get(name, ())):
            is_meant = key.blob == blob and key.is_authority and key.vouches_for(name, names)
            if is_meant and key.lets_in(address=address, now=now):
                return key
        return None

    def admit_key(
        self, peer: Peer, *, name: str, key: AuthorizedKey, login: Login, shown: str = ""
    ) -> Admitted | Refused:
        """
        Let in by a key that `find_key` gave, or by a certificate of an authority that `find_authority` gave.

        Args:
            peer: who has proved to have it.
            name: whose it is.
            key: it, or the authority.
            login: `KEY` or `CERTIFICATE`.
            shown: what the certificate calls itself, for the audit trail.
        """
        user = self._users.get(name)
        how: dict[str, AuditValue] = {"key": fingerprint_of(key.blob), **({"shown": shown} if shown else {})}
        if user is None:
            # removed since the key was found
            return self._refused(peer, {"how": login.value, **how}, reason=_UNKNOWN_KEY)
        authority = key if key.is_authority else None
        return self._admitted(peer, Admitted(principal_of(user, login), user, authority=authority), how)

    def refuse_keys(self, peer: Peer, *, name: str, keys: int) -> Refused:
        """Write down that `peer` showed so many keys for `name`, none of which lets them in, and left."""
        tried = name[:_TRIED_CHARACTERS]
        return self._refused(
            peer, {"how": Login.KEY.value, "tried": tried, "keys": keys}, reason=_UNKNOWN_KEY
        )

    def asks_name(self, *, user: str) -> bool:
        """Whether a line that logs in begins with a name, at a door that asks for the password of `user`."""
        return not (user or self._only_user_with_password)

    def try_line(
        self, peer: Peer, line: Secret, *, user: str = "", then: Callable[[Admission], object]
    ) -> None:
        """Begin what `admit_line` does; `then` is told what came of it, on the loop, after this returns."""
        self._begin_try(lambda: self.admit_line(peer, line, user=user), then)

    def try_password(
        self, peer: Peer, *, name: str, password: Secret, then: Callable[[Admission], object]
    ) -> None:
        """Begin what `admit_password` does, as `try_line` does; it goes on when the peer leaves meanwhile."""
        self._begin_try(lambda: self.admit_password(peer, name=name, password=password), then)

    def _begin_try(
        self, look: Callable[[], Awaitable[Admission]], then: Callable[[Admission], object]
    ) -> None:
        async def admit() -> None:
            try:
                admission = await look()
            except Exception:  # noqa: BLE001 - logged
                # one login is isolated from the others
                _log.exception("a login could not be looked at")
                admission = Busy("the login could not be looked at, try again later")
            then(admission)

        trying = asyncio.get_running_loop().create_task(admit())
        self._tries.add(trying)
        trying.add_done_callback(self._end_try)

    def close(self) -> None:
        """Look at no login any more, and at the end of no token."""
        for trying in self._tries:
            trying.cancel()
        if self._expiry is not None:
            self._expiry.cancel()

    async def admit_line(self, peer: Peer, line: Secret, *, user: str = "") -> Admission:
        """
        Let in by a line that answers `Password?`.

        It is the password of `user`, when the door has one, or of the only user with a password; otherwise it
        is the name and the password, parted by the first space.
        """
        if owner := user or self._only_user_with_password:
            return await self._admit(peer, owner, line, tried=owner)
        name, _, password = line.revealed.partition(" ")
        # one who forgot the name has typed a password in its place: only a user's name is written down
        tried = name if name in self._users else ""
        return await self._admit(peer, name, Secret(password), tried=tried)

    async def admit_password(self, peer: Peer, *, name: str, password: Secret) -> Admission:
        """Let in by a name and a password that came apart, each in a field of its own."""
        return await self._admit(peer, name, password, tried=name[:_TRIED_CHARACTERS])

    def opened(self, admitted: Admitted, on_revoked: Callable[[], object]) -> Session:
        """
        Hear that a session begins.

        Args:
            admitted: what let its owner in.
            on_revoked: called once, on the loop, when the session has to end at once; before this returns,
                when the user or the token was changed since they were let in, or the token expired.
        """
        session = Session(admitted, on_revoked, self._sessions)
        self._sessions.add(session)
        if not self._is_current(admitted):
            session.revoke()
        return session

    def replace_credentials(
        self, users: Iterable[User], tokens: Iterable[Token], *, authorities: Iterable[AuthorizedKey] = ()
    ) -> int:
        """
        Take all of these in the place of those before, and end the sessions of what is gone or changed.

        A session ends with its user, one that a token began with that token too, and one that a certificate
        began with its authority: one of `authorities`, which every user has beside their own. Names and uids
        are unique among users, ids among tokens; the user of a token may be missing. Every session is ended
        even when an `on_revoked` raises; the error comes out afterwards.

        Returns:
            How many sessions ended.
        """
        self._authorities = tuple(authorities)
        self._take(users, tokens)
        return self._revoke_outdated()

    def _revoke_outdated(self) -> int:
        revoked = [session for session in self._sessions if not self._is_current(session.admitted)]
        with ExitStack() as stack:
            for session in revoked:
                stack.callback(session.revoke)
        return len(revoked)

    def _await_expiry(self) -> None:
        """Have the sessions of the next token that expires ended when it does."""
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        ends = [token.expires_at for token in self._tokens.values() if token.expires_at is not None]
        if ends:
            now = self._clock.wall()
            left_seconds = (end - now for end in ends if end > now)
            delay_seconds = min((_LOOK_SECONDS, *left_seconds))
            self._expiry = self._clock.call_later(delay_seconds, self._end_expired)

    def _end_expired(self) -> None:
        self._await_expiry()
        self._revoke_outdated()

    def _end_try(self, trying: "asyncio.Task[None]") -> None:
        self._tries.discard(trying)
        if not trying.cancelled() and (error := trying.exception()) is not None:
            _log.error("what came of a login could not be told", exc_info=error)

    def _take(self, users: Iterable[User], tokens: Iterable[Token]) -> None:
        self._users = MappingProxyType({user.name: user for user in users})
        self._names_by_uid = MappingProxyType(
            {user.uid: user.name for user in self._users.values() if user.uid is not None}
        )
        self._names_by_certificate = MappingProxyType(
            {user.certificate: user.name for user in self._users.values() if user.certificate is not None}
        )
        self._keys_by_name = MappingProxyType(
            {
                user.name: (*map(key_of, user.keys), *user.authorized_keys)
                for user in self._users.values()
                if user.keys or user.authorized_keys
            }
        )
        with_password = [user.name for user in self._users.values() if user.password_hash is not None]
        self._only_user_with_password = with_password[0] if len(with_password) == 1 else ""
        self._tokens = MappingProxyType({token.id: token for token in tokens})
        self._await_expiry()

    def _is_current(self, admitted: Admitted) -> bool:
        token, authority = admitted.token, admitted.authority
        return (
            self._is_current_user(admitted.user)
            and (token is None or self._is_current_token(token))
            and (authority is None or self._is_current_authority(admitted.principal.name, authority))
        )

    def _is_current_user(self, user: User | None) -> bool:
        return user is None or self._users.get(user.name) == user

    def _is_current_authority(self, name: str, authority: AuthorizedKey) -> bool:
        return authority in (*self._authorities, *self._keys_by_name.get(name, ()))

    def _is_current_token(self, token: Token) -> bool:
        return self._tokens.get(token.id) == token and not token.is_expired(self._clock.wall())

    def _owner_of(self, shown: ShownToken | None) -> Admitted | None:
        if shown is None:
            return None
        token = self._tokens.get(shown.id)
        # the work is done for an unknown one too
        if not shown.is_of(token) or token is None or token.is_expired(self._clock.wall()):
            return None
        user = self._users.get(token.user)
        return None if user is None else Admitted(principal_of_token(user, token), user, token)

    async def _admit(self, peer: Peer, name: str, password: Secret, *, tried: str) -> Admission:
        user = self._users.get(name)
        verdict = await self._verdict(peer, None if user is None else user.password_hash, password)
        how: dict[str, AuditValue] = {"how": Login.PASSWORD.value}
        if tried:
            how["tried"] = tried
        if verdict is Verdict.BUSY:
            self._refused(peer, how, reason=_BUSY)
            return Busy()
        # the users may have been replaced while the hash was computed
        if verdict is not Verdict.RIGHT or user is None or not self._is_current_user(user):
            return self._refused(peer, how, reason=_WRONG)
        return self._admitted(peer, Admitted(principal_of(user, Login.PASSWORD), user))

    async def _verdict(self, peer: Peer, password_hash: str | None, password: Secret) -> Verdict:
        source = _source_of(peer)
        if self._checking[source] >= self._checks_per_source:
            return Verdict.BUSY
        self._checking[source] += 1
        try:
            return await self._verifier.verify(password_hash=password_hash, password=password)
        finally:
            self._checking[source] -= 1
            if not self._checking[source]:
                del self._checking[source]

    def _admitted(
        self, peer: Peer, admitted: Admitted, how: Mapping[str, AuditValue] = MappingProxyType({})
    ) -> Admitted:
        principal = admitted.principal
        details = {"how": principal.login.value, **how}
        self._audit.record(AuditEvent(AuditKind.LOGIN, principal.name, peer, details))
        return admitted

    def _refused(self, peer: Peer, how: Mapping[str, AuditValue], *, reason: str) -> Refused:
        self._audit.record(AuditEvent(AuditKind.REFUSAL, "", peer, {**how, "reason": reason}))
        return Refused(reason)


def _source_of(peer: Peer) -> str:
    try:
        return source_of(peer.address)
    except ValueError:
        return peer.address


def _no_user(uid: int | None) -> str:
    return f"uid {uid} is no user here; its keeper can make it one: doorward user add NAME --uid {uid}"
