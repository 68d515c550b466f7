"""Line ends of what is piped in."""

from hypothesis import given
from hypothesis import strategies as st

from doorward.cli.talk_piped import _LineEnds
from tests.clients.talk.chunkings import CUTS, pieces, single_bytes


def translated(chunks: list[bytes]) -> bytes:
    ends = _LineEnds()
    return b"".join(map(ends.translated, chunks))


@given(data=st.lists(st.sampled_from([b"a", b"\r", b"\n"]), max_size=30).map(b"".join), cuts=CUTS)
def test_every_lf_gets_one_cr_whatever_the_chunks(data: bytes, cuts: list[int]) -> None:
    whole = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    for chunks in ([data], pieces(data, cuts), single_bytes(data)):
        assert translated(chunks) == whole
