"""vsftpd, ProFTPD, Pure-FTPd and pyftpdlib, each on a port of this machine, with a folder of its own."""

import functools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from doorward.clients._trust import Trust
from doorward.clients.ftp.settings import Deadlines, FtpServer, Security
from doorward.core.secret import Secret
from tests.certificates import Written, make_certificate
from tests.clients.relaying import IN_BETWEEN
from tests.clients.server_process import OPEN_SECONDS, ServerProcess

LOCALHOST = "127.0.0.1"

PASSWORD = "open sesame"
_HASH = "$5$doorward$DgG8z6BkNFQs4SUIAkgWAcZYRl3yt444zfU5LenEAE."
"""Of it: `openssl passwd -5 -salt doorward`."""

NOBODY = 65534
"""Whose files the servers make: neither of them works as root."""

PATIENT = Deadlines(connect_seconds=30, tls_seconds=30, reply_seconds=30, data_seconds=30, total_seconds=300)
"""For servers that answer, on a machine that is busy."""

needs_vsftpd = pytest.mark.needs_program("vsftpd", package="vsftpd")
needs_proftpd = pytest.mark.needs_program("proftpd", package="proftpd-core proftpd-mod-crypto")
needs_pureftpd = pytest.mark.needs_program("pure-ftpd", package="pure-ftpd pure-ftpd-common")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start these servers")


@dataclass(frozen=True, slots=True)
class RealServer:
    """
    A server that runs.

    Attributes:
        server: to be logged in at, in the way it is set up for.
        folder: on this machine, the one that is called `inside` there; everybody may write to it.
        inside: its path at the server.
        log: what it says of TLS and of logins.
        process: its own, and of what it started.
    """

    server: FtpServer
    folder: Path
    inside: str
    log: Path
    process: ServerProcess


