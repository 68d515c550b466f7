"""Root keeps the users of somebody's daemon: with no more power than that somebody has."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorward.core.errors import StateError
from doorward.core.principal import User
from doorward.core.tokens import Token
from doorward.stores.owners import acting_as_owner
from doorward.stores.state import make_private_folder
from doorward.stores.tokens import TokenFile
from doorward.stores.users import UserFile

OWNER = 54321

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be careful about being root")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder of `OWNER` on a way that is root's and open."""
    for part in (tmp_path, *tmp_path.parents):
        if not part.stat().st_mode & 0o001:
            part.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, OWNER, OWNER)
    yield home
    assert (os.geteuid(), os.getegid()) == (0, 0)


def test_what_is_written_is_the_owner_s(home: Path) -> None:
    state = home / "state"
    state.mkdir(mode=0o700)
    os.chown(state, OWNER, OWNER)
    UserFile(state).add(User(name="alice", uid=1000))
    assert {path.stat().st_uid for path in state.iterdir()} == {OWNER}
    assert [user.name for user in UserFile(state).load()] == ["alice"]


def test_a_link_to_root_s_own_state_leads_nowhere(home: Path, tmp_path: Path) -> None:
    roots = tmp_path / "roots"
    roots.mkdir(mode=0o700)
    (home / "state").symlink_to(roots)
    os.lchown(home / "state", OWNER, OWNER)
    with pytest.raises(StateError, match="Permission denied"):
        UserFile(home / "state").add(User(name="mallory", roles=frozenset({"admin"}), uid=OWNER))
    assert not list(roots.iterdir())


def test_tokens_are_the_owner_s_too_and_a_link_leads_nowhere(home: Path, tmp_path: Path) -> None:
    token = Token(id="aaaaaaaa", user="alice", digest=bytes(32))
    state = home / "state"
    state.mkdir(mode=0o700)
    os.chown(state, OWNER, OWNER)
    TokenFile(state).add(token, most=1)
    assert {path.stat().st_uid for path in state.iterdir()} == {OWNER}
    assert TokenFile(state).load() == (token,)
    roots = tmp_path / "roots"
    roots.mkdir(mode=0o700)
    (home / "link").symlink_to(roots)
    os.lchown(home / "link", OWNER, OWNER)
    with pytest.raises(StateError, match="Permission denied"):
        TokenFile(home / "link").add(token, most=1)
    assert not list(roots.iterdir())


def test_a_file_of_root_in_the_place_of_the_lock_stays_root_s(home: Path) -> None:
    state = home / "state"
    state.mkdir(mode=0o700)
    os.chown(state, OWNER, OWNER)
    lock = state / "users.lock"
    lock.write_text("root only")
    lock.chmod(0o600)
    with pytest.raises(StateError, match="Permission denied"):
        UserFile(state).add(User(name="carol"))
    assert (lock.stat().st_uid, lock.read_text()) == (0, "root only")


def test_a_way_of_several_users_is_refused(home: Path) -> None:
    state = home / "state"
    state.mkdir(mode=0o700)
    os.chown(state, OWNER + 1, OWNER + 1)
    with pytest.raises(StateError, match="several users"):
        UserFile(state).add(User(name="alice"))


def test_a_link_between_two_links_of_root_leads_nowhere(home: Path, tmp_path: Path) -> None:
    roots = tmp_path / "roots"
    roots.mkdir(mode=0o700)
    (tmp_path / "to-roots").symlink_to(roots)
    (home / "theirs").symlink_to(tmp_path / "to-roots")
    os.lchown(home / "theirs", OWNER, OWNER)
    (tmp_path / "to-theirs").symlink_to("home/../home/theirs")
    for way in (tmp_path / "to-theirs", tmp_path / "home" / ".." / "to-theirs"):
        with pytest.raises(StateError, match="Permission denied"):
            UserFile(way).add(User(name="mallory", roles=frozenset({"admin"}), uid=OWNER))
    assert not list(roots.iterdir())


def test_links_of_root_alone_change_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("./state")
    UserFile(tmp_path / "a").add(User(name="alice", uid=1000))
    assert (state / "users.json").stat().st_uid == 0


def test_what_is_missing_is_made_by_whoever_has_the_way_to_it(home: Path) -> None:
    folder = home / "new" / "state"
    with acting_as_owner(folder):
        make_private_folder(folder)
    assert {each.stat().st_uid for each in (folder, folder.parent)} == {OWNER}


def test_links_that_lead_to_each_other_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="Too many levels"), acting_as_owner(tmp_path / "a"):
        pass
