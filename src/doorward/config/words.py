"""Keys whose value is one of a few words."""

import enum
from typing import TypeVar

from doorward.config.report import Key, Report, found_in, one_of

WordT = TypeVar("WordT", bound=enum.Enum)


def read_word(
    word: str | None,
    default: WordT,
    key: Key,
    report: Report,
    *,
    problem: str = "this is none of the words",
) -> WordT:
    """
    What the word at `key` says, a value of the same enum as `default`.

    That is `default` where nothing is said, and where there is no such word, which `report` then has.
    """
    if word is None:
        return default
    try:
        return type(default)(word)
    except ValueError:
        expected = one_of(f'"{each.value}"' for each in type(default))
        report.add(key, problem, expected=expected, found=found_in(word))
        return default
