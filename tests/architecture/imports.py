"""What a source file imports, read from its syntax: late imports and those for type checking count too."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.rooms import IMPURE_NAMES, PURE_NAMES, ROOMS

ROOT = "doorward"


@dataclass(frozen=True, slots=True)
class Import:
    """
    One imported name.

    Attributes:
        importer: the dotted module that imports.
        module: the dotted module that is imported, absolute.
        name: what `from module import name` takes; empty for `import module`.
        line: counted from 1.
    """

    importer: str
    module: str
    name: str
    line: int

    @property
    def target(self) -> str:
        """The longest dotted path that is named."""
        return f"{self.module}.{self.name}" if self.name else self.module


def module_name(file: Path, source_folder: Path) -> str:
    """Name the module that `file` is; a package's `__init__.py` has the name of the package."""
    parts = list(file.relative_to(source_folder).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def imports_of(source: str, *, importer: str, is_package: bool) -> Iterator[Import]:
    """Yield every import in `source`, wherever it stands in it."""
    package = importer if is_package else importer.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (Import(importer, alias.name, "", node.lineno) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = _absolute(module or "", package=package, level=level)
                yield from (Import(importer, base, alias.name, node.lineno) for alias in names)
            case _:
                pass


def all_imports(source_folder: Path) -> Iterator[Import]:
    """Yield every import of every file of ours below `source_folder`."""
    for file in sorted((source_folder / ROOT).rglob("*.py")):
        yield from imports_of(
            file.read_text(encoding="utf-8"),
            importer=module_name(file, source_folder),
            is_package=file.name == "__init__.py",
        )


def room_of(module: str) -> str:
    """Name the room that a module of ours is in; the root itself is `__init__`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def complaints(imports: Iterable[Import]) -> Iterator[str]:
    """Yield one sentence for each import that the table does not allow."""
    for found in imports:
        if (complaint := _complaint(found)) is not None:
            yield f"{found.importer}, line {found.line}: {complaint}"


def _absolute(module: str, *, package: str, level: int) -> str:
    if level == 0:
        return module
    parents = package.split(".")
    return ".".join([*parents[: len(parents) - level + 1], *([module] if module else [])])


def _complaint(found: Import) -> str | None:
    room = room_of(found.importer)
    if room not in ROOMS:
        return f"the room {room} has no row in tests/architecture/rooms.py"
    if found.module.split(".")[0] == ROOT:
        return _complaint_about_ours(found, room)
    return _complaint_about_others(found, room)


def _complaint_about_ours(found: Import, room: str) -> str | None:
    target = room_of(found.target)
    allowed = ROOMS[room].rooms
    if target == room:
        return _complaint_about_sibling(found, room)
    if found.module == ROOT and target not in ROOMS:
        return (
            None
            if found.name == "__version__"
            else f"{room} takes {found.name} from its room, not from {ROOT}"
        )
    if target in allowed or "*" in allowed:
        return None
    return f"{room} must not import {target}; it may import {_listed(allowed)}"


def _complaint_about_sibling(found: Import, room: str) -> str | None:
    child, other = _child_of(found.importer), _child_of(found.target)
    if not ROOMS[room].has_siblings or other in {"", child} or other.startswith("_"):
        return None
    if not child:
        return f"{room}/__init__ must not know its child {other}"
    return f"{room}.{child} must not know its sibling {room}.{other}"


def _child_of(module: str) -> str:
    parts = module.split(".")
    return parts[2] if len(parts) > 2 else ""


def _complaint_about_others(found: Import, room: str) -> str | None:
    allowed = ROOMS[room].modules
    if "*" in allowed or found.name in PURE_NAMES.get(found.module, ()):
        return None
    top = found.module.split(".")[0]
    if found.name in IMPURE_NAMES.get(found.module, ()) and "asyncio" not in allowed:
        return f"{room} must not import {found.target}, which acts on the process"
    if any(_covers(module, found) for module in allowed):
        return None
    return (
        f"{room} must not import {found.module}: {top} is not among the modules that its row in "
        "tests/architecture/rooms.py allows"
    )


def _covers(module: str, found: Import) -> bool:
    return module in {found.target, found.module} or found.target.startswith(module + ".")


def _listed(rooms: frozenset[str]) -> str:
    return ", ".join(sorted(rooms)) or "nothing of ours"
