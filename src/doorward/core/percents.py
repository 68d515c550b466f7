"""A part of one, as people read it."""


def percent(part: float) -> str:
    """`0.8512` as `85.1 %`; what is less than all is never shown as all."""
    shown = round(part * 100, 1)
    return f"{99.9 if shown >= 100.0 and part < 1.0 else shown:.1f} %"


def bound_percent(part: float) -> str:
    """A bound that somebody chose, with all its decimals: `0.9` as `90 %`."""
    return f"{round(part * 100, 9):.12g} %"
