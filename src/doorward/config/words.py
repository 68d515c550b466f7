"""Keys whose value is one of a few words."""

import enum
from typing import TypeVar

from doorward.config.report import Key, Report, found_in, one_of

WordT = TypeVar("WordT", bound=enum.Enum)


def read_word(word: str | None, kind: type[WordT], default: WordT, key: Key, report: Report) -> WordT:
    """What the word at `key` says; `default` where nothing is said, or no such word."""
    if word is None:
        return default
    try:
        return kind(word)
    except ValueError:
        expected = one_of(f'"{each.value}"' for each in kind)
        report.add(key, "this is none of the words", expected=expected, found=found_in(word))
        return default
