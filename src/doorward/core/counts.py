"""Numbers with what they count, as people read them."""


def how_many(number: int, noun: str) -> str:
    """`1 new entry`, `1,404 new entries`, `2 files`: `noun` has a plural in `ies` or in `s`."""
    if number == 1:
        return f"1 {noun}"
    ends_in_y = noun[-1] == "y" and noun[-2] not in "aeiou"
    return f"{number:,} {noun[:-1]}ies" if ends_in_y else f"{number:,} {noun}s"


def times(number: int) -> str:
    """`once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def times_in_a_row(number: int) -> str:
    """`once`, `twice in a row`, `3 times in a row`."""
    return times(number) if number == 1 else f"{times(number)} in a row"
