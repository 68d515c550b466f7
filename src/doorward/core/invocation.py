"""The words of a line to an invocation: one command with a value for each of its parameters."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from types import MappingProxyType

from doorward.core.command import Command, Program
from doorward.core.errors import BadArgument, UnknownCommand
from doorward.core.launch import EXECUTABLE_PATH, Launch
from doorward.core.limits import Limits
from doorward.core.named_words import name_of_option, option_of, sort_words, takes_options
from doorward.core.nearest import did_you_mean, nearest_name, suggestion
from doorward.core.parameter import NAME, Parameter, shown, word_of
from doorward.core.parameter_types import ChoiceType, FlagType, PathType, TextType, Value
from doorward.core.secret import REDACTED, Secret
from doorward.core.words import quote_words

FIRST_SECRET_DESCRIPTOR = 3


@dataclass(frozen=True, slots=True)
class Invocation:
    """
    A command with values that its parameters took.

    Attributes:
        command: which.
        values: by parameter; one that is absent and has no default has no entry.
        key: equal for two invocations that do the same.
        shown: `words` as one line.
    """

    command: Command
    values: Mapping[str, Value]

    key: tuple[object, ...] = field(init=False, compare=False)
    shown: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        # both are asked for with every answer that is given again
        object.__setattr__(self, "key", self._key())
        object.__setattr__(self, "shown", quote_words(self.words))

    def _key(self) -> tuple[object, ...]:
        # a flag that is off does what an absent one does
        said = (item for item in self.values.items() if item[1] is not False)
        return (self.command.name, *sorted(said, key=lambda item: item[0]))

    @property
    def words(self) -> list[str]:
        """The line's words again, for people and logs: secrets as dots, defaults left out."""
        words = [self.command.name]
        # words that repeat would fill the place of a default that was left out
        keeps_defaults = any(isinstance(value, tuple) and value for value in self.values.values())
        for parameter in self.command.parameters:
            value = self.values.get(parameter.name)
            if value is None or (not keeps_defaults and value == parameter.default_value):
                continue
            if isinstance(value, tuple):
                words.extend(value)
            else:
                words.append(f"{parameter.name}={REDACTED if isinstance(value, Secret) else word_of(value)}")
        return words

    @property
    def paths(self) -> dict[str, tuple[str, str]]:
        """Each path whose links were not followed yet: parameter to path and the folder around it."""
        found = {}
        for parameter in self.command.parameters:
            if isinstance(parameter.type, PathType) and parameter.name in self.values:
                found[parameter.name] = (str(self.values[parameter.name]), parameter.type.within)
        return found

    def with_values(self, values: Mapping[str, Value]) -> "Invocation":
        """The invocation with these values in place of those of the same names."""
        return replace(self, values=MappingProxyType({**self.values, **values}))


def find_command(commands: Mapping[str, Command], name: str) -> Command:
    """
    The command called `name`.

    Raises:
        UnknownCommand: there is none; the error may know one with a name that is near.
    """
    command = commands.get(name)
    if command is None:
        raise UnknownCommand(name, nearest_name(name, commands))
    return command


def bind(command: Command, words: Sequence[str], limits: Limits) -> Invocation:
    """
    Make an invocation of `command` with `words`, which do not hold its name.

    `name=value` sets a declared parameter, and so does `--name`, see `sort_words`; other words fill the
    parameters that are left, in their order.

    Raises:
        BadArgument: which parameter, what was expected, what came; not what came when the command takes a
            secret, which may stand in the wrong place.
    """
    try:
        return _bind(command, words, limits)
    except BadArgument as error:
        error = _misnamed(command, words) or error
        if any(parameter.is_secret for parameter in command.parameters):
            raise BadArgument(error.parameter, error.expected) from None
        raise error


def bind_values(
    command: Command, said: Mapping[str, Sequence[str]], limits: Limits
) -> Invocation | tuple[BadArgument, ...]:
    """
    Make an invocation of `command` with words that came by the names of their parameters, as a form's do.

    Args:
        command: which.
        said: the words of each parameter: one, or for one that repeats any number; none is as if the name had
            not come.
        limits: of words.

    Returns:
        The invocation; or all that is wrong, in the order of the parameters, unknown names last.
    """
    known = {parameter.name for parameter in command.parameters}
    values: dict[str, Value] = {}
    problems: list[BadArgument] = []
    try:
        _check_sizes([word for words in said.values() for word in words], limits)
    except BadArgument as error:
        return (error,)
    for parameter in command.parameters:
        try:
            value = _value_of(parameter, said.get(parameter.name, ()))
        except BadArgument as error:
            problems.append(error)
        else:
            if value is not None:
                values[parameter.name] = value
    problems += [_unknown_name(command, name, known) for name in said if name not in known]
    return tuple(problems) or Invocation(command, MappingProxyType(values))


