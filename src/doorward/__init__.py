"""The public names of Doorward, each imported when it is first asked for."""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from doorward.clients.fetch.options import FetchOptions as FetchOptions
    from doorward.clients.talk.session import TalkSession as TalkSession
    from doorward.compose.fetch_calls import fetch as fetch
    from doorward.compose.fetch_calls import fetch_blocking as fetch_blocking
    from doorward.compose.fetching import FetchSession as FetchSession
    from doorward.compose.talk_calls import talk as talk
    from doorward.core.call import Call as Call
    from doorward.core.catalogue import Catalogue as Catalogue
    from doorward.core.command import Command as Command
    from doorward.core.errors import DoorwardError as DoorwardError
    from doorward.core.fetching import Fetched as Fetched
    from doorward.core.parameter import Parameter as Parameter
    from doorward.core.parameter_types import AddressType as AddressType
    from doorward.core.parameter_types import ChoiceType as ChoiceType
    from doorward.core.parameter_types import FlagType as FlagType
    from doorward.core.parameter_types import HostnameType as HostnameType
    from doorward.core.parameter_types import IntegerType as IntegerType
    from doorward.core.parameter_types import NumberType as NumberType
    from doorward.core.parameter_types import PathType as PathType
    from doorward.core.parameter_types import PatternType as PatternType
    from doorward.core.parameter_types import PortType as PortType
    from doorward.core.parameter_types import SecretType as SecretType
    from doorward.core.parameter_types import TextType as TextType
    from doorward.core.secret import Secret as Secret
    from doorward.core.tables import Column as Column
    from doorward.core.tables import Series as Series
    from doorward.core.tables import Table as Table
    from doorward.core.talking import Matched as Matched
    from doorward.core.talking import NotInTime as NotInTime
    from doorward.core.talking import PeerEnded as PeerEnded

_NAMES = {
    "clients.fetch.options": ("FetchOptions",),
    "clients.talk.session": ("TalkSession",),
    "compose.fetch_calls": ("fetch", "fetch_blocking"),
    "compose.fetching": ("FetchSession",),
    "compose.talk_calls": ("talk",),
    "core.call": ("Call",),
    "core.catalogue": ("Catalogue",),
    "core.command": ("Command",),
    "core.errors": ("DoorwardError",),
    "core.fetching": ("Fetched",),
    "core.parameter": ("Parameter",),
    "core.parameter_types": (
        "AddressType",
        "ChoiceType",
        "FlagType",
        "HostnameType",
        "IntegerType",
        "NumberType",
        "PathType",
        "PatternType",
        "PortType",
        "SecretType",
        "TextType",
    ),
    "core.secret": ("Secret",),
    "core.tables": ("Column", "Series", "Table"),
    "core.talking": ("Matched", "NotInTime", "PeerEnded"),
}

_MODULES: dict[str, str] = {name: f"doorward.{module}" for module, names in _NAMES.items() for name in names}
"""The module that each public name comes from."""


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
