"""Which known name was meant by one that is not known."""

import difflib
from collections.abc import Iterable


def nearest_name(name: str, names: Iterable[str]) -> str:
    """The one of `names` that `name` was probably meant to be; empty when none is near."""
    # bounded: the matcher is quadratic in the word, and the word is the peer's
    nearest = difflib.get_close_matches(name[:64], list(names), n=1)
    return nearest[0] if nearest else ""


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """`; did you mean df?`, to stand behind what is wrong with `name`; empty when none of `names` is near."""
    return suggestion(nearest_name(name, names))


def suggestion(meant: str) -> str:
    """The same of a name that was found otherwise; empty where that is empty."""
    return f"; did you mean {meant}?" if meant else ""
