"""Which configuration file counts."""

from collections.abc import Mapping
from pathlib import Path

SYSTEM_FILE = Path("/etc/doorward/doorward.toml")


def find_configuration(
    environ: Mapping[str, str], explicit: str | Path | None = None, *, system_file: Path = SYSTEM_FILE
) -> Path | None:
    """
    The file to read: the one that was named, else the system's, else the user's.

    A file that was named is taken whether it is there or not, and one that may not be looked at counts as
    there: reading it then says what is wrong, and no other file is taken in its place.

    Args:
        environ: where XDG_CONFIG_HOME and HOME are looked up.
        explicit: what `--config` named.
        system_file: where the system's stands.

    Returns:
        An absolute path; None when there is none and the defaults count.

    Source: XDG Base Directory Specification, which has a relative XDG_CONFIG_HOME ignored.
    """
    if explicit is not None:
        return Path(explicit).absolute()
    for file in (system_file, _user_file(environ)):
        if file is not None and _is_there(file):
            return file
    return None


def _user_file(environ: Mapping[str, str]) -> Path | None:
    folder = environ.get("XDG_CONFIG_HOME", "")
    if not folder.startswith("/"):
        home = environ.get("HOME", "")
        if not home.startswith("/"):
            return None
        folder = f"{home}/.config"
    return Path(folder, "doorward", "doorward.toml")


def _is_there(file: Path) -> bool:
    try:
        file.lstat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True
