"""What of the machine a configuration is read against: its executables, its users and its time."""

import os
import pwd
import stat
from collections.abc import Callable
from dataclasses import dataclass, field

from doorward.core.launch import EXECUTABLE_PATH

ROOT_UID = 0


class ExecutableMissing(Exception):
    """No such program; the text says where it was looked for. Never leaves this room."""


def _wall() -> float:
    # asyncio comes with it, and few configurations hold anything that ends
    from doorward.stores.clock import SystemClock

    return SystemClock.wall()


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """
    The machine as the daemon sees it.

    Attributes:
        uid: whom the daemon runs as.
        executable_path: the folders of programs, absolute, with colons between them.
        wall: tells the seconds since 1970-01-01 UTC.
    """

    uid: int = field(default_factory=os.geteuid)
    executable_path: str = EXECUTABLE_PATH
    wall: Callable[[], float] = _wall

    @property
    def is_root(self) -> bool:
        """Whether the daemon may become another user."""
        return self.uid == ROOT_UID

    @property
    def home(self) -> str:
        """The daemon's own home folder; `/` when the system knows none."""
        try:
            return pwd.getpwuid(self.uid).pw_dir or "/"
        except KeyError:
            return "/"

    @property
    def host_name(self) -> str:
        """What the machine calls itself; nothing is looked up."""
        return os.uname().nodename

    def account(self, name: str) -> pwd.struct_passwd | None:
        """The system user of this name."""
        try:
            return pwd.getpwnam(name)
        except (KeyError, ValueError):
            return None

    def resolve(self, program: str) -> str:
        """
        The absolute path of `program`, a bare name or an absolute path; links are not followed.

        Raises:
            ExecutableMissing: it is in none of the folders, or is no executable file.
        """
        if program.startswith("/"):
            return _executable(os.path.normpath(program))
        problem = ""
        for folder in self.executable_path.split(":"):
            try:
                return _executable(os.path.join(folder, program))
            except ExecutableMissing as error:
                if os.path.lexists(os.path.join(folder, program)):
                    problem = problem or str(error)
        raise ExecutableMissing(problem or f"no such program in {self.executable_path}")


def _executable(path: str) -> str:
    try:
        status = os.stat(path)
    except OSError as error:
        raise ExecutableMissing(f"{path}: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise ExecutableMissing(f"{path} is no file")
    if not os.access(path, os.X_OK, effective_ids=True):
        raise ExecutableMissing(f"{path} is not executable")
    return path
