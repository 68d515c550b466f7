"""
A model in a process of its own: `python launcher.py NAME once|keep [BYTES]`.

It has the limits of the contract, except that an answer may have BYTES.
"""

import sys
from dataclasses import replace

from doorward.core.settings import LineSessionKind
from doorward.models import find
from doorward.models._model import Model
from doorward.models._serving import serve_model
from doorward.testing.model_contract import LIMITS


def announce(_model: Model, _host: str, port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve_model(
        find(sys.argv[1]),
        "127.0.0.1",
        0,
        kind=LineSessionKind(sys.argv[2]),
        limits=replace(LIMITS, output_bytes=int(sys.argv[3])) if len(sys.argv) > 3 else LIMITS,
        announce=announce,
    )
