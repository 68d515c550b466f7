"""Catalogues in Python: those that `[server] commands` names, and those that installed packages bring."""

import importlib
import os
import sys
from collections.abc import Iterator
from types import ModuleType

from doorward.config.report import Key, Report, found_in
from doorward.core.catalogue import Catalogue
from doorward.core.errors import ConfigurationError
from doorward.core.invocation import did_you_mean

ENTRY_POINT_GROUP = "doorward.commands"

_EXPECTED = '"module:name" of a Catalogue'


def read_catalogues(references: list[str], key: Key, report: Report) -> list[tuple[str, Catalogue]]:
    """
    Import what `references` name, then what installed packages bring.

    Importing runs the code of these modules. One catalogue that is found twice comes once.

    Returns:
        Where it came from, and the catalogue.
    """
    found: list[tuple[str, Catalogue]] = []
    places = [(reference, (*key, index), "") for index, reference in enumerate(references)]
    for reference, here, package in [*places, *((entry, key, package) for entry, package in installed())]:
        catalogue = _import(reference, here, report, package=package)
        if catalogue is not None and all(catalogue is not known for _, known in found):
            found.append((reference, catalogue))
    return found


def installed() -> list[tuple[str, str]]:
    """
    What the entry points of the group `doorward.commands` name, each with the package that brings it.

    To look at the files' names first costs a hundredth of importing `importlib.metadata`, and nearly nobody
    has such a package.
    """
    if not any(_declares_the_group(file) for file in _entry_point_files()):
        return []
    from importlib.metadata import entry_points

    return [
        (entry_point.value, entry_point.dist.name if entry_point.dist else "")
        for entry_point in entry_points(group=ENTRY_POINT_GROUP)
    ]


def _entry_point_files() -> Iterator[str]:
    for folder in sys.path:
        try:
            with os.scandir(folder or ".") as entries:
                infos = [entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info"))]
        except OSError:
            continue
        for info in infos:
            yield os.path.join(info, "entry_points.txt")


def _declares_the_group(file: str) -> bool:
    try:
        with open(file, "rb") as opened:
            return ENTRY_POINT_GROUP.encode() in opened.read()
    except OSError:
        return False


def _import(reference: str, key: Key, report: Report, *, package: str) -> Catalogue | None:
    """The catalogue that `reference` names; `package` brought it, or is empty."""
    try:
        return _imported(reference)
    except ConfigurationError as error:
        if package:
            error.problem = f"the package {package} brings {reference}, and {error.problem}"
        report.adopt(key, error)
        return None


def _imported(reference: str) -> Catalogue:
    name, colon, attribute = reference.partition(":")
    if not colon or not _is_dotted(name) or not _is_dotted(attribute):
        raise ConfigurationError("this names no catalogue", expected=_EXPECTED, found=found_in(reference))
    module = _module(name)
    found: object = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            hint = did_you_mean(part, (other for other in vars(module) if not other.startswith("_")))
            raise ConfigurationError(f"the module {name} has no {part}{hint}", found=found_in(reference))
        found = getattr(found, part)
    if not isinstance(found, Catalogue):
        kind = type(found).__name__
        raise ConfigurationError(f"{reference} is no catalogue", expected=_EXPECTED, found=f"a {kind}")
    return found


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        needed = "" if missing == name or name.startswith(f"{missing}.") else f", which {name} imports"
        raise ConfigurationError(
            f"there is no module {missing}{needed}; "
            f"install it for {sys.executable}, or name its folder in PYTHONPATH",
        ) from error
    except (Exception, SystemExit) as error:
        # the code is the keeper's and can raise anything
        raise ConfigurationError(f"importing {name} failed: {_in_one_line(error)}") from error


def _in_one_line(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        place = f"{error.filename}, line {error.lineno}"
    else:
        import traceback

        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{last.filename}, line {last.lineno}"
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text} ({place})" if text else f"{type(error).__name__} ({place})"


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))
