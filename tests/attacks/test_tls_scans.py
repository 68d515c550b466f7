"""Scanners that know every weakness of TLS look the door over, as it is started by the command line."""

import json
import re
import subprocess
import venv
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.daemon import StartDaemon

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements" / "scan.txt"
BUILDER = "setuptools"
SCAN_SECONDS = 600

CONFIG = """
[doors.unix]
[doors.tls]
listen = ["127.0.0.1:0"]
certificate = "{certificate}"
key = "{key}"
[limits]
early_refusals_from = 1000
not_logged_in = 1000
[limits.penalties]
exempt = ["127.0.0.1"]
"""


@pytest.fixture(scope="session")
def scanner(pytestconfig: pytest.Config) -> Path:
    """A Python that has `sslyze`, made once for each lock: it wants other versions than we run on."""
    lock = LOCK.read_text()
    folder = Path(pytestconfig.cache.mkdir("scanner"))
    made_of = folder / "made-of.txt"
    if not made_of.exists() or made_of.read_text() != lock:
        venv.create(folder, clear=True, with_pip=True)
        # what comes as source only is built with what the lock says, so that goes first
        builder = folder / "builder.txt"
        builder.write_text(block_of(BUILDER, lock))
        install(folder, "--requirement", str(builder))
        install(folder, "--no-build-isolation", "--requirement", str(LOCK))
        made_of.write_text(lock)
    return folder / "bin" / "python"


def block_of(package: str, lock: str) -> str:
    """The lines of one package in a lock, with its hashes."""
    found = re.search(rf"^{package}==.*(?:\n    --hash.*)+", lock, re.MULTILINE)
    assert found is not None
    return found[0] + "\n"


def install(folder: Path, *words: str) -> None:
    command = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
    done = scan(*command, "--quiet", "--no-deps", "--require-hashes", *words)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def door(start_daemon: StartDaemon, root: Authority, tmp_path: Path) -> str:
    """The port of a tls door that nothing but the command line set up; its certificate is vouched for."""
    made = root.issue(tmp_path / "certificate", "localhost", "127.0.0.1")
    daemon = start_daemon(CONFIG.format(certificate=made.file, key=made.key))
    return daemon.doors["tls"][0].rpartition(":")[2]


def scan(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        capture_output=True,
        text=True,
        timeout=SCAN_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.needs_program("openssl", package="openssl")
def test_sslyze_finds_it_compliant_with_the_intermediate_profile(
    scanner: Path, door: str, root: Authority
) -> None:
    words = (
        "--mozilla_config=intermediate",
        f"--certinfo_ca_file={root.file}",
        f"localhost:{door}{{127.0.0.1}}",
    )
    done = scan(str(scanner), "-m", "sslyze", *words)
    said = done.stdout[-3000:]
    assert done.returncode == 0, said + done.stderr[-1000:]
    assert "OK - Compliant" in said, said


@pytest.mark.needs_program("openssl", package="openssl")
@pytest.mark.needs_program("testssl", package="testssl.sh")
def test_testssl_finds_nothing_of_medium_weight(door: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = scan(
        *("testssl", "--quiet", "--color", "0", "--warnings", "off", "--jsonfile", str(report)),
        f"127.0.0.1:{door}",
    )
    findings = json.loads(report.read_text())
    assert len(findings) > 50, done.stdout[-2000:]
    told = {each["id"]: each["severity"] for each in findings if not BESIDE.match(each["id"])}
    assert {name: severity for name, severity in told.items() if severity in BAD} == {}
    # it did look
    assert told["TLS1_2"] == told["TLS1_3"] == told["heartbleed"] == "OK"


BAD = frozenset({"MEDIUM", "HIGH", "CRITICAL", "WARN"})

BESIDE = re.compile(r"cert_|DNS_|HTTP_|cipher_order$|overall_grade|grade_cap|engine_|scanTime")
"""
What a throwaway certificate has not, what a door without HTTP has not, and the order of ciphers: the profile
leaves the choice to the client, who knows whether it has AES in its processor.
"""
