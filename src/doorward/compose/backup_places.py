"""Places that keep backups, by their URLs."""

import getpass
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from doorward.clients._asking import nobody_there
from doorward.clients._endpoints import url_to_show
from doorward.clients._secret_lines import secret_line
from doorward.core.backup_errands import Access
from doorward.core.backup_store import BackupStore
from doorward.core.errors import ConnectError, SourceError
from doorward.core.fetching import Login
from doorward.core.secret import Secret

Confirm = Callable[[str], bool | None]

_MOST_SECONDS = 30 * 86_400.0
"""For a connection and all that goes over it; what waits for an answer has shorter times of its own."""


def place_at(
    url: str,
    access: Access,
    *,
    password: Secret | None,
    environment: Mapping[str, str],
    password_from: str = "",
    confirm: Confirm = nobody_there,
) -> BackupStore:
    """
    The place that `url` names; nothing is connected yet, but files of logins are read.

    Args:
        url: `ftp`, `ftpes`, `ftps` or `sftp://USER@HOST/PATH`, or `file:///PATH`.
        access: whom one takes for it, and what one logs in with.
        password: of the user in the URL; None for none, or for the one in a file that `access` names.
        environment: where files of logins are looked for.
        password_from: where `password` came from, for whoever is not let in with it.
        confirm: asks a person whether an unknown server of SSH is the right one.

    Raises:
        ConnectError: it is no such URL, or what one logs in with cannot be read.
        TrustError: others may read it.
    """
    match url.partition("://")[0]:
        case "file":
            return _folder(url, access)
        case "ftp" | "ftpes" | "ftps":
            return _ftp(url, access, password, environment, password_from)
        case "sftp":
            return _sftp(url, access, password, environment, confirm)
        case _:
            step = "Write ftp, ftpes, ftps or sftp://USER@HOST/PATH, or file:///PATH."
            raise ConnectError(url_to_show(url), "address", "this is no place for backups", step)


def apart(store: BackupStore, source: Path) -> BackupStore:
    """`store`, which, if it is a folder of this machine, is not entered unless it is apart from `source`."""
    from doorward.clients.folder.store import FolderStore

    return store.apart_from(source) if isinstance(store, FolderStore) else store


def look_apart(store: BackupStore, source: Path) -> None:
    """
    Look whether a place that is a folder of this machine is apart from `source`.

    Raises:
        StoreError: it is not.
    """
    from doorward.clients.folder.store import FolderStore

    if isinstance(store, FolderStore):
        store.apart_from(source).look()


def _ftp(
    url: str,
    access: Access,
    password: Secret | None,
    environment: Mapping[str, str],
    password_from: str,
) -> BackupStore:
    from doorward.clients._trust import Trust
    from doorward.clients.ftp.settings import ANONYMOUS, Deadlines
    from doorward.clients.ftp.store import FtpStore
    from doorward.clients.ftp.urls import parse_ftp_folder_url

    location = parse_ftp_folder_url(url)
    server = location.server
    user = "" if server.user == ANONYMOUS else server.user
    login = _login(url, user, access, password, environment, host=server.host)
    if password is None:
        password_from = access.password_file or (str(_netrc_file(environment)) if access.netrc else "")
    server = replace(
        server,
        password_from=password_from,
        user=login.name or ANONYMOUS,
        password=login.secret if login.secret.revealed else None,
        trust=Trust(fingerprint=access.fingerprint, authorities=Path(access.ca) if access.ca else None),
        at_most_tls12=access.at_most_tls12,
        is_active=access.is_active,
        may_be_overheard=access.may_be_overheard,
        deadlines=Deadlines(total_seconds=_MOST_SECONDS),
    )
    return FtpStore(server, location.path)


def _password(path: str, *, where: str) -> Secret:
    try:
        return secret_line(path, kind="password")
    except SourceError as error:
        raise ConnectError(where, "login", f"{error.source}: {error.problem}", error.next_step) from error


def _sftp(
    url: str, access: Access, password: Secret | None, environment: Mapping[str, str], confirm: Confirm
) -> BackupStore:
    from doorward.clients._endpoints import SshEndpoint, SshIdentity
    from doorward.clients.ssh.sftp.login import SftpServer
    from doorward.clients.ssh.sftp.store import SftpStore

    user, host, port, path = _parsed(url)
    login = _login(url, user, access, password, environment, host=host)
    home = environment.get("HOME")
    identity = SshIdentity(
        user=login.name,
        local_user=_local_user(),
        key_file=Path(access.identity) if access.identity else None,
        agent=environment.get("SSH_AUTH_SOCK", ""),
        folder=Path(home) / ".ssh" if home else None,
    )
    shown_host = f"[{host}]" if ":" in host else host
    endpoint = SshEndpoint(
        url=f"sftp://{shown_host}" + (f":{port}" if port else ""),
        host=host,
        port=port,
        identity=identity,
        fingerprint=access.fingerprint,
    )
    secret = login.secret if login.secret.revealed else None
    folder = "" if path == "/~" else path.removeprefix("/~/")
    return SftpStore(SftpServer(endpoint=endpoint, password=secret, confirm=confirm), folder)


def _parsed(url: str) -> tuple[str, str, int, str]:
    """
    User, host, port (0 for none) and path of `sftp://[USER@]HOST[:PORT]/PATH`.

    Raises:
        ConnectError: it is none.
    """
    step = "Write sftp://USER@HOST/PATH, and sftp://USER@HOST/~/PATH for one from where one logs in."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        user, path = (unquote(each, errors="strict") for each in (parts.username or "", parts.path))
    except ValueError as error:
        raise ConnectError(url_to_show(url), "address", str(error), step) from error
    is_plain = (user + path).isprintable() and not parts.query and not parts.fragment
    if not host or port == 0 or parts.password is not None or not is_plain or path in {"", "/"}:
        raise ConnectError(url_to_show(url), "address", "this is no folder of a server of SSH", step)
    return user, host, port or 0, path if path == "/" else path.rstrip("/")


def _local_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _login(
    url: str,
    user: str,
    access: Access,
    password: Secret | None,
    environment: Mapping[str, str],
    *,
    host: str,
) -> Login:
    """Who one is there; with no name nobody in particular, and with an empty password without one."""
    if password is None and access.password_file:
        password = _password(access.password_file, where=url_to_show(url))
    if password is None and access.netrc:
        from doorward.clients.fetch.logins import read_netrc_now

        found = read_netrc_now(_netrc_file(environment)).login_for(host)
        if found is not None and user in {"", found.name}:
            return found
    return Login(name=user, secret=password or Secret(""))


def _netrc_file(environment: Mapping[str, str]) -> Path:
    from doorward.clients.fetch.logins import netrc_file  # brings yarl along, which few need here

    return netrc_file(environment)


def _folder(url: str, access: Access) -> BackupStore:
    from doorward.clients.folder.store import FolderStore

    parts = urlsplit(url)
    path = os.fsencode(unquote(parts.path, errors="surrogateescape"))
    if parts.netloc not in {"", "localhost"} or not path.startswith(b"/") or parts.query or parts.fragment:
        raise ConnectError(
            url_to_show(url), "address", "this is no folder of this machine", "Write file:///FOLDER."
        )
    mount_point = Path(access.mount_point) if access.mount_point else None
    return FolderStore(Path(os.fsdecode(path)), mount_point=mount_point)
