"""An argument vector with places for parameters: each element a text in which `{name}` stands for a word."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from doorward.core.errors import CatalogueError
from doorward.core.parameter import NAME

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")


@dataclass(frozen=True, slots=True)
class Element:
    """
    One element of an argument vector.

    Attributes:
        pieces: texts and parameter names in turn, a text first: `("--count=", "count", "")`.
    """

    pieces: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that stand in it."""
        return self.pieces[1::2]

    def fill(self, words: Mapping[str, str]) -> str | None:
        """The element with its words; None when one of them is absent, and the element is left out."""
        filled = list(self.pieces)
        for index in range(1, len(filled), 2):
            word = words.get(filled[index])
            if word is None:
                return None
            filled[index] = word
        return "".join(filled)

    @property
    def shown(self) -> str:
        """The element as it was declared."""
        return "".join(
            f"{{{piece}}}" if index % 2 else piece.replace("{", "{{").replace("}", "}}")
            for index, piece in enumerate(self.pieces)
        )


def parse_element(text: str, *, key: str) -> Element:
    """
    Read one element as it stands in a configuration: `{{` and `}}` are braces, `{name}` is a parameter.

    Raises:
        CatalogueError: a brace alone, a name that cannot be one, NUL or a line break.
    """
    if any(character in text for character in "\0\r\n"):
        raise CatalogueError("an element cannot hold NUL or a line break", key=key, found=ascii(text))
    pieces = [""]
    for token in _TOKEN.finditer(text):
        piece = token.group()
        if token[1] is not None and NAME.fullmatch(token[1]):
            pieces += [token[1], ""]
        elif len(piece) == 2 and piece in {"{{", "}}"}:
            pieces[-1] += piece[0]
        elif piece[0] in "{}":
            raise CatalogueError(
                "a brace that names no parameter",
                key=key,
                expected="{name}, or {{ for a brace",
                found=ascii(text),
            )
        else:
            pieces[-1] += piece
    return Element(tuple(pieces))
