"""What may stand next on a line: names of commands, parameters and their choices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from doorward.core.command import Command
from doorward.core.errors import BadLine
from doorward.core.named_words import option_of, sort_words, takes_options
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
    said = sort_words(command.parameters, given)
    if said.named and said.named[-1].word is None:
        # the line ends in `--name`, which waits for its value
        yield from map(Candidate, _choices(said.named[-1].parameter))
        return
    named = {each.parameter.name for each in said.named}
    left = [each for each in command.parameters if each.name not in named][len(said.unnamed) :]
    for parameter in left[:1]:
        yield from map(Candidate, _choices(parameter))
    if said.after is not None:
        return
    with_options = begun.startswith("-") and takes_options(command.parameters)
    for parameter in command.parameters:
        if not parameter.repeats:
            yield from _named_words(parameter, begun, is_left=parameter in left, with_options=with_options)


def _named_words(
    parameter: Parameter, begun: str, *, is_left: bool, with_options: bool
) -> Iterator[Candidate]:
    about = parameter.summary or parameter.type.expected
    name, option = f"{parameter.name}=", f"{option_of(parameter)}="
    if begun.startswith(name) or (with_options and begun.startswith(option)):
        prefix = name if begun.startswith(name) else option
        yield from (Candidate(f"{prefix}{choice}") for choice in _choices(parameter))
    elif is_left:
        yield Candidate(option.removesuffix("="), about) if with_options else Candidate(name, about)


def _choices(parameter: Parameter) -> tuple[str, ...]:
    return tuple(getattr(parameter.type, "choices", ()))
