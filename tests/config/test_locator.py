"""Where keys stand in a TOML text."""

import tomllib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from doorward.config.locator import Locator
from tests.config.toml_texts import Written, is_valid, paths_of, toml_texts

TEXT = '''\
top = 1                                 # 1

[server]                                # 3
commands = [                            # 4
  "a",                                  # 5
  # a comment with ] in it
  "b", "c",                             # 7
]
text = """                              # 9
[not.a.table]
key = 1
"""
'quoted.key' = { "in line" = 3 }        # 13

[users . "alice b"]                     # 15
dotted . key = true                     # 16
when = 1979-05-27 07:32:00              # 17

[[list]]                                # 19
x = 1                                   # 20
[list.below]                            # 21
[[list]]                                # 22
x = 1                                   # 23
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("top",), 1),
        (("server",), 3),
        (("server", "commands"), 4),
        (("server", "commands", 0), 5),
        (("server", "commands", 1), 7),
        (("server", "commands", 2), 7),
        (("server", "text"), 9),
        (("server", "quoted.key", "in line"), 13),
        (("users",), 15),
        (("users", "alice b"), 15),
        (("users", "alice b", "dotted"), 16),
        (("users", "alice b", "dotted", "key"), 16),
        (("users", "alice b", "when"), 17),
        (("list", 0, "x"), 20),
        (("list", 0, "below"), 21),
        (("list", 1), 22),
        (("list", 1, "x"), 23),
    ],
)
def test_a_key_is_found_at_its_line(key: tuple[str | int, ...], line: int) -> None:
    assert Locator(TEXT).line_of(key) == line


def test_a_missing_key_is_found_at_the_table_around_it() -> None:
    assert Locator(TEXT).line_of(("server", "language")) == 3


def test_a_missing_table_has_no_line() -> None:
    assert Locator(TEXT).line_of(("doors", "tcp")) == 0


def test_a_table_that_is_opened_after_its_parts_is_found_at_its_own_header() -> None:
    assert Locator("[a.b]\n[a]\nx = 1\n").line_of(("a",)) == 2


@given(toml_texts())
def test_everything_is_found_where_it_was_written(written: Written) -> None:
    lines = Locator(written.text).lines
    assert {key: lines.get(key) for key in written.lines} == written.lines


@given(toml_texts())
def test_what_is_found_is_what_the_parser_reads(written: Written) -> None:
    assert set(Locator(written.text).lines) == set(paths_of(tomllib.loads(written.text)))


@given(toml_texts())
def test_line_endings_of_windows_change_nothing(written: Written) -> None:
    assert Locator(written.text.replace("\n", "\r\n")).lines == Locator(written.text).lines


@given(st.lists(st.sampled_from([*"ab=.,[]{}'\"\\\n #1", "a=", '"""', "'''", "[a]\n", "[[a]]\n", "{a=1}"])))
@example(["a", "=", "'''", "'", "'''"])
@example(["a=", "[", "{a=1}", ",", "]"])
def test_any_valid_text_is_found_as_the_parser_reads_it(pieces: list[str]) -> None:
    text = "".join(pieces)
    if is_valid(text):
        assert set(Locator(text).lines) == set(paths_of(tomllib.loads(text)))
