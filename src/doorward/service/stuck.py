"""The runs that could not be killed, for as long as something of them is left."""

from doorward.service.places import Claim, Places


class Stuck:
    """
    What was given up and is not gone yet.

    Each may hold memory, descriptors and a dead file system: only so many get their place freed, and those
    beyond keep theirs until they are gone, or one before them is.

    Args:
        places: where theirs are given back.

    Attributes:
        since_start: how many there have ever been.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._placeless: set[Claim] = set()
        self._placed: dict[Claim, None] = {}
        self.since_start = 0

    @property
    def now(self) -> int:
        """How many there are."""
        return len(self._placeless) + len(self._placed)

    def add(self, claim: Claim, *, most: int) -> bool:
        """Count one more; gives whether its place is to be freed, which `most` at once may have."""
        self.since_start += 1
        if len(self._placeless) < most:
            self._placeless.add(claim)
            return True
        self._placed[claim] = None
        return False

    def gone(self, claim: Claim) -> None:
        """Nothing is left of one; it, or the oldest that still has its place, gives it back."""
        if claim in self._placeless:
            self._placeless.remove(claim)
            oldest = next(iter(self._placed), None)
            if oldest is None:
                return
            self._placeless.add(oldest)
            claim = oldest
        if claim in self._placed:
            del self._placed[claim]
            self._places.give_back(claim)
