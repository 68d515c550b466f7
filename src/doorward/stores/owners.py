"""Root at work in a folder of somebody else, with no more power than they have."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePath

from doorward.core.errors import StateError

_MOST_LINKS = 40
"""As many as the kernel follows: path_resolution(7)."""


@contextlib.contextmanager
def acting_as_owner(folder: Path) -> Iterator[None]:
    """
    Have root act as the user who could turn the way to `folder` elsewhere; nothing changes for others.

    Whoever owns a folder or a link on the way can make it lead anywhere, to files of root too. With their
    rights and no others, nothing is reached that they could not have changed themselves, and what is made is
    theirs. What is missing at the end of the way is nobody's yet. The whole process acts so meanwhile: for a
    program of one thread.

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
    """The users, root aside, who own a folder or a link on the way to `folder`, which is gone in steps."""
    here, ahead = Path("/"), [*reversed(Path(os.getcwd(), folder).parts[1:])]
    uids, links = {here.lstat().st_uid}, 0
    while ahead:
        part = ahead.pop()
        if part == "..":
            here = here.parent  # no link: those are replaced by where they lead
            continue
        try:
            facts = (here / part).lstat()
        except FileNotFoundError:
            break  # it is made by whoever we are then
        uids.add(facts.st_uid)
        if not stat.S_ISLNK(facts.st_mode):
            here /= part
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(folder))
        target = PurePath(os.readlink(here / part))
        here = Path("/") if target.is_absolute() else here
        ahead += reversed([each for each in target.parts if each != target.root])
    return uids - {0}


def _group_of(uid: int, folder: Path) -> int:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return next(each for each in (folder, *folder.parents) if each.exists()).stat().st_gid
