"""What users get is the wheel: it is built once, and looked at instead of the source tree."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from doorward import __version__

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_source_and_the_mark_that_it_is_typed(wheel: Path) -> None:
    sources = {
        str(file.relative_to(ROOT / "src"))
        for file in (ROOT / "src" / "doorward").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert "doorward/py.typed" in sources
    names = set(ZipFile(wheel).namelist())
    assert sources <= names
    assert {name.partition("/")[0] for name in names} == {"doorward", f"doorward-{__version__}.dist-info"}


def test_the_wheel_has_the_licence_and_the_command(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        information = f"doorward-{__version__}.dist-info"
        assert b"The Doorward authors" in archive.read(f"{information}/licenses/LICENSE")
        assert b"doorward = doorward.cli:main" in archive.read(f"{information}/entry_points.txt")


def test_the_wheel_is_imported_from_itself(wheel: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(wheel)!r}); import doorward; print(doorward.__file__)"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.startswith(str(wheel))
