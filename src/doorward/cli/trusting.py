"""Whom the command line believes over TLS: what the options say, and the daemons of one's own states."""

import contextlib
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from doorward.cli.passwords import check_secrecy
from doorward.cli.target import Target
from doorward.clients._trust import Trust
from doorward.core.addresses import is_this_machine
from doorward.core.errors import CertificateError
from doorward.stores.certificate_files import read_anybodys_file
from doorward.stores.places import CERTIFICATE_NAME, known_states
from doorward.stores.state import is_trusted


def trust_of(target: Target, environment: Mapping[str, str], *, host: str) -> Trust:
    """
    Whom `target` believes to be `host`; the certificates of states are read.

    Those of states that were not named count for this machine alone: `./.doorward` may have come with
    somebody's repository.

    Raises:
        TrustError: others can read the private key.
    """
    if target.client_certificate is not None:
        _check_key(target.client_key or target.client_certificate)
    return Trust(
        fingerprint=target.fingerprint or "",
        authorities=target.ca,
        own=tuple(_own_certificates(target, environment))
        if target.state is not None or is_here(host)
        else (),
        client_certificate=target.client_certificate,
        client_key=target.client_key,
    )


def is_here(host: str) -> bool:
    """Whether `host` is this machine, by its own name too, which a daemon's certificate has."""
    name = host.lower().removesuffix(".")
    return is_this_machine(host) or name == socket.gethostname().lower().removesuffix(".")


def _check_key(file: Path) -> None:
    # one that cannot be read is told by whoever reads it
    with contextlib.suppress(OSError):
        check_secrecy(os.stat(file), file, what="a private key")


def _own_certificates(target: Target, environment: Mapping[str, str]) -> Iterator[bytes]:
    """Yield what daemons of known states made for themselves, none that somebody else may have put there."""
    for folder in known_states(named=target.state, environment=environment):
        if target.state is not None or is_trusted(folder):
            # no daemon there, one with a certificate of its keeper's, or a state that is not for us
            with contextlib.suppress(CertificateError, ValueError):
                yield _first_certificate(folder / CERTIFICATE_NAME)


def _first_certificate(path: Path) -> bytes:
    # its bytes alone count: cryptography, which reads names too, would take 50 ms of every call
    import ssl

    text = read_anybodys_file(str(path)).decode("ascii")
    certificate, end, _ = text.partition(ssl.PEM_FOOTER)
    return ssl.PEM_cert_to_DER_cert(certificate[certificate.index(ssl.PEM_HEADER) :] + end)
