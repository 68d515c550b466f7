"""Folders at paths of a daemon's web door."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import argon2
import pytest

from tests.daemon import RunningDaemon, StartDaemon

pytestmark = pytest.mark.needs_program("curl", package="curl")

CONFIGURATION = """
[doors.unix]
[doors.web]
listen = ["127.0.0.1:0"]
[doors.web.files]
"/pub" = {{ root = "{root}", public = true }}
"/pub/inner" = {{ root = "{root}/sub", public = true, trusted = true, listing = false }}
"/own" = "{root}"
"/ops" = {{ root = "{root}", roles = ["operator"] }}
[users.alice]
password = "{password}"
[users.olga]
password = "{password}"
roles = ["operator"]
[limits.penalties]
exempt = ["127.0.0.0/8"]
"""

Ask = Callable[..., str]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("here it is\n")
    (folder / "page.html").write_text("<p>page</p>\n")
    (folder / "sub" / "page.html").write_text("<p>inner</p>\n")
    (tmp_path / "secret").write_text("secret\n")
    return folder


@pytest.fixture
def daemon(start_daemon: StartDaemon, root: Path) -> RunningDaemon:
    password = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("sesame")
    return start_daemon(CONFIGURATION.format(root=root, password=password))


@pytest.fixture
def ask(daemon: RunningDaemon) -> Ask:
    def ask(path: str, *options: str) -> str:
        url = f"http://{daemon.doors['web'][0]}{path}"
        argv = ["curl", "-s", "--path-as-is", "--max-time", "20", *options, url]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    return ask


def status(ask: Ask, path: str, *options: str) -> str:
    return ask(path, "-o", "/dev/null", "-w", "%{http_code}", *options)


def test_who_may_see_a_folder_sees_it(ask: Ask) -> None:
    for path, options, expected in (
        ("/pub/a.txt", (), "200"),
        ("/own/a.txt", (), "401"),
        ("/own/a.txt", ("-u", "alice:sesame"), "200"),
        ("/own/a.txt", ("-u", "alice:wrong"), "401"),
        ("/ops/a.txt", ("-u", "alice:sesame"), "404"),
        ("/ops/a.txt", ("-u", "olga:sesame"), "200"),
        ("/pub/../secret", (), "404"),
        ("/pub/%2e%2e/secret", (), "404"),
        ("/public", (), "401"),
        ("/pub/nothing", (), "404"),
    ):
        assert status(ask, path, *options) == expected, path


def test_a_mount_is_moved_to_with_its_slash_and_listed(ask: Ask) -> None:
    assert "Location: ./pub/\n" in ask("/pub", "-i")
    lines = ask("/pub/").splitlines()
    assert [line.split("  ")[-1] for line in lines] == ["sub/", "a.txt", "page.html"]
    assert status(ask, "/pub/inner/") == "404"


def test_the_inner_of_two_folders_answers_and_only_what_is_trusted_is_no_sandbox(ask: Ask) -> None:
    assert ask("/pub/inner/page.html") == "<p>inner</p>\n"
    assert "Content-Security-Policy: sandbox\n" in ask("/pub/page.html", "-i")
    assert "Content-Security-Policy" not in ask("/pub/inner/page.html", "-i")


def test_what_needs_a_login_is_kept_by_no_cache_of_many(ask: Ask) -> None:
    assert "Cache-Control: private, no-cache\n" in ask("/own/a.txt", "-i", "-u", "alice:sesame")
    assert "Cache-Control: no-cache\n" in ask("/pub/a.txt", "-i")


def test_a_reload_shows_other_folders(daemon: RunningDaemon, ask: Ask, tmp_path: Path) -> None:
    assert ask("/pub/a.txt") == "here it is\n"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text("another\n")
    file = tmp_path / "doorward0.toml"
    file.write_text(file.read_text().replace(f'"/own" = "{tmp_path}/root"', f'"/own" = "{tmp_path}/other"'))
    assert daemon.shell.run("ask", "reload").returncode == 0
    assert ask("/own/a.txt", "-u", "alice:sesame") == "another\n"
    assert ask("/pub/a.txt") == "here it is\n"