@contextmanager
def certified_folder() -> Iterator[tuple[Path, Written]]:
    """Yield a folder that every user may enter, and a certificate of the kind that vsftpd takes."""
    with tempfile.TemporaryDirectory(prefix="doorward-ftp-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "root").mkdir(mode=0o755)
        (folder / "root" / "in").mkdir()
        (folder / "root" / "in").chmod(0o777)
        names = ("localhost", LOCALHOST, IN_BETWEEN, "::1")  # what stands in between is vouched for as well
        made = make_certificate("localhost", names=names, private_key=_rsa_key())
        yield folder, made.written(folder)


@contextmanager
def vsftpd_running(
    security: Security, *options: str, host: str = LOCALHOST, tls: str = ""
) -> Iterator[RealServer]:
    """Yield one that takes guests and lets them write; with TLS, it insists on it and on resumed sessions."""
    with certified_folder() as (folder, certificate):
        port, log = _free_port(host), folder / "log"
        listen, address = ("listen_ipv6", "listen_address6") if ":" in host else ("listen", "listen_address")
        (folder / "empty").mkdir()
        lines = [
            *(f"{listen}=YES", f"{address}={host}", f"listen_port={port}", "background=NO"),
            *("anonymous_enable=YES", "local_enable=NO", "write_enable=YES", f"anon_root={folder}/root"),
            *("anon_upload_enable=YES", "anon_mkdir_write_enable=YES", "anon_other_write_enable=YES"),
            *("anon_world_readable_only=NO", "anon_umask=022", f"secure_chroot_dir={folder}/empty"),
            # a kernel newer than its list of system calls would kill it
            *("seccomp_sandbox=NO", f"vsftpd_log_file={log}", "log_ftp_protocol=YES", "xferlog_enable=YES"),
            *options,
        ]
        if security is not Security.NONE:
            lines += [
                *("ssl_enable=YES", "allow_anon_ssl=YES", "require_ssl_reuse=YES", "ssl_ciphers=HIGH"),
                *("force_anon_data_ssl=YES", "force_anon_logins_ssl=YES"),
                *(f"rsa_cert_file={certificate.file}", f"rsa_private_key_file={certificate.key}"),
                f"implicit_ssl={'YES' if security is Security.IMPLICIT else 'NO'}",
            ]
        config = folder / "vsftpd.conf"
        config.write_text("\n".join(lines) + "\n")
        server = _server(host, port, security, certificate)
        with _running([program("vsftpd"), str(config)], server, log, tls=tls) as process:
            yield RealServer(server, folder / "root" / "in", "/in", log, process)


@contextmanager
def proftpd_running(
    security: Security, *options: str, host: str = LOCALHOST, tls: str = ""
) -> Iterator[RealServer]:
    """Yield one with the user `alice`, who has a password; with TLS, it insists on that and on resumption."""
    with certified_folder() as (folder, certificate):
        port, log, server_program = _free_port(host), folder / "log", program("proftpd")
        users = folder / "users"
        users.touch(mode=0o600)
        users.write_text(f"alice:{_HASH}:{NOBODY}:{NOBODY}::{folder}/root:/bin/sh\n")
        lines = [
            # beside the program, where it was unpacked somewhere
            f"ModulePath {Path(server_program).resolve().parents[1]}/lib/proftpd",
            *("LoadModule mod_tls.c", "ServerType standalone", "ServerName test", f"Port {port}"),
            f"UseIPv6 {'on' if ':' in host else 'off'}",
            *(f"DefaultAddress {host}", "SocketBindTight on", "UseReverseDNS off"),
            *("User nobody", "Group nogroup", f"PidFile {folder}/pid", "ScoreboardFile none"),
            *("WtmpLog off", "TransferLog none", "SystemLog none", "DelayEngine off"),
            *("AuthOrder mod_auth_file.c", f"AuthUserFile {users}", "RequireValidShell off"),
            *("AllowOverwrite on", "AllowStoreRestart on", "AllowRetrieveRestart on", "DefaultRoot ~"),
            *options,
        ]
        if security is not Security.NONE:
            lines += [
                *(
                    "TLSEngine on",
                    "TLSRequired on",
                    f"TLSLog {log}",
                    f"TLSProtocol {tls or 'TLSv1.2 TLSv1.3'}",
                ),
                f"TLSRSACertificateFile {certificate.file}",
                f"TLSRSACertificateKeyFile {certificate.key}",
            ]
        config = folder / "proftpd.conf"
        config.write_text("\n".join(lines) + "\n")
        server = replace(_server(host, port, security, certificate), user="alice", password=Secret(PASSWORD))
        with _running([server_program, "-n", "-c", str(config)], server, folder / "said", tls=tls) as process:
            yield RealServer(server, folder / "root" / "in", "/in", log, process)


@contextmanager
def pureftpd_running(
    security: Security, *options: str, host: str = LOCALHOST, tls: str = ""
) -> Iterator[RealServer]:
    """Yield one with the user `alice`, who has a password; with TLS, it insists on that, by `AUTH TLS`."""
    with certified_folder() as (folder, certificate):
        port, users = _free_port(host), folder / "users"
        users.touch(mode=0o600)
        home = f"{folder}/root/./"  # the dot is where its root is
        users.write_text(f"alice:{_HASH}:{NOBODY}:{NOBODY}::{home}{':' * 12}\n")
        subprocess.run([program("pure-pw"), "mkdb", str(folder / "users.pdb"), "-f", str(users)], check=True)
        both = folder / "both.pem"
        both.touch(mode=0o600)
        both.write_bytes(certificate.key.read_bytes() + certificate.file.read_bytes())
        words = [
            *(program("pure-ftpd"), "--bind", f"{host},{port}", "--login", f"puredb:{folder}/users.pdb"),
            *("--noanonymous", "--dontresolve", "--umask", "022:022", "--minuid", "1"),
            *("--pidfile", f"{folder}/pid", "--chrooteveryone", *options),
        ]
        if security is not Security.NONE:
            words += ["--tls", "3", "--certfile", str(both)]
        server = replace(_server(host, port, security, certificate), user="alice", password=Secret(PASSWORD))
        with _running(words, server, folder / "log", tls=tls) as process:
            yield RealServer(server, folder / "root" / "in", "/in", folder / "log", process)


@contextmanager
def pyftpdlib_running(
    security: Security, *options: str, host: str = LOCALHOST, tls: str = ""
) -> Iterator[RealServer]:
    """Yield one with the user `alice`, who has a password; no TLS. To each of `options` it answers 451."""
    assert security is Security.NONE
    assert not tls
    with certified_folder() as (folder, certificate):
        port = _free_port(host)
        words = [sys.executable, "-m", "tests.clients.ftp.pyftpdlib_server", host, str(port)]
        server = replace(_server(host, port, security, certificate), user="alice", password=Secret(PASSWORD))
        with _running([*words, f"{folder}/root", PASSWORD, *options], server, folder / "log") as process:
            yield RealServer(server, folder / "root" / "in", "/in", folder / "log", process)


@functools.cache
def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _server(host: str, port: int, security: Security, certificate: Written) -> FtpServer:
    trust = Trust(authorities=certificate.file)
    return FtpServer(host=host, port=port, security=security, trust=trust, deadlines=PATIENT)


def program(name: str) -> str:
    """The path of a server, or of a program that comes with one."""
    # both are started for each connection anew, and so want their whole path
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        # what comes with a server, where that was unpacked somewhere
        places = (shutil.which(each) for each in ("pure-ftpd", "proftpd"))
        roots = [Path(place).resolve().parents[1] for place in places if place]
        bins = [str(root / each) for root in roots for each in ("bin", "sbin")]
        found = shutil.which(name, path=":".join(bins))
    assert found is not None
    return found


@contextmanager
def _running(words: list[str], server: FtpServer, log: Path, *, tls: str = "") -> Iterator[ServerProcess]:
    """Yield its process; `tls` is the only version that it speaks, as OpenSSL calls it, or empty for any."""
    folder = log.parent
    environment: dict[str, str] = {}
    if tls:
        (folder / "openssl.cnf").write_text(
            "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = only\n"
            f"[only]\nMinProtocol = {tls}\nMaxProtocol = {tls}\n"
        )
        environment["OPENSSL_CONF"] = str(folder / "openssl.cnf")
    process = ServerProcess(
        words, output=folder / "output", is_open=lambda: _is_open(server), environment=environment
    )
    try:
        yield process
    finally:
        process.end()


def _is_open(server: FtpServer) -> bool:
    try:
        socket.create_connection((server.host, server.port), timeout=OPEN_SECONDS).close()
    except ConnectionRefusedError:
        return False
    return True


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as free:
        free.bind((host, 0))
        port: int = free.getsockname()[1]
        return port
