"""Parts of one in words."""

import pytest

from doorward.core.percents import bound_percent, percent


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (0.0, "0.0 %"),
        (0.592, "59.2 %"),
        (0.8512, "85.1 %"),
        (0.999, "99.9 %"),
        (0.9996, "99.9 %"),
        (0.99999, "99.9 %"),
        (1.0, "100.0 %"),
    ],
)
def test_less_than_all_is_never_shown_as_all(part: float, shown: str) -> None:
    assert percent(part) == shown


@pytest.mark.parametrize(
    ("part", "shown"), [(0.9, "90 %"), (0.07, "7 %"), (0.9995, "99.95 %"), (1.0, "100 %")]
)
def test_a_bound_is_not_rounded(part: float, shown: str) -> None:
    assert bound_percent(part) == shown