def _value_of(parameter: Parameter, words: Sequence[str]) -> Value | None:
    """The value of `words`; None when nothing came, and nothing stands in its place."""
    if parameter.repeats:
        return tuple(str(parameter.read(word)) for word in words)
    if len(words) > 1:
        raise BadArgument(parameter.name, "one value", str(len(words)))
    if words:
        return parameter.read(words[0])
    if parameter.is_required:
        raise BadArgument(parameter.name, parameter.type.expected, "nothing")
    return parameter.default_value


def _bind(command: Command, words: Sequence[str], limits: Limits) -> Invocation:
    _check_sizes(words, limits)
    said = sort_words(command.parameters, words)
    values: dict[str, Value] = {}
    for named in said.named:
        parameter, word = named.parameter, named.word
        if parameter.name in values:
            raise BadArgument(parameter.name, _one_value(parameter), "two")
        if word is None:
            raise BadArgument(parameter.name, parameter.type.expected, "nothing")
        values[parameter.name] = parameter.read(word)
    _fill(command.parameters, said.unnamed, values)
    return Invocation(command, MappingProxyType(values))


def _misnamed(command: Command, words: Sequence[str]) -> BadArgument | None:
    """What is wrong, once something is, with the first word that names what no parameter is called."""
    names = [parameter.name for parameter in command.parameters]
    with_options = takes_options(command.parameters)
    for word in sort_words(command.parameters, words).free:
        name, equals, _ = word.partition("=")
        if with_options and name_of_option(word) not in {"", *names}:
            return _unknown_name(command, name, [*map(option_of, command.parameters)])
        if equals and NAME.fullmatch(name) and name not in names:
            return _unknown_name(command, name, names)
    return None


def _one_value(parameter: Parameter) -> str:
    # a text may stand for several: its summary says how
    about = parameter.summary if isinstance(parameter.type, TextType) else ""
    return f"one value ({about})" if about else "one value"


def _unknown_name(command: Command, name: str, names: Collection[str]) -> BadArgument:
    hint = suggestion(_meant_by_habit(command, name)) or did_you_mean(name, names)
    return BadArgument("", f"a parameter of {command.name}", f"{shown(name)}{hint}")


def _meant_by_habit(command: Command, name: str) -> str:
    """What says here what an option of most programs says there; empty for none."""
    if name == "--help":
        return f"`help {command.name}`"
    forms = (each.type for each in command.parameters if each.name == "form")
    has_json = any(isinstance(form, ChoiceType) and "json" in form.choices for form in forms)
    return "form=json" if name == "--json" and has_json else ""


def _check_sizes(words: Sequence[str], limits: Limits) -> None:
    if len(words) > limits.arguments:
        raise BadArgument("", f"at most {limits.arguments} words", str(len(words)))
    for word in words:
        if len(word.encode("utf-8", "surrogatepass")) > limits.argument_bytes:
            raise BadArgument(
                "", f"words of at most {limits.argument_bytes} bytes", f"one of {len(word)} characters"
            )


def _fill(parameters: Iterable[Parameter], positional: Iterable[str], values: dict[str, Value]) -> None:
    words = iter(positional)
    for parameter in parameters:
        if parameter.name in values:
            continue
        said = [*words] if parameter.repeats else [*islice(words, 1)]
        if (value := _value_of(parameter, said)) is not None:
            values[parameter.name] = value
    if (word := next(words, None)) is not None:
        raise BadArgument("", "no more words", shown(word))


def launch_of(invocation: Invocation, program: Program, limits: Limits) -> Launch:
    """
    The child that `program`, the action of the invocation's command, is with these values.

    Paths must have been followed before. The environment is PATH, LANG, HOME and what the command declares.
    """
    secrets: list[bytes] = []
    words: dict[str, str] = {}
    for parameter in invocation.command.parameters:
        value = invocation.values.get(parameter.name)
        if isinstance(value, Secret):
            words[parameter.name] = f"/dev/fd/{FIRST_SECRET_DESCRIPTOR + len(secrets)}"
            secrets.append(value.revealed.encode())
        elif isinstance(parameter.type, FlagType):
            if value:
                words[parameter.name] = parameter.type.on
        elif value is not None:
            words[parameter.name] = word_of(value)
    arguments = (element.fill(words) for element in program.elements)
    return Launch(
        argv=(program.executable, *(argument for argument in arguments if argument is not None)),
        environment=MappingProxyType(
            {"PATH": EXECUTABLE_PATH, "LANG": "C.UTF-8", "HOME": program.home, **program.environment}
        ),
        user=program.user,
        resources=program.resources,
        takes_input=invocation.command.takes_input,
        secrets=tuple(secrets),
        grace_seconds=limits.grace_seconds,
        unkillable_seconds=limits.unkillable_seconds,
    )
