"""What a daemon that is started plainly tells OpenSSL."""

import subprocess

import pytest

from doorward.cli.openssl import openssl_configuration, use_own_openssl_configuration
from doorward.stores.state import read_doors
from tests.daemon import StartDaemon


def restart_of(environment: dict[str, str], *loaded: str) -> bool:
    """Whether the process began anew."""
    restarts: list[str] = []
    use_own_openssl_configuration(environment, loaded=loaded, restart=lambda: restarts.append("again"))
    return bool(restarts)


def test_a_file_that_somebody_named_counts() -> None:
    environment = {"OPENSSL_CONF": "/etc/other.cnf"}
    assert not restart_of(environment, "_ssl")
    assert environment == {"OPENSSL_CONF": "/etc/other.cnf"}


def test_otherwise_ours_does_and_it_is_there() -> None:
    environment: dict[str, str] = {}
    assert not restart_of(environment, "os", "sys")
    assert environment == {"OPENSSL_CONF": str(openssl_configuration())}
    assert "Groups = X25519:P-256:P-384" in openssl_configuration().read_text()


@pytest.mark.parametrize("module", ["_ssl", "_hashlib"])
def test_where_openssl_is_loaded_already_the_process_begins_anew_and_only_once(module: str) -> None:
    environment: dict[str, str] = {}
    assert restart_of(environment, module)
    assert not restart_of(environment, module)


@pytest.mark.needs_program("openssl", package="openssl")
@pytest.mark.parametrize(
    ("options", "is_served"),
    [
        (("-tls1_3", "-groups", "X25519"), True),
        (("-tls1_3", "-groups", "P-384"), True),
        (("-groups", "P-521"), False),
        (("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), False),
        (("-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA"), False),
    ],
)
def test_a_daemon_started_by_hand_serves_mozilla_s_profile(
    start_daemon: StartDaemon, options: tuple[str, ...], *, is_served: bool
) -> None:
    daemon = start_daemon('[doors.tls]\nlisten = ["127.0.0.1:0"]\n[doors.unix]\n')
    words = ["openssl", "s_client", "-connect", read_doors(daemon.state)["tls"][0], *options]
    heard = subprocess.run(words, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=20)
    assert (b"Verification" in heard.stdout and b"Cipher is (NONE)" not in heard.stdout) is is_served
