"""Which language a browser likes best."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.settings import Language
from doorward.doors.web.languages import language_of

EN, FR = Language.ENGLISH, Language.FRENCH


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", EN), ("fr", FR), ("fr-CH, fr;q=0.9, en;q=0.8", FR), ("en-US,en;q=0.9,fr;q=0.8", EN),
        ("de, fr;q=0.5", FR), ("de", EN), ("FR-fr", FR), ("fr;q=0, en;q=0.1", EN),
        ("fr ; q=0.3 , en;q=0.2", FR),
        ("*", EN), ("fr;q=2", EN), (", ".join(["de"] * 20) + ", fr", EN),
    ],
)  # fmt: skip
def test_the_best_of_ours_is_taken(header: str, language: Language) -> None:
    assert language_of(header, otherwise=EN) is language


@given(header=st.text(max_size=500))
def test_no_header_breaks_the_reading(header: str) -> None:
    assert language_of(header, otherwise=FR) in Language
