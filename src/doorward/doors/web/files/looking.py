"""What stands at a path, looked up from the root down: a resource, a folder, or nothing."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from doorward.core.mounts import Mount
from doorward.doors.web.files.codings import ENDINGS
from doorward.doors.web.files.listing import Listing, Order, arranged, read_entries
from doorward.doors.web.files.media_types import MediaTypes, is_passive
from doorward.doors.web.files.open_file import OpenFile
from doorward.doors.web.files.policy import INDEX, fields_of
from doorward.doors.web.files.resource import Representation, Resource, representation
from doorward.doors.web.files.targets import Target
from doorward.doors.web.files.walk import NotThere, Walk


@dataclass(frozen=True, slots=True)
class NeedsSlash:
    """A folder that was asked for without the slash at its end."""


Found = Resource | Listing | NeedsSlash
"""What may be seen."""


class Looker:
    """
    Looks into the folder of one mount. Its methods block, and may be called in any thread.

    Args:
        mount: it.
        types: of files.
    """

    __slots__ = ("_mount", "_root", "_types")

    def __init__(self, mount: Mount, types: MediaTypes) -> None:
        self._mount = mount
        self._root = os.fsencode(mount.root)
        self._types = types

    def look(self, target: Target, order: Order, *, now: float) -> Found | None:
        """
        Find what `target` names.

        Args:
            target: it.
            order: of a listing.
            now: on the monotonic clock, before this is called.

        Returns:
            None when nothing is there that may be seen.

        Raises:
            Exhausted: the system has nothing left to look with.
            OSError: what is there cannot be read.
        """
        with suppress(NotThere), self._walk() as walk:
            name = walk.go(target.names)
            if name is not None:
                return None if target.is_folder else self._resource(walk, name, now=now)
            if not target.is_folder:
                return NeedsSlash()
            return self._index(walk, now=now) or self._listing(target, order)
        return None

    def _walk(self) -> Walk:
        return Walk(self._root, shows_hidden=self._mount.shows_hidden)

    def _index(self, walk: Walk, *, now: float) -> Resource | None:
        with suppress(NotThere):
            if (name := walk.go((INDEX,))) is not None:
                return self._resource(walk, name, now=now)
        return None

    def _listing(self, target: Target, order: Order) -> Listing | None:
        if not self._mount.lists:
            return None
        # from the root again: where the search for an index ended, nobody knows
        with self._walk() as walk, ExitStack() as stack:
            if walk.go(target.names) is not None:
                return None
            descriptor = walk.open_folder()
            stack.callback(os.close, descriptor)
            entries, is_whole = read_entries(
                self._root, target.names, descriptor, shows_hidden=self._mount.shows_hidden
            )
            return arranged(target.names, entries, order, is_whole=is_whole)

    def _resource(self, walk: Walk, name: bytes, *, now: float) -> Resource:
        with ExitStack() as stack:
            plain = OpenFile(walk.open_file(name))
            stack.callback(plain.drop)
            copies: dict[str, OpenFile] = {}
            for coding, copy in _copies(walk, name):
                stack.callback(copy.drop)
                if copy.facts.modified_ns >= plain.facts.modified_ns:
                    copies[coding] = copy
                else:
                    copy.drop()
            resource = self._made(name, plain, copies, now=now)
            stack.pop_all()
            return resource

    def _made(self, name: bytes, plain: OpenFile, copies: Mapping[str, OpenFile], *, now: float) -> Resource:
        kind = self._types.of(os.fsdecode(name))
        fields = fields_of(self._mount, is_passive=is_passive(kind))

        def made(file: OpenFile, coding: str | None) -> Representation:
            return representation(file, kind=kind, coding=coding, varies=bool(copies), fields=fields)

        coded = {coding: made(copy, coding) for coding, copy in copies.items()}
        return Resource(made(plain, None), coded, now)


def _copies(walk: Walk, name: bytes) -> Iterator[tuple[str, OpenFile]]:
    for coding, ending in ENDINGS.items():
        with suppress(NotThere):
            yield coding, OpenFile(walk.open_file(name + ending))
