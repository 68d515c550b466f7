"""`doorward models list` and `doorward models serve`."""

import json
import re
import signal
import socket
import subprocess
import sys

import pytest

from doorward.models import NAMES
from tests.daemon import Shell


def test_every_model_says_how_it_waits_what_it_costs_and_when_to_take_it(shell: Shell) -> None:
    run = shell.run("models", "list", "--json")
    assert run.returncode == 0, run.stderr
    about = json.loads(run.stdout)
    assert tuple(each["name"] for each in about) == NAMES
    assert all(each["waits"] and each["costs"] and each["take_when"] for each in about)
    text = shell.run("models", "list").stdout
    assert all(each["waits"] in text for each in about)


def test_a_model_without_its_package_is_listed_with_the_way_to_install_it(shell: Shell) -> None:
    (shell.folder / "twisted.py").write_text("raise ImportError('not here')\n")
    code = (
        f"import sys; sys.path.insert(0, {str(shell.folder)!r})\n"
        "from doorward.cli.root import run\n"
        "sys.exit(run(sys.argv[1:]))"
    )
    words = [sys.executable, "-c", code, "models"]
    listed = subprocess.run([*words, "list"], capture_output=True, text=True, check=True)
    assert "pip install 'doorward[models]'" in listed.stdout
    served = subprocess.run([*words, "serve", "twisted"], capture_output=True, text=True, check=False)
    assert (served.returncode, served.stdout) == (1, "")
    assert served.stderr == (
        "doorward: the model twisted needs Twisted, which is not installed: pip install 'doorward[models]'\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", ["select", "uvloop"])
def test_a_model_serves_until_a_signal_comes(shell: Shell, name: str, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "doorward", "models", "serve", name], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        found = re.fullmatch(
            rf"{name} listens on 127\.0\.0\.1:(\d+); ask it with: nc 127\.0\.0\.1 \1\n", line
        )
        assert found, line
        with socket.create_connection(("127.0.0.1", int(found[1]))) as peer:
            assert peer.recv(100) == b"What can I do for you?\n"
            server.send_signal(number)
            assert server.wait(10) == 0


def test_models_stay_on_loopback_and_a_wrong_name_has_a_near_one(shell: Shell) -> None:
    refused = shell.run("models", "serve", "select", "--listen", "0.0.0.0:0")
    assert refused.returncode == 1
    assert "stays on 127.0.0.0/8" in refused.stderr
    wrong = shell.run("models", "serve", "selekt")
    assert wrong.returncode == 2
    assert "did you mean select?" in wrong.stderr
    for listen in ("127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000"):
        assert shell.run("models", "serve", "select", "--listen", listen).returncode == 2
