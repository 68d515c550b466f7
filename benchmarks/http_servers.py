"""Servers of HTTP that print no port: one is chosen for them, and written into their configuration."""

import functools
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from line_door import BenchmarkError, cpu_seconds

NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=1000;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{ listen 127.0.0.1:{port} backlog=1024; %s }}
}}
"""
NGINX_WORDS = ("-p", "{folder}", "-c", "{configuration}")


def free_port(folder: Path) -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    (folder / "port").write_text(str(port))
    return port


def read_chosen_port(process: "subprocess.Popen[bytes]", folder: Path) -> int | None:
    """The port that was chosen for a server that prints none, once somebody listens there."""
    try:
        port = int((folder / "port").read_text())
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except (OSError, ValueError):
        if process.poll() is not None:
            raise BenchmarkError("the server ended") from None
        time.sleep(0.02)
        return None
    return port


def configured(words: Sequence[str], text: str, *, root: Path) -> Callable[[bool, Path], list[str]]:
    """
    How a server is started whose configuration is `text`.

    `{folder}`, `{port}` and `{root}` of it are filled in; `{configuration}` of `words` is its file.
    """
    return functools.partial(_argv, words, text, root)


def _argv(
    words: Sequence[str],
    text: str,
    root: Path,
    keep: bool,  # noqa: FBT001 - called through a table
    folder: Path,
) -> list[str]:
    file = folder / "configuration"
    port = free_port(folder)
    file.write_text(text.format(folder=folder, port=port, root=root))
    file.chmod(0o600)
    return [word.format(configuration=file, folder=folder, port=port) for word in words]


def tree_cpu_seconds(pid: int) -> float:
    """Of a process and its children: nginx serves in one of those."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return cpu_seconds(pid) + sum(cpu_seconds(int(child)) for child in children)
