"""Which precompressed copy a client takes."""

import pytest

from doorward.doors.web.files.codings import choose


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.0,*", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("identity", None),
        ("GZIP ; Q=0.5", "gzip"),
        ("gzip;q=nonsense", None),
    ],
)
def test_the_smallest_that_is_accepted_is_taken(accepted: str | None, coding: str | None) -> None:
    assert choose(accepted, ["br", "gzip"]) == coding


def test_what_is_not_there_is_not_chosen() -> None:
    assert choose("br, gzip", ["gzip"]) == "gzip"
    assert choose("br", ["gzip"]) is None
