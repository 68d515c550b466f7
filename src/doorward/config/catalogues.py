"""Catalogues in Python: those that `[server] commands` names, and those that installed packages bring."""

import importlib
import os
import sys
import traceback
from collections.abc import Iterator
from types import ModuleType

from doorward.config.report import Key, Report, found_in
from doorward.core.catalogue import Catalogue
from doorward.core.invocation import nearest_name

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
    places = [(reference, (*key, index)) for index, reference in enumerate(references)]
    for reference, here in [*places, *((reference, key) for reference in installed_references())]:
        catalogue = _import(reference, here, report)
        if catalogue is not None and all(catalogue is not known for _, known in found):
            found.append((reference, catalogue))
    return found


def installed_references() -> list[str]:
    """
    What the entry points of the group `doorward.commands` name, in the order of the search path.

    To look at the files' names first costs a hundredth of importing `importlib.metadata`, and nearly nobody
    has such a package.
    """
    if not any(_declares_the_group(file) for file in _entry_point_files()):
        return []
    from importlib.metadata import entry_points

    return [entry_point.value for entry_point in entry_points(group=ENTRY_POINT_GROUP)]


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


def _import(reference: str, key: Key, report: Report) -> Catalogue | None:
    name, colon, attribute = reference.partition(":")
    if not colon or not _is_dotted(name) or not _is_dotted(attribute):
        report.add(key, "this names no catalogue", expected=_EXPECTED, found=found_in(reference))
        return None
    module = _module(name, key, report)
    if module is None:
        return None
    found: object = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            nearest = nearest_name(part, [other for other in vars(module) if not other.startswith("_")])
            hint = f"; did you mean {nearest}?" if nearest else ""
            report.add(key, f"the module {name} has no {part}{hint}", found=found_in(reference))
            return None
        found = getattr(found, part)
    if not isinstance(found, Catalogue):
        report.add(key, f"{reference} is no catalogue", expected=_EXPECTED, found=f"a {type(found).__name__}")
        return None
    return found


def _module(name: str, key: Key, report: Report) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        needed = "" if missing == name or name.startswith(f"{missing}.") else f", which {name} imports"
        report.add(
            key,
            f"there is no module {missing}{needed}; "
            f"install it for {sys.executable}, or name its folder in PYTHONPATH",
        )
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the code is the keeper's and can raise anything
        report.add(key, f"importing {name} failed: {_in_one_line(error)}")
    return None


def _in_one_line(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        place = f"{error.filename}, line {error.lineno}"
    else:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{last.filename}, line {last.lineno}"
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text} ({place})" if text else f"{type(error).__name__} ({place})"


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))
