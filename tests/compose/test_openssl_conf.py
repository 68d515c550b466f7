"""The configuration of OpenSSL that the unit names, with the library that Python has."""

import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

FILE = str(files("doorward.compose").joinpath("openssl.cnf"))

SERVER = """
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
with socket.create_server(("127.0.0.1", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    for _ in range(int(sys.argv[2])):
        peer, _ = listener.accept()
        try:
            context.wrap_socket(peer, server_side=True).close()
        except (ssl.SSLError, OSError):
            peer.close()
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 1"
    subprocess.run(
        [*words.split(), "-keyout", f"{file}.key", "-out", str(file)], check=True, capture_output=True
    )
    file.write_text(file.read_text() + Path(f"{file}.key").read_text())
    return file


def shakes_hands(port: str, *options: str) -> bool:
    """Whether a foreign client comes to terms with the server."""
    words = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *options]
    run = subprocess.run(words, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=20)
    return b"Verification" in run.stdout and b"Cipher is (NONE)" not in run.stdout


@pytest.mark.needs_program("openssl", package="openssl")
def test_a_server_of_pythons_offers_these_groups_and_protocols_only(certificate: Path) -> None:
    offers = {
        ("-groups", "X25519"): True,
        ("-groups", "P-256"): True,
        ("-groups", "P-384"): True,
        ("-groups", "P-521"): False,
        ("-groups", "X448"): False,
        ("-tls1_2",): True,
        ("-tls1_3",): True,
        ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"): False,
    }
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(certificate), str(len(offers))],
        env={**os.environ, "OPENSSL_CONF": FILE},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        assert {options: shakes_hands(port, *options) for options in offers} == offers
    finally:
        server.kill()
        server.communicate()
