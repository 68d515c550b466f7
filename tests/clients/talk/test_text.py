"""Bytes to text in which nothing is lost."""

from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.talk.text import TextDecoder
from tests.clients.talk.chunkings import CUTS, pieces, single_bytes

DATA = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", "é".encode(), "€".encode(), b"\xff", b"x"])).map(
        b"".join
    ),
)


def decoded(chunks: list[bytes]) -> str:
    decoder = TextDecoder()
    return "".join(map(decoder.receive_data, chunks)) + decoder.receive_eof()


@given(data=DATA, cuts=CUTS)
def test_any_chunking_gives_the_same_text(data: bytes, cuts: list[int]) -> None:
    whole = decoded([data])
    assert decoded(pieces(data, cuts)) == whole
    assert decoded(single_bytes(data)) == whole


@given(data=DATA)
def test_all_but_the_kind_of_line_end_can_be_had_back(data: bytes) -> None:
    assert decoded([data]).encode("utf-8", "surrogateescape") == data.replace(b"\r\n", b"\n")


def test_a_cut_letter_and_a_cr_wait_for_what_follows() -> None:
    decoder = TextDecoder()
    assert decoder.receive_data("€".encode()[:2]) == ""
    assert decoder.receive_data("€".encode()[2:] + b"\r") == "€"
    assert decoder.receive_data(b"") == ""
    assert decoder.receive_data(b"\n") == "\n"
    assert decoder.receive_data(b"\r") == ""
    assert decoder.receive_eof() == "\r"
