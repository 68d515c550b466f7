"""What may stand next on a line: names of commands, parameters and their choices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from doorward.core.command import Command
from doorward.core.errors import BadLine
from doorward.core.parameter import Parameter
from doorward.core.words import split_words

_HELP = "help"


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    One word that may stand there.

    Attributes:
        word: all of it.
        about: what it is, in a few words; empty for nothing.
    """

    word: str
    about: str = ""


def word_begun(before: str) -> str:
    """What there is already of the word that ends `before`, the line up to the cursor."""
    return before[before.rfind(" ") + 1 :]


def candidates(commands: Mapping[str, Command], before: str) -> list[Candidate]:
    """
    The words that may complete the one that ends `before`, in the order in which they are offered.

    Args:
        commands: those that the asker may see, by name.
        before: the line up to the cursor; one with an open quote has none.
    """
    begun = word_begun(before)
    try:
        words = split_words(before[: len(before) - len(begun)])
    except BadLine:
        return []
    return [candidate for candidate in _next(commands, words, begun) if candidate.word.startswith(begun)]


def _next(commands: Mapping[str, Command], words: list[str], begun: str) -> Iterator[Candidate]:
    if not words or words == [_HELP]:
        yield from (Candidate(name, commands[name].summary) for name in sorted(commands))
    if words and (command := commands.get(words[0])) is not None:
        yield from _words_of(command, words[1:], begun)


def _words_of(command: Command, given: list[str], begun: str) -> Iterator[Candidate]:
    by_name = {parameter.name: parameter for parameter in command.parameters}
    named = {name for word in given if (name := word.partition("=")[0]) in by_name and "=" in word}
    positional = sum(word.partition("=")[0] not in named for word in given)
    left = [parameter for parameter in command.parameters if parameter.name not in named][positional:]
    name, equals, _ = begun.partition("=")
    if equals and name in by_name:
        yield from (Candidate(f"{name}={choice}") for choice in _choices(by_name[name]))
        return
    for parameter in left[:1]:
        yield from (Candidate(choice) for choice in _choices(parameter))
    for parameter in left:
        if not parameter.repeats:
            yield Candidate(f"{parameter.name}=", parameter.summary or parameter.type.expected)


def _choices(parameter: Parameter) -> tuple[str, ...]:
    return tuple(getattr(parameter.type, "choices", ()))
