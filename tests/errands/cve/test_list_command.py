"""What a digest says to type lists what it means."""

import shlex
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from doorward.cli.cve_filters import Asked
from doorward.cli.cve_list import list_cves
from doorward.core.cve_filters import CveFilter
from doorward.errands.cve.list_command import list_command


def _single_spaced(text: str) -> str:
    """A digest has each white space as one space."""
    return " ".join(text.split())


_TEXTS = st.lists(
    st.text("ab -_.+'\"$`;é", min_size=1, max_size=9).map(_single_spaced).filter(bool), max_size=3
)
_PARTS = st.none() | st.integers(0, 100).map(lambda number: number / 100)
FILTERS = st.builds(
    CveFilter,
    words=_TEXTS.map(tuple),
    products=_TEXTS.map(tuple),
    score=_PARTS.map(lambda part: None if part is None else part * 10),
    epss=_PARTS,
    kev=st.booleans(),
    installed=st.booleans(),
    fixable=st.booleans(),
)


@given(FILTERS, st.booleans())
def test_what_is_to_be_typed_means_the_same_filter(wanted: CveFilter, with_rejected: bool) -> None:  # noqa: FBT001
    program, group, name, *words = shlex.split(list_command(wanted, with_rejected=with_rejected))
    assert [program, group, name] == ["doorward", "cve", "list"]
    asked = list_cves.make_context("list", words).params
    query = Asked(values={key: asked[key] for key in _NAMES}).query(now_at=0.0)
    score = None if wanted.score is None else float(f"{wanted.score:.15g}")
    assert query.filter == replace(wanted, score=score)
    assert query.with_rejected == with_rejected


_NAMES = ("words", "products", "score", "epss", "kev", "installed", "fixable", "since", "rejected")


def test_a_word_that_deceives_does_nothing_to_a_reader() -> None:
    told = list_command(CveFilter(words=("a\u202eb\x1b[31m\nc",)))
    assert not {"\u202e", "\x1b", "\n"} & set(told)
