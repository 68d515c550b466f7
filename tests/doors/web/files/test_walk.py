"""The way down from the root of a mount."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.doors.web.files.walk import LINKS_MOST, NotThere, Walk
from tests.doors.web.files.tree import OPEN, SECRET, make_tree

SEGMENTS = st.sampled_from(
    [
        b"a.txt",
        b"sub",
        b"deep",
        b"b.txt",
        b"c.txt",
        b"in",
        b"in.txt",
        b"up.txt",
        b"out",
        b"out.txt",
        b"loop",
        b"out-absolute",
        b"out-beside",
        b"secret.txt",
        b"root",
        b"rootkit",
        b"etc",
        b"passwd",
        b"..",
        b".",
        b"",
        b".hidden",
        b".git",
        b"config",
        b"proc",
        b"pipe",
        b"socket",
        b"out-and-in.txt",
        b"in-absolute.txt",
    ]
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tree(tmp_path_factory.mktemp("tree"))


def content(root: Path, *names: bytes, shows_hidden: bool = False) -> bytes:
    with Walk(os.fsencode(root), shows_hidden=shows_hidden) as walk:
        name = walk.go(names)
        if name is None:
            raise NotThere
        descriptor = walk.open_file(name)
        try:
            return os.read(descriptor, 1000)
        finally:
            os.close(descriptor)


@pytest.mark.parametrize(
    "path",
    [
        "a.txt",
        "sub/b.txt",
        "sub/deep/c.txt",
        "in.txt",
        "in/b.txt",
        "in/deep/c.txt",
        "in/up.txt",
        "sub/up.txt",
        "in-absolute.txt",
        "back\\slash.txt",
        "%2e%2e",
    ],
)
def test_what_is_in_the_root_is_found_by_links_too(root: Path, path: str) -> None:
    assert content(root, *os.fsencode(path).split(b"/")) == OPEN


@pytest.mark.parametrize(
    "path",
    [
        "out.txt",
        "out/secret.txt",
        "out/root/a.txt",
        "out-absolute/etc/passwd",
        "out-beside/secret.txt",
        "loop",
        "out-and-in.txt",
        "out-by-link.txt",
        "to-hidden.txt",
        ".hidden",
        ".git/config",
        "dangling.txt",
        "proc",
        "through-file.txt",
        "a.txt/b",
        "pipe",
        "socket",
        "nothing",
        "sub",
        "x" * 300,
    ],
)
def test_what_leads_out_or_is_no_file_is_not_there(root: Path, path: str) -> None:
    with pytest.raises(NotThere):
        content(root, *os.fsencode(path).split(b"/"))


def test_hidden_files_are_found_where_they_are_shown(root: Path) -> None:
    assert content(root, b".git", b"config", shows_hidden=True) == SECRET
    assert content(root, b"to-hidden.txt", shows_hidden=True) == SECRET


@given(st.lists(SEGMENTS, max_size=8))
def test_no_way_leads_out_of_the_root(root: Path, names: list[bytes]) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with contextlib.suppress(NotThere):
        assert content(root, *names) == OPEN
    assert len(os.listdir("/proc/self/fd")) == before


def test_so_many_links_are_followed_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "0").write_bytes(OPEN)
    for number in range(LINKS_MOST + 1):
        (tmp_path / str(number + 1)).symlink_to(str(number))
    assert content(tmp_path, str(LINKS_MOST).encode()) == OPEN
    with pytest.raises(NotThere):
        content(tmp_path, str(LINKS_MOST + 1).encode())


def test_the_root_may_be_a_link_that_is_turned_to_another_folder(tmp_path: Path) -> None:
    for release in ("1", "2"):
        (tmp_path / release).mkdir()
        (tmp_path / release / "version").write_text(release)
    current = tmp_path / "current"
    for release in ("1", "2"):
        current.unlink(missing_ok=True)
        current.symlink_to(release)
        assert content(current, b"version") == release.encode()


def test_an_absolute_link_is_followed_as_the_root_is_called_and_as_it_really_is(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_bytes(OPEN)
    (tmp_path / "called").symlink_to("real")
    for number, name in enumerate(("real", "called")):
        (tmp_path / "real" / f"link{number}").symlink_to(tmp_path / name / "a")
        assert content(tmp_path / "called", f"link{number}".encode()) == OPEN


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder of everybody's, and for as long as the test lasts no right to read everything."""
    with tempfile.TemporaryDirectory(prefix="doorward-walk-") as name:
        folder, is_root = Path(name), os.geteuid() == 0
        folder.chmod(0o777)
        if is_root:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if is_root:
                os.seteuid(0)


def test_what_cannot_be_read_is_not_there(unprivileged: Path) -> None:
    (unprivileged / "shut").write_bytes(SECRET)
    (unprivileged / "shut").chmod(0)
    with pytest.raises(NotThere):
        content(unprivileged, b"shut")
