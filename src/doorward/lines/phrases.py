"""What the server says to people, in the languages that it knows."""

from dataclasses import dataclass

from doorward.core.errors import one_line
from doorward.core.outcome import OutcomeKind
from doorward.core.settings import Language


@dataclass(frozen=True, slots=True)
class Phrases:
    """The sentences of the text protocol, each a line in UTF-8 with its LF."""

    greeting: bytes
    password: bytes
    not_understood: bytes


PHRASES = {
    Language.ENGLISH: Phrases(b"What can I do for you?\n", b"Password?\n", b"I did not understand.\n"),
    Language.FRENCH: Phrases(
        b"Que puis-je faire pour vous ?\n", b"Le mot de passe ?\n", b"Je n'ai rien compris.\n"
    ),
}

UH = b"Uh?\n"
"""What is said of a line that cannot be read, in every language."""

UH_KINDS = frozenset({OutcomeKind.INVALID, OutcomeKind.REFUSED, OutcomeKind.BUSY, OutcomeKind.FAILED})
"""Ends that are told by `uh`; the other kinds have a last line of their own."""


def uh(reason: str) -> bytes:
    """`Uh?` and why, as one line."""
    # it may quote the peer or a library: no line break gets through, and nothing that a terminal obeys
    words = one_line(" ".join(reason.split()))
    return f"Uh? {words}\n".encode() if words else UH
