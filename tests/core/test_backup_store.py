"""What can be the name of a file that is kept."""

from hypothesis import given
from hypothesis import strategies as st

from doorward.core.backup_store import NAME_BYTES, is_plain_name
from doorward.testing.backup_store_contract import BAD_NAMES, ODD_NAMES


def test_the_suites_odd_names_are_plain_and_its_bad_ones_are_not() -> None:
    assert [name for name in ODD_NAMES if not is_plain_name(name)] == []
    assert [name for name in BAD_NAMES if is_plain_name(name)] == []


def test_bytes_that_are_no_utf_8_are_part_of_a_name_and_other_surrogates_are_not() -> None:
    assert is_plain_name(b"\xff\xfe".decode("utf-8", "surrogateescape"))
    assert not is_plain_name("\ud800")


@given(st.text())
def test_a_plain_name_is_one_component_of_a_path_and_one_line(name: str) -> None:
    if is_plain_name(name):
        assert name not in {"", ".", ".."}
        assert "/" not in name
        assert name == name.strip("\r\n\0")
        assert len(name.encode("utf-8", "surrogateescape")) <= NAME_BYTES
