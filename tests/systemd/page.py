"""The recipes of docs/systemd.md, as they stand there."""

import re

from tests.booted import ROOT

_FENCES = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def recipe(language: str, containing: str) -> str:
    """The one fenced block of `language` that contains this text."""
    page = (ROOT / "docs" / "systemd.md").read_text()
    (found,) = [text for kind, text in _FENCES.findall(page) if kind == language and containing in text]
    return str(found)
