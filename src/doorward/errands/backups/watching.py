"""Whoever watches a run: a person with bars on a terminal, or nobody."""

from typing import Protocol


class Watcher(Protocol):
    """Told how far it is; must not raise, and not wait."""

    def expect(self, files: int, total_bytes: int) -> None:
        """So many files are to go, with so many bytes in all."""

    def begun(self, file: str, *, size_bytes: int, from_offset: int) -> None:
        """A file goes, from there on; also when it goes on after it broke off."""

    def moved(self, file: str, offset: int) -> None:
        """So many of its bytes went."""

    def paused(self, file: str, problem: str, seconds: float) -> None:
        """
        It broke off, and is tried again in so many seconds.

        Where it is a connection that failed, or a question, `file` is the address of the place.
        """

    def ended(self, file: str) -> None:
        """No more comes of it."""


class Nobody:
    """The `Watcher` that does not look."""

    def expect(self, files: int, total_bytes: int) -> None:
        """See `Watcher`."""

    def begun(self, file: str, *, size_bytes: int, from_offset: int) -> None:
        """See `Watcher`."""

    def moved(self, file: str, offset: int) -> None:
        """See `Watcher`."""

    def paused(self, file: str, problem: str, seconds: float) -> None:
        """See `Watcher`."""

    def ended(self, file: str) -> None:
        """See `Watcher`."""
