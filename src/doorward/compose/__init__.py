"""The one place where objects are built and wired, and the daemon's life from its start to its end."""

from doorward.compose.opened import Opened
from doorward.compose.serving import ServeOptions, run

__all__ = ["Opened", "ServeOptions", "run"]
