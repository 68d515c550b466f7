"""The limit and the load in C: built once into a cache folder, where a compiler is there."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_BUILD_SECONDS = 60
_HERE = Path(__file__).parent
_PACKAGED = _HERE / "native"
_IN_CHECKOUT = _HERE.parents[2] / "benchmarks" / "native"


@dataclass(frozen=True, slots=True)
class Native:
    """
    Programs in C.

    Attributes:
        load: the generator of load; None where there is none.
        server: the server that marks the limit; None where there is none.
        missing: why there is none, in one line; empty when both are there.
    """

    load: Path | None = None
    server: Path | None = None
    missing: str = ""


def native_programs(environment: Mapping[str, str]) -> Native:
    """Build what was not built yet, or say why not."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return Native(missing="no C compiler is installed")
    try:
        return Native(
            load=_built("line_load", compiler, environment),
            server=_built("epoll_server", compiler, environment),
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Native(missing=f"the programs in C could not be built: {error}")


def _built(name: str, compiler: str, environment: Mapping[str, str]) -> Path:
    source = next(
        folder / f"{name}.c" for folder in (_PACKAGED, _IN_CHECKOUT) if (folder / f"{name}.c").exists()
    )
    # another source is another program: its name says which
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    cache = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "doorward"
    program = cache / f"{name}-{digest}"
    if not program.exists():
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            fresh = Path(folder) / name
            subprocess.run(
                [compiler, "-O2", "-o", fresh, source],
                check=True,
                capture_output=True,
                timeout=_BUILD_SECONDS,
            )
            os.replace(fresh, program)
    return program
