from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core import backup_store, errors, fetching, talking
from doorward.core.errors import (
    BadArgument,
    BadLine,
    CatalogueError,
    ConfigurationError,
    ConnectError,
    DoorwardError,
    ListenError,
    StateTaken,
    TlsFailed,
    UnknownCommand,
    one_line,
)
from tests.core.strategies import any_text, awkward_text

BRANCH = ("├── ", "└── ")


def drawn_tree() -> dict[str, str]:
    """Each class that the module's docstring draws, with the one that it hangs from; the root from none."""
    parents: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        name, drawn = _branch(line)
        if not name:
            continue
        depth = drawn // 4
        above[depth:] = [name]
        parents[name] = above[depth - 1] if depth else ""
    return parents


def _branch(line: str) -> tuple[str, int]:
    if line == "    DoorwardError":
        return "DoorwardError", 0
    for mark in BRANCH:
        before, found, rest = line.partition(mark)
        if found:
            return rest.split()[0], len(before)
    return "", 0


# what a fetch, a conversation and a place of backups can end in beside them stands with those
EVERYTHING = [item for module in (errors, fetching, talking, backup_store) for item in vars(module).items()]

CLASSES: dict[str, type[DoorwardError]] = {
    name: value for name, value in EVERYTHING if isinstance(value, type) and issubclass(value, DoorwardError)
}


def test_the_tree_that_is_drawn_is_the_tree_that_is() -> None:
    assert len(CLASSES) > 10
    assert drawn_tree() == {
        name: "" if value is DoorwardError else value.__bases__[0].__name__ for name, value in CLASSES.items()
    }


def test_no_error_stands_outside_the_tree() -> None:
    raisable = {
        name for name, value in EVERYTHING if isinstance(value, type) and issubclass(value, Exception)
    }
    assert raisable == set(CLASSES)


def test_no_error_has_two_parents() -> None:
    assert all(len(value.__bases__) == 1 for value in CLASSES.values())


texts = st.one_of(any_text, awkward_text)
numbers = st.integers(0, 9)


@st.composite
def instances(draw: st.DrawFn) -> DoorwardError:
    kind = draw(st.sampled_from(sorted(CLASSES.values(), key=lambda value: value.__name__)))
    build: Any = kind
    made: DoorwardError = (
        build(**{field.name: draw(numbers if field.type is int else texts) for field in fields(build)})
        if hasattr(kind, "__dataclass_fields__")
        else build(draw(texts))
    )
    return made


@given(instances())
def test_an_error_is_one_printable_line_whatever_its_fields_hold(error: DoorwardError) -> None:
    assert str(error).isprintable()
    assert len(str(error).splitlines()) <= 1


@given(texts)
def test_text_that_is_printable_stays_and_the_rest_is_escaped(text: str) -> None:
    assert one_line(text).isprintable()
    assert (one_line(text) == text) == text.isprintable()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("é 日本 \U0001f600", "é 日本 \U0001f600"),
        ("a\nb", r"a\nb"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u202e", r"\u202e"),
    ],
)
def test_people_can_still_read_it(text: str, line: str) -> None:
    assert one_line(text) == line
    assert str(StateTaken(text)) == line


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConfigurationError("it is not there"), "it is not there"),
        (
            ConfigurationError(
                "no such key", key="limits.rnus", file="/etc/d.toml", line=7, expected="runs", found="rnus"
            ),
            "/etc/d.toml:7: limits.rnus: no such key; expected runs; found rnus",
        ),
        (ConfigurationError("cannot be read", file="/etc/d.toml"), "/etc/d.toml: cannot be read"),
        (ConfigurationError("p", key="k", line=7), "k: p"),
        (CatalogueError("declared already", key="commands.df"), "commands.df: declared already"),
        (UnknownCommand("dg", "df"), "there is no command 'dg'; did you mean df?"),
        (UnknownCommand("a\nb"), r"there is no command 'a\nb'"),
        (BadArgument("count", "an integer", '"x"'), 'count: expected an integer, got "x"'),
        (BadArgument("", "no more words"), "expected no more words"),
        (BadLine("not UTF-8"), "not UTF-8"),
        (
            ListenError("tcp", "127.0.0.1:7022", "held by nc, pid 7"),
            "door tcp cannot listen on 127.0.0.1:7022: held by nc, pid 7",
        ),
        (TlsFailed("wrong version number", code="WRONG_VERSION_NUMBER"), "wrong version number"),
        (ConnectError("tcp://a:1", "connect", "refused"), "tcp://a:1: connect: refused"),
        (ConnectError("tcp://a:1", "login", "no", "Try --at"), "tcp://a:1: login: no. Try --at"),
    ],
)
def test_an_error_reads_so(error: DoorwardError, text: str) -> None:
    assert str(error) == text


def test_errors_are_themselves_and_no_others() -> None:
    one, other = BadArgument("a", "b"), BadArgument("a", "b")
    assert one == one  # noqa: PLR0124 - that is what is asked
    assert one != other
    assert len({one, other}) == 2
