"""
One line session on every way to wait: one protocol, eleven kinds of program, to be read and measured.

A model is a file. It says what it is in `MODEL`, and serves a listening socket in `serve` until a signal ends
it. What a line means stands in `_answering`, once, without I/O.
"""

from importlib import import_module
from typing import cast

from doorward.models._model import Server

NAMES = (
    "sequential",
    "threads",
    "processes",
    "fork",
    "select",
    "epoll",
    "streams",
    "protocols",
    "uvloop",
    "twisted",
    "udp",
)
"""The models, in the order in which they build on one another."""


def find(name: str) -> Server:
    """
    The model called `name`, one of `NAMES`.

    Raises:
        ModelMissing: what it is built on is not installed.
    """
    if name not in NAMES:
        raise KeyError(name)
    return cast(Server, import_module(f"doorward.models.{name}"))
