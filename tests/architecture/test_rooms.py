"""The walls between rooms, over the real sources, and over sources that break each of them."""

from pathlib import Path

import pytest

from tests.architecture.imports import ROOT, all_imports, complaints, imports_of, module_name, room_of
from tests.architecture.rooms import ROOMS

SOURCE_FOLDER = Path(__file__).parents[2] / "src"


def complaints_about(source: str, *, importer: str, is_package: bool = False) -> list[str]:
    return list(complaints(imports_of(source, importer=importer, is_package=is_package)))


def test_every_import_is_one_that_the_table_allows() -> None:
    found = list(all_imports(SOURCE_FOLDER))
    assert found, f"no sources below {SOURCE_FOLDER}"
    broken = list(complaints(found))
    assert not broken, "\n".join(["Walls are broken:", *broken])


def test_every_file_stands_in_a_room_of_the_table() -> None:
    files = (SOURCE_FOLDER / ROOT).rglob("*.py")
    rooms = {room_of(module_name(file, SOURCE_FOLDER)) for file in files}
    assert rooms <= set(ROOMS), f"rooms without a row in the table: {sorted(rooms - set(ROOMS))}"


@pytest.mark.parametrize(
    ("importer", "source", "complaint"),
    [
        ("doorward.core.launch", "import socket", "core must not import socket"),
        ("doorward.core.launch", "import os.path", "core must not import os.path"),
        ("doorward.core.launch", "from time import monotonic", "core must not import time"),
        ("doorward.core.launch", "from pathlib import Path", "core must not import pathlib"),
        ("doorward.core.launch", "from signal import alarm", "core must not import signal.alarm"),
        ("doorward.core.launch", "def f():\n    import random", "core must not import random"),
        ("doorward.core.launch", "from urllib import request", "core must not import urllib"),
        ("doorward.core.launch", "from doorward.lines import text", "core must not import lines"),
        ("doorward.core.launch", "import doorward.service.desk", "core must not import service"),
        ("doorward.core.launch", "from doorward import gate", "core must not import gate"),
        ("doorward.core.launch", "from doorward import Catalogue", "core takes Catalogue from its room"),
        ("doorward.core.launch", "from ..lines import text", "core must not import lines"),
        ("doorward.lines.text", "import asyncio", "lines must not import asyncio"),
        (
            "doorward.service.desk",
            "from doorward.lines.text import TextSession",
            "service must not import lines",
        ),
        ("doorward.service.desk", "import time", "service must not import time"),
        ("doorward.stores.sqlite", "import subprocess", "stores must not import subprocess"),
        ("doorward.doors.line", "from doorward.stores import users", "doors must not import stores"),
        ("doorward.doors.line", "from doorward.doors.web import app", "must not know its sibling doors.web"),
        ("doorward.doors.line", "from doorward.doors import web", "must not know its sibling doors.web"),
        ("doorward.clients.http", "from ..clients.ftp import x", "must not know its sibling clients.ftp"),
        ("doorward.models.fork", "import doorward.models.select", "must not know its sibling models.select"),
        ("doorward.models.fork", "import doorward.processes.spawn", "models must not import processes"),
        ("doorward.cellar.wine", "import math", "the room cellar has no row"),
    ],
)
def test_a_forbidden_import_is_named(importer: str, source: str, complaint: str) -> None:
    assert [line for line in complaints_about(source, importer=importer) if complaint in line]


def test_an_import_for_type_checking_counts_too() -> None:
    source = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from doorward.gate.listener import Door"
    )
    assert complaints_about(source, importer="doorward.service.desk") == [
        "doorward.service.desk, line 3: service must not import gate; it may import core"
    ]


def test_a_room_of_siblings_does_not_import_them_in_its_init() -> None:
    assert complaints_about("from doorward.doors import ssh", importer="doorward.doors", is_package=True) == [
        "doorward.doors, line 1: doors/__init__ must not know its child ssh"
    ]


@pytest.mark.parametrize(
    ("importer", "source"),
    [
        ("doorward.core.parameter_types", "from pathlib import PurePath"),
        ("doorward.core.outcome", "import signal\nfrom urllib.parse import quote"),
        (
            "doorward.core.catalogue",
            "from collections.abc import Mapping\nfrom doorward.core.command import Command",
        ),
        ("doorward.doors.line", "import asyncio\nfrom doorward.doors._login import Login"),
        ("doorward.doors.web.pages", "from doorward.doors.web.session import Session"),
        ("doorward.doors.line", "from doorward import __version__"),
        ("doorward.compose", "from doorward.doors.line import LineDoor\nimport sqlite3"),
    ],
)
def test_an_allowed_import_passes(importer: str, source: str) -> None:
    assert complaints_about(source, importer=importer) == []
