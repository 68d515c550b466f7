"""The table `[doors.web.files]`: a folder, or a table about one, for each path."""

import os
from typing import Any

from doorward.config.report import Key, Report, found_in
from doorward.config.shapes import MountShape
from doorward.config.tables import read_table
from doorward.config.user_settings import check_roles
from doorward.core.mounts import OWN_PATHS, Mount, path_problem


def read_mounts(tables: dict[str, Any], key: Key, report: Report) -> tuple[Mount, ...]:
    """
    The mounts that stand below `key`.

    Args:
        tables: a path of a folder, or a table, by the path at which it is shown.
        key: where they stand.
        report: gets what is wrong.
    """
    found = []
    for path, value in tables.items():
        here = (*key, path)
        if problem := path_problem(path):
            expected = f'such as "/pub", which begins with none of {", ".join(sorted(OWN_PATHS))}'
            report.add(here, problem, expected=expected, found=found_in(path))
        elif isinstance(value, dict):
            found.append(_mount(path, read_table(value, MountShape, here, report), here, report))
        elif isinstance(value, str):
            found.append(Mount(path=path, root=_root(value, here, report)))
        else:
            expected = "the path of a folder, or a table with root"
            report.add(here, "this is of another type", expected=expected, found=found_in(value))
    return tuple(found)


def _mount(path: str, shape: MountShape, key: Key, report: Report) -> Mount:
    roles = shape.roles or []
    check_roles(roles, (*key, "roles"), report)
    if roles and shape.public:
        report.add((*key, "roles"), "everybody sees what is public, so no roles can be asked for")
    return Mount(
        path=path,
        root=_root(shape.root, (*key, "root"), report),
        lists=shape.listing is not False,
        shows_hidden=bool(shape.hidden),
        is_public=bool(shape.public),
        is_trusted=bool(shape.trusted),
        roles=frozenset(roles),
    )


def _root(text: str, key: Key, report: Report) -> str:
    """The folder that `text` means, absolute; a relative one is seen from the folder of the file."""
    expected = "the path of a folder"
    if not text or "\0" in text:
        report.add(key, "a folder is wanted", expected=expected, found=found_in(text))
        return ""
    root = os.path.normpath(report.beside(text))
    if not os.path.lexists(root):
        # a disk that comes later is no reason not to start
        report.note(key, f"{root} is not there; until it is, nothing is below its path")
    elif not os.path.isdir(root):
        report.add(key, "this is no folder", expected=expected, found=found_in(text))
    return root
