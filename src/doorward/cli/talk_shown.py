"""What a conversation looks like: text made safe for a terminal, the peer's certificate, the transcript."""

import os
import re
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doorward.clients._tls import words_of_error
from doorward.clients.talk.text import TextDecoder
from doorward.core.errors import CertificateError, DoorwardError, one_line
from doorward.core.talking import safe_line

if TYPE_CHECKING:
    from doorward.clients.talk.session import TalkSession
    from doorward.core.certificates import Certificate

_NOT_PLAIN = re.compile(r"[^\n\t -~]+")

_NAMES_SHOWN, _CHARACTERS_SHOWN = 20, 200


class CannotWrite(DoorwardError):
    """The transcript cannot be written; the text names its file."""


class ShownText:
    """Text out of what came, in which nothing commands a terminal; a cut letter waits for its end."""

    def __init__(self) -> None:
        self._decoder = TextDecoder()

    def safe(self, data: bytes) -> str:
        """What `data` goes on with."""
        return safe_text(self._decoder.receive_data(data))

    def rest(self) -> str:
        """What was waiting, at the end."""
        return safe_text(self._decoder.receive_eof())


def safe_text(text: str) -> str:
    """`text` with all escaped that is neither printable, nor a line end or a tab."""
    return _NOT_PLAIN.sub(lambda match: safe_line(match[0]), text)


def note(text: str) -> None:
    """Tell a person something on stderr, in one line."""
    sys.stderr.write(f"{one_line(text)}\n")
    sys.stderr.flush()


def tls_lines(session: "TalkSession") -> Iterator[str]:
    """What is known of the peer over TLS, a line each; none without TLS."""
    if session.tls is None:
        return
    yield f"TLS          {session.tls[0]}, {session.tls[1]}"
    try:
        certificate = _certificate(session)
    except CertificateError as error:
        yield f"certificate  {error.problem}"
        return
    if certificate is None:
        yield "certificate  none"
        return
    from doorward.core.certificates import minute_of
    from doorward.stores.certificate_reading import subject_and_issuer

    subject, issuer = subject_and_issuer(certificate.der)
    yield f"subject      {_short(subject) or 'nobody'}"
    yield f"for          {_names(certificate.names)}"
    yield f"issuer       {_short(issuer) or 'nobody'}"
    yield f"valid        {minute_of(certificate.not_before)} to {minute_of(certificate.not_after)}"
    yield f"fingerprint  SHA256:{certificate.fingerprint}"


def tls_json(session: "TalkSession") -> dict[str, Any] | None:
    """The same as an object; None without TLS."""
    if session.tls is None:
        return None
    found: dict[str, Any] = {"protocol": session.tls[0], "cipher": session.tls[1], "certificate": None}
    try:
        certificate = _certificate(session)
    except CertificateError:
        return found
    if certificate is not None:
        from doorward.stores.certificate_reading import subject_and_issuer

        subject, issuer = subject_and_issuer(certificate.der)
        found["certificate"] = {
            "subject": subject,
            "names": list(certificate.names),
            "issuer": issuer,
            "not_before": certificate.not_before.isoformat(),
            "not_after": certificate.not_after.isoformat(),
            "fingerprint": f"SHA256:{certificate.fingerprint}",
        }
    return found


def pem_of(session: "TalkSession") -> str:
    """The certificate of the peer in PEM; empty where it showed none."""
    return ssl.DER_cert_to_PEM_cert(session.certificate) if session.certificate is not None else ""


def _certificate(session: "TalkSession") -> "Certificate | None":
    if session.certificate is None:
        return None
    from doorward.stores.certificate_reading import certificates_in

    return certificates_in(pem_of(session).encode(), file=session.address)[0]


def _names(names: tuple[str, ...]) -> str:
    shown = [_short(name) for name in names[:_NAMES_SHOWN]]
    left = len(names) - len(shown)
    return ", ".join([*shown, *([f"{left} more"] if left else [])]) or "nobody"


def _short(text: str) -> str:
    return text if len(text) <= _CHARACTERS_SHOWN else f"{text[:_CHARACTERS_SHOWN]}..."


@contextmanager
def transcript_file(file: Path | None) -> Iterator[Callable[[str], object] | None]:
    """
    What takes the lines of a transcript, behind those that stand in `file` already; None for no file.

    Raises:
        CannotWrite: the system refuses, now or with one of the lines.
    """
    if file is None:
        yield None
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _cannot_write(file, error) from error

    from doorward.stores.atomic import write_all

    def write(line: str) -> None:
        try:
            write_all(descriptor, line.encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise _cannot_write(file, error) from error

    try:
        yield write
    finally:
        os.close(descriptor)


def _cannot_write(file: Path, error: OSError) -> CannotWrite:
    return CannotWrite(f"the transcript {file} cannot be written: {words_of_error(error)}")
