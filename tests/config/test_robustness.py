"""Whatever stands in a file, reading it ends in settings or in problems of one line each."""

import datetime
import json
import math
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.config import Machine, examine
from doorward.config.cautions import warnings_of
from doorward.config.command_settings import RESOURCES
from doorward.config.shapes import CommandShape, ParameterShape, ServerShape, TcpShape, TlsShape, UserShape
from doorward.core.errors import ConfigurationError
from doorward.core.limits import PenaltyLimits, facts
from doorward.core.parameter_types import TYPES

_TEXTS = st.sampled_from(
    [
        *(
            "",
            "-",
            "x",
            "a b",
            "\0",
            "\x1b[0m",
            "\u202e",
            "\ud7ff",
            "é",
            "{x}",
            "{{",
            "{",
            "a{x}b{y}",
            "x" * 5000,
        ),
        *("ls", "/bin/sh", "/", "/tmp", "../x", "sh", "-c", "root", "nobody", "guest", "admin", "tcp", "tls"),
        *(
            "127.0.0.1:0",
            "-----BEGIN CERTIFICATE-----MA==-----END CERTIFICATE-----",
            "[::1]:1",
            "0.0.0.0:1",
            "once",
            "en",
            "os:path",
            "(",
            "[a-z]+",
            "(?P<",
            "a{99999999999}",
        ),
        *TYPES,
    ]
) | st.text(max_size=8)
_NUMBERS = st.sampled_from([0, 1, -1, 3, 2**31, 2**63, 2**64, 2**5000, 0.0, -0.5, 1e308, math.inf, math.nan])
_SCALARS = _TEXTS | _NUMBERS | st.booleans() | st.just(datetime.date(2020, 1, 1))
_ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
_TEXT_LISTS = st.lists(_TEXTS, max_size=4)
_NAMES = st.sampled_from(["x", "y", "df", "echo", "quit", "Bad name", "guest", "a.b"])
_BY_TYPE = {
    str: _TEXTS,
    int: _NUMBERS,
    float: _NUMBERS,
    bool: st.booleans(),
    list[str]: _TEXT_LISTS,
    dict[str, Any]: st.dictionaries(
        st.sampled_from([*RESOURCES, "A", "=", "x"]), _TEXTS | _NUMBERS, max_size=3
    ),
}


def _tables(
    shape: type[msgspec.Struct], **values: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    """Tables whose keys mostly have values of their types, from anywhere in them and beyond."""
    for field in msgspec.structs.fields(shape):
        kind = typing.get_args(field.type)[0]
        kinds = [kind] if kind in _BY_TYPE else [part for part in typing.get_args(kind) if part in _BY_TYPE]
        values.setdefault(field.name, st.one_of(*(_BY_TYPE[kind] for kind in kinds)))
    rarely_anything = {name: st.one_of(*[value] * 9, _ANYTHING) for name, value in values.items()}
    return st.fixed_dictionaries({}, optional=rarely_anything)


_PARAMETERS = st.dictionaries(
    st.sampled_from(["x", "y"]), _tables(ParameterShape, type=st.sampled_from([*TYPES])), max_size=2
)
_COMMANDS = st.builds(
    lambda table, parameters, rest: (
        table | {"parameters": parameters, "run": ["ls", *(f"{{{name}}}" for name in parameters), *rest]}
    ),
    _tables(CommandShape),
    _PARAMETERS,
    _TEXT_LISTS | st.just([]),
) | _tables(CommandShape)
_PENALTIES = st.dictionaries(
    st.sampled_from([*(name for name, _, _ in facts(PenaltyLimits)), "exempt"]),
    _NUMBERS | st.lists(_TEXTS | st.sampled_from(["::/0", "10.0.0.1/8", "::ffff:1.2.3.0/120"]), max_size=3),
)
_FILES = st.fixed_dictionaries(
    {},
    optional={
        "server": _tables(ServerShape) | _ANYTHING,
        "limits": st.dictionaries(
            st.sampled_from([*(name for name, _, _ in facts()), "penalties"]),
            _NUMBERS | _PENALTIES | _ANYTHING,
        ),
        "doors": st.dictionaries(
            st.sampled_from(["tcp", "unix", "tls", "x"]), _tables(TcpShape) | _tables(TlsShape)
        ),
        "users": st.dictionaries(_NAMES, _tables(UserShape) | _ANYTHING, max_size=3),
        "commands": st.dictionaries(_NAMES, _COMMANDS, max_size=3) | _ANYTHING,
        "other": _ANYTHING,
    },
)


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value).replace("\x7f", "\\u007f") if value.isascii() else _quoted(value)
        case float() if math.isinf(value) or math.isnan(value):
            return repr(value)
        case int():
            return hex(value) if value > 2**64 else str(value)
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            return "{" + ", ".join(f"{_toml(name)} = {_toml(item)}" for name, item in value.items()) + "}"
        case _:
            return str(value)


def _quoted(text: str) -> str:
    """`text` with everything escaped as TOML 1.0 has it: JSON writes surrogates instead."""
    return '"' + "".join(f"\\U{ord(character):08x}" for character in text) + '"'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("robustness")


@given(_FILES)
def test_any_file_ends_in_settings_or_in_problems(folder: Path, tables: dict[str, Any]) -> None:
    file = folder / "doorward.toml"
    file.write_text("".join(f"{_toml(name)} = {_toml(value)}\n" for name, value in tables.items()))
    file.chmod(0o600)
    examination = examine(file, machine=Machine(uid=0))
    assert (examination.settings is None) == bool(examination.problems)
    for problem in examination.problems:
        assert isinstance(problem, ConfigurationError)
        assert str(problem).isprintable(), str(problem)
        assert problem.line >= 1
    if examination.settings is not None:
        warnings_of(examination.settings)


@given(st.binary(max_size=200))
def test_any_bytes_end_in_settings_or_in_problems(folder: Path, data: bytes) -> None:
    file = folder / "bytes.toml"
    file.write_bytes(data)
    file.chmod(0o600)
    for problem in examine(file).problems:
        assert str(problem).isprintable(), str(problem)
