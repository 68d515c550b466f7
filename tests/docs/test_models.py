"""The page on models shows the code that runs, and names every model."""

import re
import textwrap
from pathlib import Path

import pytest

from doorward.models import NAMES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "models.md").read_text()
MODELS = ROOT / "src" / "doorward" / "models"

_SHOWN = re.compile(
    r"<!-- (?P<file>[\w/]+\.py): (?P<mark>[\w ]+) -->\n```python\n(?P<code>.*?)```", re.DOTALL
)


def section(file: str, mark: str) -> str:
    """The lines of a source between `# [mark]` and the next mark."""
    text = (MODELS / file).read_text()
    found = re.search(rf"^ *# \[{mark}\]\n(.*?)^ *# \[", text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"{file} has no [{mark}]"
    return textwrap.dedent(found[1]).strip() + "\n"


@pytest.mark.parametrize(
    "shown", [pytest.param(each, id=f"{each[1]}-{each[2]}") for each in _SHOWN.finditer(PAGE)]
)
def test_code_on_the_page_is_the_code_that_runs(shown: re.Match[str]) -> None:
    assert shown["code"] == section(shown["file"], shown["mark"])


def test_every_model_has_its_code_on_the_page() -> None:
    shown = {each["file"] for each in _SHOWN.finditer(PAGE)}
    stand_ins = {"streams": "_stream_peer", "protocols": "_callback_peer"}
    assert {f"{stand_ins.get(name, name)}.py" for name in NAMES} <= shown
    # no block is there that the test above passes over
    assert PAGE.count("```python") == len(list(_SHOWN.finditer(PAGE)))


def test_every_drawing_of_the_page_is_there() -> None:
    drawings = re.findall(r"\]\((models/\w+\.svg)\)", PAGE)
    assert len(drawings) >= 7
    assert all((ROOT / "docs" / drawing).exists() for drawing in drawings)
