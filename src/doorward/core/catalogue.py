"""The catalogue: every command by its name."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from doorward.core.command import Command
from doorward.core.errors import CatalogueError
from doorward.core.functions import function_action, function_parameters, function_summary

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


class Catalogue:
    """
    Commands by their names, which are unique.

    Commands are added when the program starts; what the desk works with is `commands`, which shows
    every later addition too.
    """

    __slots__ = ("_commands", "commands")

    def __init__(self, commands: Iterable[Command] = ()) -> None:
        self._commands: dict[str, Command] = {}
        self.commands: Mapping[str, Command] = MappingProxyType(self._commands)
        for command in commands:
            self.add(command)

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def __len__(self) -> int:
        return len(self._commands)

    def add(self, command: Command) -> None:
        """
        Add `command`.

        Raises:
            CatalogueError: it does not hold together, or its name is taken.
        """
        command.check()
        if command.name in self._commands:
            raise CatalogueError("a command of this name is declared already", key=f"commands.{command.name}")
        self._commands[command.name] = command

    def command(self, name: str = "", **declared: Any) -> Callable[[FunctionT], FunctionT]:
        """
        Declare the decorated function as a command.

        Args:
            name: how it is asked for; left out, the function's name with `-` for `_`.
            **declared: fields of `Command`, as `summary`, `roles`, `timeout_seconds` or `read_only`.

        Raises:
            CatalogueError: a field that is not known, or a signature that no words can fill.
        """

        def declare(function: FunctionT) -> FunctionT:
            self.add(_command_of(function, name, declared))
            return function

        return declare


def _command_of(function: Callable[..., Any], name: str, declared: dict[str, Any]) -> Command:
    name = name or str(getattr(function, "__name__", "")).replace("_", "-")
    fields = {"summary": function_summary(function), **declared}
    for field in ("roles", "doors"):
        if fields.get(field) is not None:
            fields[field] = _names(fields[field], key=f"commands.{name}.{field}")
    try:
        return Command(
            name=name,
            action=function_action(function),
            parameters=function_parameters(function, key=f"commands.{name}.parameters"),
            **fields,
        )
    except TypeError as error:
        raise CatalogueError(str(error), key=f"commands.{name}") from error


def _names(names: object, *, key: str) -> frozenset[str]:
    # a text is iterable too: `roles="operator"` would be roles of one letter each
    if not isinstance(names, Iterable) or isinstance(names, str):
        raise CatalogueError("these are no names", key=key, expected="a set of texts", found=ascii(names))
    return frozenset(names)
