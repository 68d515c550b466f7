"""Where the state and the socket stand, and where clients look."""

import os
from pathlib import Path

import pytest

from doorward.core.addresses import SOCKET_PATH_BYTES
from doorward.core.errors import StateError
from doorward.stores.places import StatePlace, ask_places, socket_path, state_place

HOME = {"HOME": "/home/alice"}


def test_the_option_comes_before_all() -> None:
    place = state_place("/srv/doorward", {**HOME, "STATE_DIRECTORY": "/var/lib/doorward"})
    assert place == StatePlace(Path("/srv/doorward"), is_explicit=True)


def test_a_relative_option_is_below_the_working_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert state_place(".doorward", HOME).folder == tmp_path / ".doorward"


def test_of_systemd_s_list_the_first_counts() -> None:
    place = state_place(None, {**HOME, "STATE_DIRECTORY": "/var/lib/one:/var/lib/two"})
    assert place == StatePlace(Path("/var/lib/one"), is_explicit=False)


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        (HOME, "/home/alice/.local/state/doorward"),
        ({**HOME, "XDG_STATE_HOME": "/data"}, "/data/doorward"),
        ({**HOME, "XDG_STATE_HOME": "relative"}, "/home/alice/.local/state/doorward"),
        ({**HOME, "XDG_STATE_HOME": ""}, "/home/alice/.local/state/doorward"),
        ({**HOME, "STATE_DIRECTORY": ""}, "/home/alice/.local/state/doorward"),
    ],
)
def test_otherwise_it_is_the_xdg_folder(environment: dict[str, str], folder: str) -> None:
    assert state_place(None, environment) == StatePlace(Path(folder), is_explicit=False)


@pytest.mark.parametrize("environment", [{}, {"HOME": ""}, {"HOME": "relative"}])
def test_without_a_home_an_error_says_what_to_give(environment: dict[str, str]) -> None:
    with pytest.raises(StateError, match="--state"):
        state_place(None, environment)


NAMED = StatePlace(Path("/srv/state"), is_explicit=True)
USUAL = StatePlace(Path("/srv/state"), is_explicit=False)


@pytest.mark.parametrize(
    ("place", "environment", "path"),
    [
        (NAMED, {"RUNTIME_DIRECTORY": "/run/doorward"}, "/srv/state/doorward.sock"),
        (USUAL, {"RUNTIME_DIRECTORY": "/run/doorward:/run/x"}, "/run/doorward/doorward.sock"),
        (USUAL, {"XDG_RUNTIME_DIR": "/run/user/1000"}, "/run/user/1000/doorward/doorward.sock"),
        (USUAL, {"XDG_RUNTIME_DIR": "relative"}, "/srv/state/doorward.sock"),
        (USUAL, {}, "/srv/state/doorward.sock"),
    ],
)
def test_the_socket_stands_where_the_design_says(
    place: StatePlace, environment: dict[str, str], path: str
) -> None:
    assert socket_path(place, environment, uid=1000) == Path(path)


@pytest.mark.parametrize(
    ("place", "environment", "path"),
    [
        (NAMED, {}, "/srv/state/doorward.sock"),
        (USUAL, {"RUNTIME_DIRECTORY": "/run/other"}, "/run/other/doorward.sock"),
        (USUAL, {"XDG_RUNTIME_DIR": "/run/user/0"}, "/run/user/0/doorward/doorward.sock"),
        (USUAL, {}, "/run/doorward/doorward.sock"),
    ],
)
def test_root_s_socket_stands_where_others_can_enter_unless_a_folder_is_named(
    place: StatePlace, environment: dict[str, str], path: str
) -> None:
    assert socket_path(place, environment, uid=0) == Path(path)


def test_a_path_of_107_bytes_fits_and_a_longer_one_is_an_error_with_its_length() -> None:
    room_bytes = SOCKET_PATH_BYTES - len("/doorward.sock")
    longest = StatePlace(Path("/" + "é" * ((room_bytes - 1) // 2)), is_explicit=True)
    assert len(os.fsencode(socket_path(longest, {}))) in {SOCKET_PATH_BYTES, SOCKET_PATH_BYTES - 1}
    with pytest.raises(
        StateError, match=r"has 108 bytes, and at most 107 fit: /x+/doorward\.sock; name .*--state"
    ):
        socket_path(StatePlace(Path("/" + "x" * room_bytes), is_explicit=True), {})


def test_a_client_looks_in_the_order_of_the_design(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    places = ask_places(at=None, named=None, environment={**HOME, "XDG_RUNTIME_DIR": "/run/user/1000"})
    assert [place.url for place in places] == [
        f"unix://{tmp_path}/.doorward/doorward.sock",
        "unix:///run/user/1000/doorward/doorward.sock",
        "unix:///home/alice/.local/state/doorward/doorward.sock",
        "unix:///run/doorward/doorward.sock",
    ]


def test_only_the_folder_that_came_by_its_place_has_to_be_trusted() -> None:
    places = ask_places(at=None, named=None, environment=HOME)
    assert [place.folder_to_trust for place in places if place.folder_to_trust] == [Path.cwd() / ".doorward"]


@pytest.mark.parametrize(
    ("at", "named", "environment", "url"),
    [
        ("tcp://[::1]:7022", "/srv", {"DOORWARD_AT": "tls://b:1"}, "tcp://[::1]:7022"),
        (None, "/srv", {"DOORWARD_AT": "tls://b:1"}, "tls://b:1"),
        (None, "/srv", {"DOORWARD_AT": ""}, "unix:///srv/doorward.sock"),
    ],
)
def test_a_place_that_somebody_named_stands_alone(
    at: str | None, named: str | None, environment: dict[str, str], url: str
) -> None:
    assert [place.url for place in ask_places(at=at, named=named, environment=environment)] == [url]
