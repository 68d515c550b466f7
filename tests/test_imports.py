"""What an import costs, and what the root of the package hands out."""

import os
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

import doorward
from tests.daemon import DOORS, StartDaemon

HEAVY = (
    "aiohttp",
    "argon2",
    "asyncio",
    "click",
    "cryptography",
    "msgspec",
    "rich",
    "sqlite3",
    "ssl",
    "uvloop",
)

TLS = '[doors.tls]\nlisten = ["127.0.0.1:0"]\n'


def modules_after(statement: str) -> set[str]:
    """Run a statement in a fresh interpreter and list what is imported then."""
    code = f"{statement}\nimport sys\nprint(*sorted(sys.modules), sep='\\n')"
    measured_by_nobody = {
        name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")
    }
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=measured_by_nobody
    )
    return set(run.stdout.split())


def test_importing_doorward_loads_nothing_heavy() -> None:
    loaded = modules_after("import doorward")
    assert "doorward" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_asking_brings_no_tls_along_for_who_needs_none() -> None:
    loaded = modules_after("import doorward.cli.ask, doorward.cli.daemon, doorward.clients.lines.reaching")
    assert "doorward.clients._trust" in loaded
    assert loaded.isdisjoint({"ssl", "aiohttp", "asyncio", "cryptography", "doorward.lines.tls"})


def test_the_libraries_of_a_door_come_only_where_there_is_one() -> None:
    loaded = modules_after("import doorward.compose, doorward.compose.daemon")
    assert "doorward.doors.line" in loaded
    assert loaded.isdisjoint({"aiohttp", "asyncssh", "jinja2", "prometheus_client", "prompt_toolkit"})


def test_a_daemon_without_mail_brings_in_nothing_that_keeps_or_sends_any() -> None:
    loaded = modules_after("import doorward.compose, doorward.compose.daemon")
    assert "doorward.compose.mail_watch" in loaded
    assert loaded.isdisjoint({"aiosmtplib", "aiosmtpd", "email.message", "smtplib", "sqlite3"})


def test_a_folder_that_is_shown_brings_no_daemon_along() -> None:
    loaded = modules_after("import doorward.compose.files")
    assert "doorward.doors.web.files.alone" in loaded
    assert loaded.isdisjoint({"asyncssh", "doorward.compose.daemon", "doorward.processes.spawner"})


def test_what_is_known_of_vulnerabilities_comes_only_when_somebody_asks() -> None:
    loaded = modules_after("import doorward.compose, doorward.compose.daemon")
    assert "doorward.compose.cve_answers" in loaded
    assert loaded.isdisjoint({"sqlite3", "doorward.errands.cve", "doorward.stores.vulnerabilities"})


def test_a_list_of_vulnerabilities_brings_in_nothing_that_goes_for_them() -> None:
    loaded = modules_after(
        "from doorward.cli.root import run\n"
        "import doorward.compose.installed, doorward.stores.vulnerabilities\n"
        "import sys\nsys.stdout = open('/dev/null', 'w')\n"
        "run(['cve', 'list', '--state', '/nonexistent'])\nsys.stdout = sys.__stdout__"
    )
    assert "doorward.errands.cve.texts" in loaded
    assert loaded.isdisjoint({"aiohttp", "cryptography", "rich", "uvloop", "doorward.errands.cve.sources"})


def test_a_conversation_by_a_script_brings_no_editor_and_nothing_that_reads_certificates() -> None:
    loaded = modules_after("import doorward.cli.talk_running, doorward.compose.talk_calls")
    assert "doorward.clients.talk.session" in loaded
    assert loaded.isdisjoint({"aiohttp", "cryptography", "msgspec", "prompt_toolkit", "rich", "sqlite3"})


def test_what_reads_certificates_comes_only_when_one_is_read() -> None:
    loaded = modules_after(
        "import doorward.cli.check, doorward.cli.serve, doorward.cli.trusting, doorward.cli.user\n"
        "import doorward.compose.daemon, doorward.config.user_certificates"
    )
    assert "doorward.stores.certificate_reading" in loaded
    assert "cryptography" not in loaded


def test_help_brings_no_cryptography_along() -> None:
    loaded = modules_after(
        "import contextlib, sys\nfrom doorward.cli import main\nsys.argv = ['doorward', '--help']\n"
        "with contextlib.suppress(SystemExit):\n    main()"
    )
    assert "click" in loaded
    assert "cryptography" not in loaded


@pytest.mark.parametrize(("doors", "reads"), [(DOORS, False), (DOORS + TLS, True)])
def test_a_daemon_holds_cryptography_only_for_a_tls_door(
    start_daemon: StartDaemon, doors: str, *, reads: bool
) -> None:
    mapped = Path(f"/proc/{start_daemon(doors).process.pid}/maps").read_text()
    assert ("/cryptography/" in mapped) is reads


def test_importing_doorward_loads_none_of_its_rooms() -> None:
    assert {name for name in modules_after("import doorward") if name.startswith("doorward.")} == set()


def test_each_public_name_comes_from_its_module() -> None:
    for name, module in doorward._MODULES.items():
        assert getattr(doorward, name) is getattr(import_module(module), name)
        assert name in dir(doorward)


def test_a_name_is_imported_when_it_is_first_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doorward._MODULES, "PurePosixPath", "pathlib")
    assert "PurePosixPath" in dir(doorward)
    assert "PurePosixPath" not in vars(doorward)
    found = doorward.__getattr__("PurePosixPath")
    monkeypatch.delitem(vars(doorward), "PurePosixPath")
    assert found is import_module("pathlib").PurePosixPath


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'doorward' has no attribute 'wardrobe'"):
        doorward.__getattr__("wardrobe")


def test_the_version_is_the_one_that_is_installed() -> None:
    assert doorward.__version__ == version("doorward")


def test_the_package_says_that_it_is_typed() -> None:
    assert Path(doorward.__file__).with_name("py.typed").is_file()
