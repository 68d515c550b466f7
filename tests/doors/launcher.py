"""The daemon as a process of its own, for tests: it says on stdout when all doors are open."""

import json
import logging
import sys
from pathlib import Path

from doorward.compose.opened import Opened
from doorward.compose.serving import ServeOptions, run


def _say(opened: Opened) -> None:
    facts = {"doors": {name: list(at) for name, at in opened.doors.items()}, "notices": opened.notices}
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
    config, state, loop = sys.argv[1:]
    run(ServeOptions(config=Path(config) if config else None, state=Path(state), loop=loop), _say)
