"""Root at work in a folder of somebody else, with no more power than they have."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from doorward.core.errors import StateError


@contextlib.contextmanager
def acting_as_owner(folder: Path) -> Iterator[None]:
    """
    Have root act as the user who could turn the way to `folder` elsewhere; nothing changes for others.

    Whoever owns a folder or a link on the way can make it lead anywhere, to files of root too. With their
    rights and no others, nothing is reached that they could not have changed themselves, and what is made is
    theirs. The whole process acts so meanwhile: for a program of one thread.

    Raises:
        StateError: several users have a hand in the way to it.
        OSError: the system refused.
    """
    uids = _owners_on_the_way(folder) if os.geteuid() == 0 else set()
    if not uids:
        yield
        return
    if len(uids) > 1:
        raise StateError(f"the way to {folder} belongs to several users: {', '.join(map(str, sorted(uids)))}")
    groups, gid = os.getgroups(), os.getegid()
    owner = uids.pop()
    try:
        os.setgroups([])
        os.setegid(_group_of(owner, folder))
        os.seteuid(owner)
        yield
    finally:
        os.seteuid(0)
        os.setegid(gid)
        os.setgroups(groups)


def _owners_on_the_way(folder: Path) -> set[int]:
    """The users, root aside, who own a part of the path to `folder`, links as well as what they lead to."""
    absolute = Path(os.path.abspath(folder))
    parts = {*absolute.parents, absolute}
    real = Path(os.path.realpath(folder))
    parts |= {*real.parents, real}
    return {part.lstat().st_uid for part in parts} - {0}


def _group_of(uid: int, folder: Path) -> int:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return folder.stat().st_gid
