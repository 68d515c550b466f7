"""Without a configuration file nothing is imported that only reading one needs."""

import os
import subprocess
import sys

import pytest

PROBE = """
import sys
from doorward.config import load_settings
load_settings(None)
print(*sorted({"msgspec", "tomllib", "importlib.metadata", "rich", "asyncio"} & sys.modules.keys()))
"""


def _printed(program: str) -> str:
    # a measurement of coverage, which begins in children too, imports a TOML parser of its own
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout


def test_the_defaults_need_neither_msgspec_nor_a_toml_parser() -> None:
    assert _printed(PROBE).split() == []


@pytest.mark.parametrize("name", ["rich", "asyncio", "importlib.metadata"])
def test_reading_a_file_is_light_too(name: str, tmp_path: object) -> None:
    probe = (
        "import sys; from pathlib import Path; from doorward.config import load_settings; "
        f"file = Path({str(tmp_path)!r}, 'c.toml'); file.write_text('[server]'); file.chmod(0o600); "
        f"load_settings(file); print({name!r} in sys.modules)"
    )
    assert _printed(probe).strip() == "False"
