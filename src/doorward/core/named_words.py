"""Which words of a line name the parameter that they are for: `name=value`, `--name value`, `--name`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from doorward.core.parameter import NAME, Parameter
from doorward.core.parameter_types import ChoiceType, FlagType, PatternType, SecretType

END = "--"
"""No word after it names anything."""

_OPTION = "--"
_YES = "yes"


@dataclass(frozen=True, slots=True)
class Named:
    """
    A parameter that was named.

    Attributes:
        parameter: which.
        word: what was said for it; None when the line ended before it.
    """

    parameter: Parameter
    word: str | None


@dataclass(frozen=True, slots=True)
class Sorted:
    """
    The words of a line.

    Attributes:
        named: in the order in which they were said; one may stand there twice.
        free: the others, in their order.
        after: those that came after `END`, which itself is none of them; None without it.
    """

    named: tuple[Named, ...]
    free: tuple[str, ...]
    after: tuple[str, ...] | None = None

    @property
    def unnamed(self) -> tuple[str, ...]:
        """The words that fill, in their order, what was not named."""
        return (*self.free, *(self.after or ()))


def takes_options(parameters: Sequence[Parameter]) -> bool:
    """
    Whether `--name` can name one of these parameters.

    Not where a word that begins with two dashes may be what one of them is to have: such a word keeps the
    place that it has always had.
    """
    return not any(_may_begin_with_two_dashes(parameter) for parameter in parameters)


def option_of(parameter: Parameter) -> str:
    """How a line names `parameter` where `takes_options`."""
    return f"{_OPTION}{parameter.name.replace('_', '-')}"


def sort_words(parameters: Sequence[Parameter], words: Sequence[str]) -> Sorted:
    """
    Tell the words that name a parameter from the others.

    `name=value` names always; where `takes_options`, `--name=value` and `--name value` do too, `--name` says
    yes to a flag, `-` in a name is as good as `_`, and `--` ends all naming. Only names of `parameters` that
    do not repeat count; any other word is free, with its dashes. No value is looked at.
    """
    by_name = {parameter.name: parameter for parameter in parameters if not parameter.repeats}
    with_options = any(word.startswith(_OPTION) for word in words) and takes_options(parameters)
    named: list[Named] = []
    free: list[str] = []
    left = iter(words)
    for word in left:
        if with_options and word == END:
            return Sorted(tuple(named), tuple(free), tuple(left))
        name, equals, value = word.partition("=")
        parameter = by_name.get(name) if equals else None
        if parameter is not None:
            named.append(Named(parameter, value))
        elif with_options and (parameter := by_name.get(name_of_option(word))) is not None:
            named.append(Named(parameter, value if equals else _value_after(parameter, left)))
        else:
            free.append(word)
    return Sorted(tuple(named), tuple(free))


def name_of_option(word: str) -> str:
    """The name of a parameter that a word `--name` or `--name=value` could mean; empty for none."""
    name = word.partition("=")[0].removeprefix(_OPTION).replace("-", "_")
    return name if word.startswith(_OPTION) and NAME.fullmatch(name) else ""


def _value_after(parameter: Parameter, left: Iterator[str]) -> str | None:
    return _YES if isinstance(parameter.type, FlagType) else next(left, None)


def _may_begin_with_two_dashes(parameter: Parameter) -> bool:
    match parameter.type:
        case PatternType() | SecretType():
            # whatever the pattern says: what it matches is not known before it is tried
            return True
        case ChoiceType(choices=choices):
            return any(choice.startswith(_OPTION) for choice in choices)
        case _:
            return False
