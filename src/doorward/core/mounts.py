"""Folders that the web door shows: which, at what path, to whom."""

import re
from dataclasses import dataclass

from doorward.core.principal import Principal

OWN_PATHS = frozenset(
    {"api", "commands", "favicon.ico", "healthz", "metrics", "readyz", "runs", "signin", "signout", "static"}
    | {"whoami"}
)
"""What a mount's path cannot begin with: the web door has something of its own there."""

_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,127}){1,8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """
    A folder below a path.

    Attributes:
        path: `/pub`, without a slash at its end; empty for the root of a server that has nothing else.
        root: the folder's absolute path. It, or a folder above it, may be a link.
        lists: a folder without an index.html shows what is in it.
        shows_hidden: names that begin with a dot are seen.
        is_public: no login is asked for.
        is_trusted: its pages may run scripts and do what a page of this origin may. Else a browser keeps them
            apart: whoever may write into the folder is not to act as whoever reads it.
        roles: who may see it; none for every user who logged in.
    """

    path: str
    root: str
    lists: bool = True
    shows_hidden: bool = False
    is_public: bool = False
    is_trusted: bool = False
    roles: frozenset[str] = frozenset()

    def is_seen_by(self, principal: Principal | None) -> bool:
        """Whether `principal`, None for nobody who logged in, may see it."""
        if self.is_public:
            return True
        if principal is None:
            return False
        return principal.is_admin or not self.roles or not self.roles.isdisjoint(principal.roles)

    def rest_of(self, path: str) -> str | None:
        """What `path` says below this mount, empty for itself; None when it is not there."""
        if not path.startswith(self.path):
            return None
        rest = path[len(self.path) :]
        return rest if not rest or rest.startswith("/") else None


def path_problem(path: str) -> str:
    """Why a mount cannot have this path; empty when it can."""
    if not _PATH.fullmatch(path):
        return "this is no path for a folder"
    if path.split("/")[1] in OWN_PATHS:
        return "the web door has something of its own there"
    return ""
