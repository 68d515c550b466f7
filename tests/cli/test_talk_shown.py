"""What a terminal is shown of a conversation."""

from hypothesis import given
from hypothesis import strategies as st

from doorward.cli.talk_shown import ShownText
from tests.clients.talk.chunkings import CUTS, pieces, single_bytes


def shown(chunks: list[bytes]) -> str:
    text = ShownText()
    return "".join(map(text.safe, chunks)) + text.rest()


@given(data=st.one_of(st.binary(max_size=80), st.text(max_size=40).map(str.encode)), cuts=CUTS)
def test_nothing_that_comes_commands_the_terminal_whatever_the_chunks(data: bytes, cuts: list[int]) -> None:
    whole = shown([data])
    assert all(letter in "\n\t" or letter.isprintable() for letter in whole)
    assert shown(pieces(data, cuts)) == whole
    assert shown(single_bytes(data)) == whole
