"""Folders at paths."""

import pytest

from doorward.core.mounts import OWN_PATHS, Mount, path_problem
from doorward.core.principal import ADMIN, Login, Principal

ALICE = Principal("alice", frozenset({"guest"}), Login.PASSWORD)
OLGA = Principal("olga", frozenset({"guest", "operator"}), Login.PASSWORD)
ROOT = Principal("admin", frozenset({"guest", ADMIN}), Login.PASSWORD)


@pytest.mark.parametrize("path", ["/pub", "/pub/docs", "/a.b_c~d-1", "/_x"])
def test_a_path_of_plain_names_is_one(path: str) -> None:
    assert path_problem(path) == ""


@pytest.mark.parametrize(
    "path", ["", "/", "pub", "/pub/", "//pub", "/..", "/.a", "/a/../b", "/a b", "/%61", "/é"]
)
def test_what_is_no_path_is_told(path: str) -> None:
    assert path_problem(path) == "this is no path for a folder"


@pytest.mark.parametrize("name", sorted(OWN_PATHS))
def test_what_the_door_has_itself_cannot_be_covered(name: str) -> None:
    assert path_problem(f"/{name}")
    assert path_problem(f"/{name}/below")


def test_a_mount_has_what_is_below_its_path() -> None:
    mount = Mount(path="/pub", root="/srv")
    rests = [mount.rest_of(path) for path in ("/pub", "/pub/", "/pub/a", "/public", "/", "/x/pub")]
    assert rests == ["", "/", "/a", None, None, None]
    assert Mount(path="", root="/srv").rest_of("/a") == "/a"


@pytest.mark.parametrize(
    ("mount", "seen_by"),
    [
        (Mount(path="/a", root="/"), [ALICE, OLGA, ROOT]),
        (Mount(path="/a", root="/", is_public=True), [None, ALICE, OLGA, ROOT]),
        (Mount(path="/a", root="/", roles=frozenset({"operator"})), [OLGA, ROOT]),
    ],
)
def test_who_may_see_it(mount: Mount, seen_by: list[Principal | None]) -> None:
    assert [each for each in (None, ALICE, OLGA, ROOT) if mount.is_seen_by(each)] == seen_by
