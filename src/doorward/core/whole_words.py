"""Words that stand in a text as whole words."""

import re
from collections.abc import Iterable


def stands_in(words: Iterable[str], text: str) -> bool:
    """
    Whether one of `words` stands in `text` as a whole word, in capitals or not.

    `c++`, `.net` and `open ssl` are words too; any white space may stand between the parts of the last.
    """
    return WholeWords(map(str.casefold, words)).stand_in(text.casefold())


class WholeWords:
    """The same for many texts; words and texts are casefolded already."""

    def __init__(self, words: Iterable[str]) -> None:
        self._patterns = tuple(map(_pattern_of, words))

    def stand_in(self, text: str) -> bool:
        """Whether one of the words stands in `text`."""
        return any(pattern.search(text) is not None for pattern in self._patterns)


def _pattern_of(word: str) -> re.Pattern[str]:
    # a word boundary is only where the word itself begins or ends with a letter: `c++`
    before = r"(?<!\w)" if word[:1].isalnum() else ""
    after = r"(?!\w)" if word[-1:].isalnum() else ""
    # re keeps what it compiled lately
    return re.compile(before + r"\s+".join(map(re.escape, word.split())) + after)
