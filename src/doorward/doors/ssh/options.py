"""What AsyncSSH is told once for all connections: algorithms, the host key, and all that is not there."""

import logging

import asyncssh

from doorward.core.limits import Limits
from doorward.core.settings import SshProfile, SshSettings
from doorward.doors.ssh.visitor import Visitor
from doorward.doors.ssh.wire import TRUSTED_SIGNATURES

_STRICT_KEX = ("mlkem768x25519-sha256",)
_COMPATIBLE_KEX = ("curve25519-sha256", "curve25519-sha256@libssh.org", *_STRICT_KEX)
"""
The first two do not hold against a later quantum computer; OpenSSH before 9.9 knows no other of ours. Which
one is taken is the client's choice. Dropbear guesses that its first is ours, and AsyncSSH then believes it.
"""

_KEX = {SshProfile.COMPATIBLE: _COMPATIBLE_KEX, SshProfile.STRICT: _STRICT_KEX}
_STRICT_CIPHERS = ("aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes128-ctr")
_COMPATIBLE_CIPHERS = (*_STRICT_CIPHERS, "chacha20-poly1305@openssh.com")
"""The last is for Dropbear, and sound with the strict key exchange, which AsyncSSH has (CVE-2023-48795)."""

_CIPHERS = {SshProfile.COMPATIBLE: _COMPATIBLE_CIPHERS, SshProfile.STRICT: _STRICT_CIPHERS}
_MACS = ("hmac-sha2-512-etm@openssh.com", "hmac-sha2-256-etm@openssh.com")

PACKET_BYTES = 32 * 1024
"""Of data in one packet. Source: RFC 4253 section 6.1."""

ALIVE_PROBES = 3
"""Source: OpenSSH's ClientAliveCountMax."""


def server_options(
    settings: SshSettings, limits: Limits, *, private_key: bytes, certificate: bytes
) -> asyncssh.SSHServerConnectionOptions:
    """
    The options of the door.

    Args:
        settings: of the door.
        limits: of the daemon.
        private_key: of the host, in OpenSSH's own format; it was looked at before.
        certificate: of that key, in OpenSSH's one-line format; empty for none.
    """
    key = asyncssh.import_private_key(private_key)
    host_key = (key, asyncssh.import_certificate(certificate)) if certificate else key
    return asyncssh.SSHServerConnectionOptions(
        config=None,
        server_factory=Visitor,
        server_version="Doorward",
        server_host_keys=[host_key],
        kex_algs=_KEX[settings.profile],
        encryption_algs=_CIPHERS[settings.profile],
        mac_algs=_MACS,
        compression_algs=["none"],
        signature_algs=sorted(name.decode("ascii") for name in TRUSTED_SIGNATURES),
        password_auth=settings.passwords,
        public_key_auth=True,
        kbdint_auth=False,
        host_based_auth=False,
        gss_host=None,
        gss_kex=False,
        gss_auth=False,
        x509_trusted_certs=None,
        # the gate has the time of a login, and the kernel the keepalive of TCP
        login_timeout=0,
        keepalive_interval=limits.ssh_alive_seconds,
        keepalive_count_max=ALIVE_PROBES,
        rekey_bytes=limits.ssh_rekey_bytes,
        rekey_seconds=limits.ssh_rekey_seconds,
        agent_forwarding=False,
        x11_forwarding=False,
        allow_pty=True,
        line_editor=False,
        encoding=None,
        window=limits.ssh_window_bytes,
        max_pktsize=PACKET_BYTES,
    )


def quieten() -> None:
    """Have AsyncSSH log no lines of its own for each login and each session: the audit trail has them."""
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
