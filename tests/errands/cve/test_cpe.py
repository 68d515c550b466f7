"""CPE 2.3 and ranges of versions, for people."""

import pytest

from doorward.errands.cve.cpe import Cpe, range_words, read_cpe


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("cpe:2.3:a:if-me:ifme:*:*:*:*:*:*:*:*", Cpe(vendor="if-me", product="ifme", version="")),
        (
            "cpe:2.3:o:linux:linux_kernel:6.17:rc5:*:*:*:*:*:*",
            Cpe(vendor="linux", product="linux_kernel", version="6.17 rc5"),
        ),
        (r"cpe:2.3:a:a\:b:c\\:1\.0\+2:-:*:*:*:*:*:*", Cpe(vendor="a:b", product="c\\", version="1.0+2")),
        (r"cpe:2.3:a:x:y\\\:z:-:*:*:*:*:*:*:*", Cpe(vendor="x", product="y\\:z", version="")),
        ("cpe:2.3:h:*:-:*:*:*:*:*:*:*:*", Cpe(vendor="", product="", version="")),
    ],
)
def test_what_a_cpe_names(text: str, named: Cpe) -> None:
    assert read_cpe(text) == named


@pytest.mark.parametrize(
    "text", ["", "cpe:/a:x:y", "cpe:2.3:a:x:y", "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*:*", "x" * 9999]
)
def test_what_is_no_cpe_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no CPE 2\.3"):
        read_cpe(text)


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({}, ""),
        ({"start_including": "1.0.0", "end_including": "7.33.2"}, "from 1.0.0 to 7.33.2"),
        ({"start_excluding": "1.0", "end_excluding": "2.0"}, "after 1.0 before 2.0"),
        ({"end_including": "2"}, "up to 2"),
        ({"end_excluding": "2"}, "before 2"),
        ({"start_including": "2"}, "from 2"),
    ],
)
def test_ranges_are_told_in_words(bounds: dict[str, str], words: str) -> None:
    assert range_words(**bounds) == words
