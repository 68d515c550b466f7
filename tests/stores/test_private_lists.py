"""A list of the state: private, whole, changed by one at a time; what users and tokens ask of it too."""

import json
import os
import stat
from pathlib import Path

import pytest

from doorward.core.errors import StateError, TrustError
from doorward.stores.private_lists import PrivateList, texts


@pytest.fixture
def things(tmp_path: Path) -> PrivateList:
    return PrivateList(tmp_path / "things.json", noun="things")


def test_what_is_put_there_is_read_and_the_noun_is_its_name_in_the_file(things: PrivateList) -> None:
    assert [*things.read()] == []
    with things.changing():
        things.replace([{"a": 1}, "ü"])
    assert [*things.read()] == [{"a": 1}, "ü"]
    assert json.loads(things.path.read_bytes()) == {"version": 1, "things": [{"a": 1}, "ü"]}
    assert stat.S_IMODE(things.path.stat().st_mode) == 0o600
    assert sorted(os.listdir(things.path.parent)) == ["things.json", "things.lock"]


def test_more_than_can_be_read_is_not_written(things: PrivateList) -> None:
    with things.changing():
        things.replace(["old"])
        with pytest.raises(StateError, match=r"things\.json would have more than 4194304 bytes"):
            things.replace(["x" * 4 * 1024 * 1024])
    assert [*things.read()] == ["old"]
    assert sorted(os.listdir(things.path.parent)) == ["things.json", "things.lock"]


def test_the_largest_that_is_written_is_read(things: PrivateList) -> None:
    around = len(json.dumps({"version": 1, "things": [""]}, indent=2)) + 1
    with things.changing():
        things.replace(["x" * (4 * 1024 * 1024 - around)])
    assert things.path.stat().st_size == 4 * 1024 * 1024
    assert len(things.read()) == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "is no JSON; restore it from a backup, or remove it and add the things anew"),
        (b'{"version": 2, "things": []}', "is not a file of things, or was written by a later version"),
        (b'{"version": 1, "others": []}', "does not hold a list of things"),
    ],
)
def test_what_is_no_such_list_is_told_by_its_noun(things: PrivateList, data: bytes, said: str) -> None:
    things.path.write_bytes(data)
    things.path.chmod(0o600)
    with pytest.raises(StateError, match=said):
        things.read()


def test_what_others_can_read_is_not_trusted(things: PrivateList) -> None:
    with things.changing():
        things.replace([])
    things.path.chmod(0o640)
    with pytest.raises(TrustError, match=r"chmod 600 .*things\.json"):
        things.read()


@pytest.mark.parametrize("found", [None, "text", {}, [1], ["a", None]])
def test_what_is_no_list_of_texts_is_an_error_with_its_place(found: object) -> None:
    assert texts(["a", ""], "here") == ["a", ""]
    with pytest.raises(StateError, match="here is not a list of texts"):
        texts(found, "here")
