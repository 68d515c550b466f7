"""The small catalogue that every model serves."""

import shutil

from doorward.core.catalogue import Catalogue
from doorward.core.command import Command, Program, Verb
from doorward.core.errors import CatalogueError
from doorward.core.launch import EXECUTABLE_PATH
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import IntegerType, NumberType, PatternType
from doorward.core.template import Element


def small_catalogue() -> Catalogue:
    """
    Short commands, a slow one and one with much to say.

    Raises:
        CatalogueError: a program of theirs is not installed.
    """
    words = Parameter(
        name="words", type=PatternType(pattern=".*", max=4096), repeats=True, summary="what to say"
    )
    seconds = Parameter(name="seconds", type=NumberType(max=3600.0), summary="how long")
    last = Parameter(name="last", type=IntegerType(min=1, max=10**9), default=100_000, summary="up to which")
    return Catalogue(
        [
            Command(name="whoami", action=Verb.WHOAMI, summary="Your address", is_builtin=True),
            Command(
                name="echo",
                action=Verb.ECHO,
                parameters=(words,),
                summary="How many are here, and your words again",
                is_builtin=True,
            ),
            Command(name="quit", action=Verb.QUIT, summary="Leave", is_builtin=True),
            Command(name="uptime", action=_program("uptime"), summary="How long the machine has been up"),
            Command(name="df", action=_program("df", "-h"), summary="Free space on each file system"),
            Command(
                name="sleep",
                action=Program(_found("sleep"), (Element(("", "seconds", "")),)),
                parameters=(seconds,),
                summary="Nothing, slowly",
            ),
            Command(
                name="count",
                action=Program(_found("seq"), (Element(("", "last", "")),)),
                parameters=(last,),
                summary="Numbers from 1 on, a line each: a big output",
            ),
        ]
    )


def _program(name: str, *words: str) -> Program:
    return Program(_found(name), tuple(Element((word,)) for word in words))


def _found(name: str) -> str:
    path = shutil.which(name, path=EXECUTABLE_PATH)
    if path is None:
        raise CatalogueError(f"{name} is not installed", key=f"commands.{name}")
    return path
