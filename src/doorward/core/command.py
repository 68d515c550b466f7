"""A command of the catalogue, and the three things that it can do when it is asked for."""

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from doorward.core.errors import CatalogueError
from doorward.core.limits import LimitFacts, facts
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import FlagType
from doorward.core.tables import Reader
from doorward.core.template import Element

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
NAME_EXPECTED = "a-z, then a-z, 0-9, - and _, at most 64 characters"

NUMBERS: Mapping[str, LimitFacts] = MappingProxyType(
    {
        "fresh_seconds": LimitFacts(unit="seconds; 0 for never", least=0, most=86_400, source="a day"),
        "at_once": LimitFacts(
            unit="runs at once; 0 for as many as there are places", least=0, most=1024, source="ours"
        ),
    }
    | {
        name: about
        for name, _, about in facts()
        if name in {"timeout_seconds", "output_bytes", "input_bytes", "linger_seconds"}
    }
)
"""The numbers of a command, and what a configuration may make them; in Python each may be as little as 0."""


@dataclass(frozen=True, slots=True)
class Program:
    """
    Runs a program.

    Attributes:
        executable: absolute.
        elements: what follows it.
        user: another system user; empty for the daemon's own.
        home: what HOME says.
        environment: beside PATH, LANG and HOME.
        resources: limits by the names of prlimit(1), see `Launch`.
    """

    executable: str
    elements: tuple[Element, ...] = ()
    user: str = ""
    home: str = "/"
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    resources: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Function:
    """
    Calls a Python function.

    Attributes:
        function: called with a `Call` first when `takes_call`, then with the values by name.
        takes_call: whether it wants to know who asks; its answers are then never shared.
        is_async: runs on the loop; otherwise in a thread.
    """

    function: Callable[..., Any]
    takes_call: bool
    is_async: bool


class Verb(enum.Enum):
    """What the desk answers by itself; such a command has no process, no place and no number."""

    WHOAMI = "whoami"
    ECHO = "echo"
    HELP = "help"
    RUNS = "runs"
    ATTACH = "attach"
    CANCEL = "cancel"
    SCHEDULES = "schedules"
    STATUS = "status"
    QUIT = "quit"


Action = Program | Function | Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """
    A named, safe thing that may be asked for.

    Attributes:
        name: `[a-z][a-z0-9_-]*`, at most 64 characters.
        summary: one line for people.
        action: what it does.
        parameters: in the order in which words fill them.
        roles: who may; None for every user who logged in.
        open_to_guests: a built-in that guests may ask for although no role says so.
        doors: by which doors; None for all.
        read_only: changes nothing: may be shared, and asked for with GET.
        fresh_seconds: an answer this young is given again, as long as its run is kept; 0 for never.
        timeout_seconds, output_bytes, input_bytes, linger_seconds: None for the limit of that name.
        at_once: how many of it may run at once; 0 for as many as there are places.
        takes_input: the caller's stdin goes to it.
        detach: goes on when nobody reads it.
        reader: reads its output as a table or a series.
        is_builtin: came with the program and does what it came for, in a place kept for such.
        is_shareable: two who ask the same may be given the same run; follows from the others.
    """

    name: str
    action: Action
    summary: str = ""
    parameters: tuple[Parameter, ...] = ()
    roles: frozenset[str] | None = None
    open_to_guests: bool = False
    doors: frozenset[str] | None = None
    read_only: bool = False
    fresh_seconds: float = 0.0
    timeout_seconds: float | None = None
    output_bytes: int | None = None
    input_bytes: int | None = None
    linger_seconds: float | None = None
    at_once: int = 0
    takes_input: bool = False
    detach: bool = False
    reader: Reader | None = None
    is_builtin: bool = False
    is_shareable: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_shareable", self._is_shareable())

    @property
    def has_own_places(self) -> bool:
        """Whether it runs in the places that the built-in programs share."""
        return self.is_builtin and isinstance(self.action, Program)

    @property
    def has_place_of_its_own(self) -> bool:
        """Whether one place is kept for it alone: what a keeper needs waits behind nobody but itself."""
        return self.is_builtin and isinstance(self.action, Function)

    def check(self) -> None:
        """
        Make sure that the declaration holds together.

        Raises:
            CatalogueError: which key, and what is wrong with it.
        """
        key = f"commands.{self.name}"
        if not NAME.fullmatch(self.name):
            raise CatalogueError(
                "a command's name cannot be this",
                key=key,
                expected=NAME_EXPECTED,
                found=ascii(self.name),
            )
        self._check_numbers(key)
        self._check_parameters(f"{key}.parameters")
        if isinstance(self.action, Program):
            self._check_elements(self.action, f"{key}.run")
        if self.fresh_seconds and not self.is_shareable:
            raise CatalogueError(
                "its answers cannot be given again",
                key=f"{key}.fresh_seconds",
                expected="0, or a read_only command without input, secrets and call",
            )

    def _check_numbers(self, key: str) -> None:
        for name, about in NUMBERS.items():
            number = getattr(self, name)
            if number is None:
                continue
            # one that was declared in Python may be of any type; NaN is within nothing
            is_number = isinstance(number, int | float) and not isinstance(number, bool)
            if not is_number or not 0 <= number <= about.most:
                raise CatalogueError(
                    "this number cannot be",
                    key=f"{key}.{name}",
                    expected=f"0 to {about.most:.0f}",
                    found=ascii(number),
                )

    def _is_shareable(self) -> bool:
        if (
            not self.read_only
            or self.takes_input
            or any(parameter.is_secret for parameter in self.parameters)
        ):
            return False
        return not (isinstance(self.action, Function) and self.action.takes_call)

    def _check_parameters(self, key: str) -> None:
        names: set[str] = set()
        for index, parameter in enumerate(self.parameters):
            parameter.check(key=f"{key}.{parameter.name}")
            if parameter.name in names:
                raise CatalogueError("the parameter is declared twice", key=f"{key}.{parameter.name}")
            names.add(parameter.name)
            if parameter.repeats and index + 1 < len(self.parameters):
                raise CatalogueError("only the last parameter may repeat", key=f"{key}.{parameter.name}")

    def _check_elements(self, program: Program, key: str) -> None:
        declared = {parameter.name for parameter in self.parameters}
        used = {name for element in program.elements for name in element.names}
        for name in sorted(used - declared):
            raise CatalogueError(f"{{{name}}} is no parameter of this command", key=key)
        for name in sorted(declared - used):
            raise CatalogueError(f"the parameter {name} fills no element", key=key)
        for parameter in self.parameters:
            if parameter.repeats:
                raise CatalogueError("a program's parameter cannot repeat", key=f"{key}.{parameter.name}")
            if isinstance(parameter.type, FlagType) and not parameter.type.on:
                raise CatalogueError(
                    "a program's flag says what stands for yes",
                    key=f"commands.{self.name}.parameters.{parameter.name}.on",
                    expected='an element, as "-q"',
                )
