"""A model in a process of its own, with the limits of the contract: `python launcher.py NAME once|keep`."""

import sys

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
        limits=LIMITS,
        announce=announce,
    )
