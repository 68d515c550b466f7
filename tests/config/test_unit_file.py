from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.config.unit_file import UNIT_BYTES, Section, read_service, service_assignments
from doorward.core.errors import ConfigurationError


def read(text: str) -> list[tuple[str, str, int]]:
    return [(each.name, each.value, each.line) for each in service_assignments(text, "u.service")]


def test_only_the_section_of_the_service_counts_wherever_it_begins_again() -> None:
    text = "User=no\n[Unit]\nUser=no\n[Service]\nUser = a \n[Install]\nUser=no\n[Service]\nUser=b\n"
    assert read(text) == [("User", "a", 5), ("User", "b", 9)]


def test_comments_and_lines_that_assign_nothing_are_passed_over() -> None:
    text = "[Service]\n# User=a\n; User=b\n  # User=c\nnonsense\n\nUser=d # no comment\n"
    assert read(text) == [("User", "d # no comment", 7)]


def test_a_backslash_continues_a_line_over_comments_and_the_first_line_is_told() -> None:
    text = "[Service]\nExecStart=/bin/a \\\n  b \\\n# between\\\n; too\n  c\nUser=x\n"
    assert read(text) == [("ExecStart", "/bin/a  b  c", 2), ("User", "x", 7)]


def test_an_escaped_backslash_continues_nothing() -> None:
    assert read("[Service]\nA=x\\\\\nB=y\n") == [("A", "x\\\\", 2), ("B", "y", 3)]


def test_a_continuation_without_an_end_is_a_line() -> None:
    assert read("[Service]\nA=x\\") == [("A", "x", 2)]


def test_an_empty_assignment_resets_and_the_last_one_counts() -> None:
    section = Section(service_assignments("[Service]\nUser=a\nUser=\nA=yes\nA=No\nB=1\nC=ON\n", "u"))
    assert (section.last("User"), section.text("User")) == (None, "")
    assert [each.value for each in section.each("User")] == ["a", ""]
    assert [section.is_yes(name) for name in "ABCD"] == [False, True, True, False]


def test_drop_ins_follow_in_the_order_of_their_names(tmp_path: Path) -> None:
    unit = tmp_path / "x.service"
    unit.write_text("[Service]\nUser=a\n")
    folder = tmp_path / "x.service.d"
    folder.mkdir()
    (folder / "20-b.conf").write_text("[Service]\nUser=second\n")
    (folder / "10-a.conf").write_text("[Service]\nUser=first\n")
    (folder / "30.conf.old").write_text("[Service]\nUser=no\n")
    found = read_service(unit).last("User")
    assert found is not None
    assert (str(found), found.place) == ("User=second", f"{folder}/20-b.conf:2")


@pytest.mark.parametrize(
    ("data", "problem"),
    [(None, "cannot be read: No such file"), (b"\xff", "not UTF-8"), (b"#" * (UNIT_BYTES + 1), "too large")],
)
def test_what_is_no_unit_is_an_error_that_names_it(tmp_path: Path, data: bytes | None, problem: str) -> None:
    unit = tmp_path / "x.service"
    if data is not None:
        unit.write_bytes(data)
    with pytest.raises(ConfigurationError, match=problem) as error:
        read_service(unit)
    assert error.value.file == str(unit)


NAMES = st.from_regex(r"[A-Z][A-Za-z]{0,9}", fullmatch=True)
# a line that begins with # or ; is a comment wherever it stands, also where another goes on
VALUES = st.from_regex(r"([a-z0-9~@=/\[\]%$\"']([a-z #;]{0,9}[a-z])?)?", fullmatch=True)


@given(
    st.lists(st.tuples(NAMES, VALUES)),
    st.sampled_from(["{}={}", "  {} =\t{} ", "{}=\\\n{}", "\n#x\\\n{}={}"]),
)
def test_what_is_written_is_read(pairs: list[tuple[str, str]], form: str) -> None:
    text = "[Service]\n" + "".join(form.format(name, value) + "\n" for name, value in pairs)
    assert [(name, value) for name, value, _ in read(text)] == pairs


@given(st.text())
def test_no_text_is_too_strange(text: str) -> None:
    for name, _, line in read("[Service]\n" + text):
        assert name == name.strip(" \t\r")
        assert line >= 2
