"""The files that are kept open."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from doorward.doors.web.files.open_file import OpenFile
from doorward.doors.web.files.resource import Resource, representation
from doorward.doors.web.files.table import CHECK_SECONDS, KEPT_SECONDS, OpenFiles
from doorward.testing.clock import ManualClock

Made = Callable[..., Resource]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def made(tmp_path: Path, clock: ManualClock) -> Made:
    def make(name: str, *, is_prompt: bool = True) -> Resource:
        (tmp_path / name).write_text(name)
        file = OpenFile(os.open(tmp_path / name, os.O_RDONLY))
        file.is_prompt = is_prompt
        plain = representation(file, kind="text/plain", coding=None, varies=False, fields=())
        return Resource(plain, {}, clock.monotonic())

    return make


def is_open(resource: Resource) -> bool:
    try:
        os.fstat(resource.plain.file.descriptor)
    except OSError:
        return False
    return True


def test_a_file_is_given_again_until_its_way_is_to_be_looked_at(clock: ManualClock, made: Made) -> None:
    table = OpenFiles(clock)
    resource = made("a")
    table.put("/a", resource)
    assert table.get("/a") is resource
    clock.advance(CHECK_SECONDS)
    assert table.get("/a") is None
    assert not is_open(resource)
    table.close()


@pytest.mark.parametrize("change", ["write", "replace", "remove", "rename"])
def test_a_changed_file_is_noticed_at_once(
    clock: ManualClock, made: Made, tmp_path: Path, change: str
) -> None:
    table = OpenFiles(clock)
    table.put("/a", made("a"))
    file = tmp_path / "a"
    match change:
        case "write":
            file.write_text("other")
        case "replace":
            (tmp_path / "new").write_text("a")
            os.replace(tmp_path / "new", file)
        case "remove":
            file.unlink()
        case _:
            file.rename(tmp_path / "b")
    assert table.get("/a") is None
    table.close()


def test_the_least_recently_asked_for_goes_first(clock: ManualClock, made: Made) -> None:
    table = OpenFiles(clock, resources_most=2)
    first, second, third = made("1"), made("2"), made("3")
    table.put("/1", first)
    table.put("/2", second)
    assert table.get("/1") is first
    table.put("/3", third)
    assert (is_open(first), is_open(second), is_open(third)) == (True, False, True)
    table.close()
    assert not is_open(first)
    assert not is_open(third)


def test_the_bytes_of_paths_are_bounded_too(clock: ManualClock, made: Made) -> None:
    table = OpenFiles(clock, bytes_most=1500)
    table.put("/" + "x" * 3000, made("a"))
    assert len(table) == 0
    table.put("/a", made("a"))
    table.put("/b", made("b"))
    assert len(table) == 1
    table.close()


def test_a_file_that_nobody_asks_for_is_closed(clock: ManualClock, made: Made) -> None:
    table = OpenFiles(clock)
    resource = made("a")
    table.put("/a", resource)
    clock.advance(KEPT_SECONDS)
    assert not is_open(resource)
    assert len(table) == 0
    table.close()


def test_who_is_being_sent_a_dropped_file_keeps_it(clock: ManualClock, made: Made) -> None:
    table = OpenFiles(clock)
    resource = made("a")
    table.put("/a", resource)
    resource.plain.file.hold()
    table.drop("/a")
    assert is_open(resource)
    resource.plain.file.release()
    assert not is_open(resource)
    table.close()


def test_a_file_that_cannot_be_looked_at_at_once_is_not_kept(clock: ManualClock, made: Made) -> None:
    table = OpenFiles(clock)
    resource = made("a", is_prompt=False)
    table.put("/a", resource)
    assert len(table) == 0
    assert not is_open(resource)
    table.close()


def test_a_closed_table_keeps_nothing(clock: ManualClock, made: Made) -> None:
    table = OpenFiles(clock)
    table.close()
    resource = made("a")
    table.put("/a", resource)
    assert not is_open(resource)
