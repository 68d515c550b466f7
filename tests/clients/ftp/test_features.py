import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.ftp.features import (
    Entry,
    lists_facts,
    parse_entries,
    parse_features,
    parse_sha256,
)
from doorward.clients.ftp.replies import Reply
from doorward.core.errors import ProtocolError
from tests.core.strategies import any_text, awkward_text

names = st.text(st.characters(blacklist_characters="\r\n", codec="utf-8"), min_size=1)


def test_what_a_server_can_do_stands_between_the_first_and_the_last_line() -> None:
    reply = Reply(211, ("Features:", " SIZE", " mlst Type*;Size*;", " REST STREAM", "", "End"))
    assert parse_features(reply) == {"SIZE": "", "MLST": "Type*;Size*;", "REST": "STREAM"}
    assert parse_features(Reply(211, ("No features",))) == {}
    assert parse_features(Reply(502, ("a", " SIZE", "b"))) == {}


@pytest.mark.parametrize(
    ("facts", "are_enough"),
    [
        ("type*;size*;", True),
        ("modify*;Size*;perm;TYPE*", True),
        ("type*;size;", False),
        ("", False),
    ],
)
def test_a_list_of_facts_is_of_use_that_has_types_and_sizes(facts: str, *, are_enough: bool) -> None:
    assert lists_facts({"MLST": facts}) == are_enough


def test_a_line_has_facts_and_a_name() -> None:
    lines = b"Type=file;SIZE=12;modify=20300101000000; a name; of=sorts\r\ntype=OS.unix=slink:/x; l\r\n"
    assert parse_entries(lines) == [
        Entry("a name; of=sorts", is_file=True, size_bytes=12),
        Entry("l", is_file=False, size_bytes=None),
    ]
    assert parse_entries(b"") == []
    assert parse_entries(b"type=file;size=x;  two\r\n") == [Entry(" two", is_file=True, size_bytes=None)]


@given(st.lists(st.tuples(names, st.integers(0, 2**60))))
def test_names_and_sizes_come_as_they_were_written(files: list[tuple[str, int]]) -> None:
    lines = "".join(f"size={size};type=file; {name}\r\n" for name, size in files)
    assert parse_entries(lines.encode()) == [
        Entry(name, is_file=True, size_bytes=size) for name, size in files
    ]


@given(st.one_of(st.binary(), any_text.map(lambda text: text.encode("utf-8", "replace"))))
def test_any_bytes_are_a_list_or_an_error(listing: bytes) -> None:
    try:
        entries = parse_entries(listing)
    except ProtocolError:
        return
    assert all(entry.name for entry in entries)


@given(st.one_of(any_text, awkward_text))
def test_a_digest_is_one_or_there_is_none(text: str) -> None:
    digest = parse_sha256(Reply(213, (text,)))
    assert digest is None or (len(digest) == 64 and digest in text.lower())


def test_of_two_digests_none_is_believed() -> None:
    assert parse_sha256(Reply(250, ("a" * 64,))) == "a" * 64
    assert parse_sha256(Reply(250, ("a" * 64, "A" * 64))) == "a" * 64
    assert parse_sha256(Reply(250, ("a" * 64, "b" * 64))) is None
    assert parse_sha256(Reply(250, ("a" * 65,))) is None
    assert parse_sha256(Reply(550, ("a" * 64,))) is None
