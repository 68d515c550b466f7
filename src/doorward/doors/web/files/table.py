"""The files that are kept open: one that is asked for again is neither looked up nor opened again."""

from collections import OrderedDict

from doorward.core.ports import Clock, Timer
from doorward.doors.web.files.resource import Resource

RESOURCES_MOST = 64
"""Paths that are kept, each with a descriptor and one more for each of two copies."""

BYTES_MOST = 1024 * 1024
"""Of paths and prepared heads; the files themselves are in the kernel's memory and not in ours."""

CHECK_SECONDS = 0.5
"""
How old what is known of a path may be. A file that was written, replaced, renamed or removed is noticed at
once; this is for what its own facts do not tell: another folder or link above it, a copy put beside it.
"""

KEPT_SECONDS = 5.0
"""How long a file that nobody asks for stays open: while it is, a removed one takes up the disk."""

_OF_EACH_BYTES = 512
"""What a resource costs beside its path and its heads, roughly."""


class OpenFiles:
    """
    Resources by their path, the least recently asked for dropped first.

    Args:
        clock: the daemon's.
        resources_most: how many are kept.
        bytes_most: of paths and heads.
    """

    __slots__ = ("_bytes", "_bytes_most", "_clock", "_kept", "_resources_most", "_timer")

    def __init__(
        self, clock: Clock, *, resources_most: int = RESOURCES_MOST, bytes_most: int = BYTES_MOST
    ) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[Resource, int]] = OrderedDict()
        self._resources_most = resources_most
        self._bytes_most = bytes_most
        self._bytes = 0
        self._timer: Timer | None = None

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, path: str) -> Resource | None:
        """What is known of `path`, unless that is too old or its files are not what they were."""
        kept = self._kept.get(path)
        if kept is None:
            return None
        resource = kept[0]
        if self._clock.monotonic() - resource.checked_at < CHECK_SECONDS and _is_unchanged(resource):
            self._kept.move_to_end(path)
            return resource
        self.drop(path)
        return None

    def put(self, path: str, resource: Resource) -> None:
        """
        Keep what a walk found at `path`, in the place of what was known.

        A file that cannot be looked at without waiting is kept for nobody: it costs a thread each time.
        """
        self.drop(path)
        size_bytes = _bytes_of(path, resource)
        if not resource.is_prompt or size_bytes > self._bytes_most or not self._resources_most:
            resource.drop()
            return
        self._kept[path] = resource, size_bytes
        self._bytes += size_bytes
        while len(self._kept) > self._resources_most or self._bytes > self._bytes_most:
            self.drop(next(iter(self._kept)))
        if self._timer is None:
            self._timer = self._clock.call_later(KEPT_SECONDS, self._sweep)

    def drop(self, path: str) -> None:
        """Forget what is known of `path`; whoever is being sent it goes on."""
        kept = self._kept.pop(path, None)
        if kept is not None:
            self._bytes -= kept[1]
            kept[0].drop()

    def close(self) -> None:
        """Forget everything, and keep nothing any more."""
        self._resources_most = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for path in tuple(self._kept):
            self.drop(path)

    def _sweep(self) -> None:
        self._timer = None
        old_at = self._clock.monotonic() - KEPT_SECONDS
        for path in [path for path, (resource, _) in self._kept.items() if resource.checked_at <= old_at]:
            self.drop(path)
        if self._kept:
            self._timer = self._clock.call_later(KEPT_SECONDS, self._sweep)


def _is_unchanged(resource: Resource) -> bool:
    if not resource.coded:
        return resource.plain.file.is_unchanged()
    return all(each.file.is_unchanged() for each in resource)


def _bytes_of(path: str, resource: Resource) -> int:
    heads = sum(len(each.whole_head) + len(each.unchanged_head) + _OF_EACH_BYTES for each in resource)
    return len(path) + heads
