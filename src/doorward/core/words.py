"""A line to its words, quoted as in POSIX; no comments, no expansion of anything."""

import re

from doorward.core.errors import BadLine

_PLAIN = re.compile(r"[^\s'\"\\]+(?:[ \t]+[^\s'\"\\]+)*")

_PIECE = re.compile(
    r"""
      (?P<space>[ \t\r\n]+)
    | (?P<plain>[^ \t\r\n'"\\]+)
    | '(?P<single>[^']*)'
    | "(?P<double>(?:[^"\\]|\\.)*)"
    | \\(?P<escaped>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED_IN_DOUBLE = re.compile(r'\\([$`"\\])|\\\n')


def split_words(line: str) -> list[str]:
    """
    The words of `line`.

    Blanks part words; single quotes keep all, double quotes keep all but a backslash before `$`, backquote,
    double quote or backslash; outside quotes a backslash keeps the next character. Nothing is expanded.
    Linear in the length of the line.

    Raises:
        BadLine: a quote is open, or a backslash stands last.

    Source: POSIX.1-2017, Shell Command Language, section 2.2.
    """
    if _PLAIN.fullmatch(line):
        return line.split()
    words: list[str] = []
    pieces: list[str] | None = None
    position = 0
    while position < len(line):
        match = _PIECE.match(line, position)
        if match is None:
            raise BadLine("a quote is open, or a backslash stands last")
        position = match.end()
        if match["space"] is not None:
            if pieces is not None:
                words.append("".join(pieces))
            pieces = None
            continue
        pieces = [] if pieces is None else pieces
        pieces.append(_piece_text(match))
    if pieces is not None:
        words.append("".join(pieces))
    return words


def quote_words(words: list[str]) -> str:
    """A line whose words are `words`: the inverse of `split_words`."""
    return " ".join(_quoted(word) for word in words)


def _piece_text(match: re.Match[str]) -> str:
    if (double := match["double"]) is not None:
        return _ESCAPED_IN_DOUBLE.sub(r"\1", double)
    for kind in ("plain", "single", "escaped"):
        if (text := match[kind]) is not None:
            return str(text)
    raise AssertionError("a piece is of one of these kinds")


def _quoted(word: str) -> str:
    if word and not re.search(r"[\s'\"\\]", word):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"
