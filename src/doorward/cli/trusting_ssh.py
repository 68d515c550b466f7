"""Whom the command line believes over SSH, and as whom it logs in: beside the user's own configuration."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from doorward.cli.passwords import check_secrecy
from doorward.cli.target import Target
from doorward.cli.trusting import is_here
from doorward.clients._endpoints import SshEndpoint, SshIdentity
from doorward.core.errors import CertificateError, ConnectError
from doorward.stores.certificate_files import read_anybodys_file
from doorward.stores.places import HOST_KEY_NAME, known_states
from doorward.stores.state import is_trusted


def known_from(endpoint: SshEndpoint, target: Target, environment: Mapping[str, str]) -> SshEndpoint:
    """
    `endpoint` with what `target` and `environment` say of it; the public host keys of states are read.

    Those of states that were not named count for this machine alone, as their certificates do.

    Raises:
        ConnectError: the URL names one user and an option another, or a token is to be shown.
        TrustError: others can read the private key.
    """
    named = endpoint.identity.user
    if named and target.user not in {None, named}:
        raise ConnectError(
            endpoint.url, "login", f"is it {named} or {target.user} who asks?", "Name one of them."
        )
    if target.token_file is not None:
        raise ConnectError(
            endpoint.url,
            "login",
            "SSH has keys and passwords, and no tokens",
            "A token is for --at https://HOST:PORT.",
        )
    if target.identity is not None:
        # one that cannot be read is told by whoever reads it
        with contextlib.suppress(OSError):
            check_secrecy(os.stat(target.identity), target.identity, what="a private key")
    home = environment.get("HOME")
    identity = SshIdentity(
        user=named or target.user or "",
        local_user=_local_user(),
        key_file=target.identity,
        agent=environment.get("SSH_AUTH_SOCK", ""),
        folder=Path(home) / ".ssh" if home else None,
    )
    own = tuple(_own_keys(target, environment)) if target.state is not None or is_here(endpoint.host) else ()
    return replace(endpoint, identity=identity, fingerprint=target.fingerprint or "", own=own)


def _local_user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""


def _own_keys(target: Target, environment: Mapping[str, str]) -> Iterator[bytes]:
    """Yield the public host keys of known states, none that somebody else may have put there."""
    for folder in known_states(named=target.state, environment=environment):
        if target.state is not None or is_trusted(folder):
            # no daemon there, one with a key of its keeper's, or a state that is not for us
            with contextlib.suppress(CertificateError, ValueError):
                yield read_anybodys_file(str(folder / f"{HOST_KEY_NAME}.pub")).strip()
