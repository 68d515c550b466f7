"""The public names of Doorward, each imported when it is first asked for."""

from importlib import import_module

__version__ = "0.1.0"

_MODULES: dict[str, str] = {}
"""The module that each public name comes from: `{"Catalogue": "doorward.core.catalogue"}`."""


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
