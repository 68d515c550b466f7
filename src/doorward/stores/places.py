"""Where the state and the unix socket stand, and where a client looks for a daemon; nothing is opened."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from doorward.core.addresses import SOCKET_PATH_BYTES
from doorward.core.errors import StateError

SOCKET_NAME = "doorward.sock"
CERTIFICATE_NAME = "cert.pem"
"""In the state: what a daemon made for itself where its keeper gave it none."""
KEY_NAME = "key.pem"
"""Beside `CERTIFICATE_NAME`: its private key."""
HOST_KEY_NAME = "ssh_host_ed25519_key"
"""In the state: the private key of the SSH door, where its keeper gave it none."""
DATABASE_NAME = "doorward.db"
"""In the state: the outbox and whatever else is kept in one database."""

_NAME = "doorward"
LOCAL_STATE = ".doorward"
"""In the current folder: where `make run` has the state, and `ask` looks for one."""
_SYSTEM_RUNTIME = Path("/run/doorward")


@dataclass(frozen=True, slots=True)
class StatePlace:
    """
    Where the state stands.

    Attributes:
        folder: absolute.
        is_explicit: somebody named it on the command line; the socket then stands in it.
    """

    folder: Path
    is_explicit: bool


@dataclass(frozen=True, slots=True)
class AskPlace:
    """
    One place at which a client may find a daemon.

    Attributes:
        url: as for `--at`.
        origin: what named it, for errors.
        folder_to_trust: a folder that came by its place alone: use the url only when `is_trusted` says so;
            None when a person or their environment named it.
    """

    url: str
    origin: str
    folder_to_trust: Path | None = None


def state_place(named: str | None, environment: Mapping[str, str]) -> StatePlace:
    """
    Choose the state folder: `named`, else the first of `$STATE_DIRECTORY`, else the XDG state folder.

    Raises:
        StateError: neither an option nor the environment says where.

    Source: systemd.exec(5) for `$STATE_DIRECTORY`, which is a list parted by colons; the XDG Base Directory
    Specification 0.8, by which a relative path counts as none.
    """
    if named is not None:
        return StatePlace(_absolute(named), is_explicit=True)
    if first := environment.get("STATE_DIRECTORY", "").partition(":")[0]:
        return StatePlace(_absolute(first), is_explicit=False)
    folder = _xdg_state_folder(environment)
    if folder is None:
        raise StateError("there is no place for the state: neither HOME is set nor --state given")
    return StatePlace(folder, is_explicit=False)


def socket_path(place: StatePlace, environment: Mapping[str, str], *, uid: int | None = None) -> Path:
    """
    Choose the path of the unix socket.

    In the state folder when that was named, else in the first of `$RUNTIME_DIRECTORY`, else in
    `$XDG_RUNTIME_DIR/doorward`, else for root in `/run/doorward`, which other users can enter and where
    clients look, else in the state folder after all.

    Args:
        place: of the state.
        environment: of the daemon.
        uid: the daemon's; left out, this process's.

    Raises:
        StateError: the path is longer than the kernel takes.
    """
    path = _socket_folder(place, environment, os.geteuid() if uid is None else uid) / SOCKET_NAME
    length_bytes = len(os.fsencode(path))
    if length_bytes > SOCKET_PATH_BYTES:
        raise StateError(
            f"the path of the unix socket has {length_bytes} bytes, and at most {SOCKET_PATH_BYTES} fit: "
            f"{path}; name a folder with a shorter path with --state"
        )
    return path


def ask_places(*, at: str | None, named: str | None, environment: Mapping[str, str]) -> tuple[AskPlace, ...]:
    """
    List where a client looks, the first first.

    `at`, or `$DOORWARD_AT`, or the state folder `named` stands alone: who says where wants no other daemon.
    Otherwise the folders follow in which a daemon puts its socket: `./.doorward`, the XDG ones and
    `/run/doorward`.
    """
    if at:
        return (AskPlace(at, "--at"),)
    if at := environment.get("DOORWARD_AT"):
        return (AskPlace(at, "$DOORWARD_AT"),)
    if named is not None:
        return (_in_folder(_absolute(named), "--state"),)
    local = _absolute(LOCAL_STATE)
    places = [AskPlace(_url(local), f"./{LOCAL_STATE}", folder_to_trust=local)]
    if runtime := _absolute_or_none(environment.get("XDG_RUNTIME_DIR", "")):
        places.append(_in_folder(runtime / _NAME, "$XDG_RUNTIME_DIR"))
    if state := _xdg_state_folder(environment):
        places.append(_in_folder(state, "the XDG state folder"))
    places.append(_in_folder(_SYSTEM_RUNTIME, str(_SYSTEM_RUNTIME)))
    return tuple(places)


def socket_folders(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """List the folders outside of states in which a daemon puts its socket by itself."""
    runtime = _absolute_or_none(environment.get("XDG_RUNTIME_DIR", ""))
    return (*([runtime / _NAME] if runtime is not None else []), _SYSTEM_RUNTIME)


def known_states(*, named: str | None, environment: Mapping[str, str]) -> tuple[Path, ...]:
    """
    List the state folders whose daemons a client knows: `named` alone, or `./.doorward` and the XDG one.

    Unless it was named, believe what stands in a folder only when `is_trusted` says so.
    """
    if named is not None:
        return (_absolute(named),)
    state = _xdg_state_folder(environment)
    return (_absolute(LOCAL_STATE), *([state] if state else []))


def _socket_folder(place: StatePlace, environment: Mapping[str, str], uid: int) -> Path:
    if place.is_explicit:
        return place.folder
    if first := environment.get("RUNTIME_DIRECTORY", "").partition(":")[0]:
        return _absolute(first)
    runtime = _absolute_or_none(environment.get("XDG_RUNTIME_DIR", ""))
    if runtime is not None:
        return runtime / _NAME
    return _SYSTEM_RUNTIME if uid == 0 else place.folder


def _xdg_state_folder(environment: Mapping[str, str]) -> Path | None:
    if state := _absolute_or_none(environment.get("XDG_STATE_HOME", "")):
        return state / _NAME
    home = _absolute_or_none(environment.get("HOME", ""))
    return None if home is None else home / ".local" / "state" / _NAME


def _absolute_or_none(text: str) -> Path | None:
    return Path(text) if text.startswith("/") else None


def _absolute(path: str | Path) -> Path:
    return Path(os.path.abspath(path))


def _in_folder(folder: Path, origin: str) -> AskPlace:
    return AskPlace(_url(folder), origin)


def _url(folder: Path) -> str:
    return f"unix://{folder / SOCKET_NAME}"
