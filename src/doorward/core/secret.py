"""A text that must not be seen: it prints as dots wherever it goes by mistake."""

from dataclasses import dataclass, field

REDACTED = "••••"


@dataclass(frozen=True, slots=True)
class Secret:
    """
    A text that no log, page, table or error may show.

    Attributes:
        revealed: the text itself; to read this name is to say that one means it.
    """

    revealed: str = field(repr=False)

    def __str__(self) -> str:
        return REDACTED

    def __repr__(self) -> str:
        return f"Secret({REDACTED})"

    def __format__(self, format_spec: str) -> str:
        return format(REDACTED, format_spec)


def without(secret: Secret | None, text: str) -> str:
    """
    `text` with dots in place of `secret`, as it is or escaped as in a Python literal.

    To be called before anything is cut off: a part of a secret is not found.
    """
    if secret is None or not secret.revealed:
        return text
    escaped = repr(secret.revealed)[1:-1]
    return text.replace(escaped, REDACTED).replace(secret.revealed, REDACTED)
