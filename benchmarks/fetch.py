"""
Fetching beside other clients: 1 kB bodies at 20 at once, and one body of 100 MB; rates, CPU, ratios.

An nginx serves on one core, and each client runs on another, in interleaved rounds. Only the ratios of one
run count. `benchmarks/README.md` tells how to read the tables.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from machine import describe
from timing import timed

AT_ONCE = 20
SMALL_BYTES = 1024
LARGE_BYTES = 100_000_000
START_SECONDS = 20.0

CLIENTS = ("ours", "ours-each", "httpx2", "curl")
"""`ours` keeps a session, as `httpx2` and `curl` do; `ours-each` calls doorward.fetch without one."""

NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; {user}
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=1000;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{ listen 127.0.0.1:{port} backlog=1024; root {root}; }}
}}
"""


async def _many_of_ours(url: str, count: int, *, keeps: bool) -> None:
    import doorward

    left = iter(range(count))
    async with doorward.FetchSession() as session:

        async def fetch_some() -> None:
            for _ in left:
                page = await doorward.fetch(url, session=session if keeps else None)
                assert len(page.body) == SMALL_BYTES

        await asyncio.gather(*(fetch_some() for _ in range(AT_ONCE)))


async def _many_of_httpx2(url: str, count: int) -> None:
    import httpx2

    left = iter(range(count))
    async with httpx2.AsyncClient(limits=httpx2.Limits(max_connections=AT_ONCE)) as client:

        async def fetch_some() -> None:
            for _ in left:
                assert len((await client.get(url)).content) == SMALL_BYTES

        await asyncio.gather(*(fetch_some() for _ in range(AT_ONCE)))


async def _large_of_ours(url: str) -> None:
    import doorward

    page = await doorward.fetch(url, most_bytes=LARGE_BYTES)
    assert len(page.body) == LARGE_BYTES


async def _large_of_httpx2(url: str) -> None:
    import httpx2

    async with httpx2.AsyncClient() as client:
        assert len((await client.get(url)).content) == LARGE_BYTES


def _curl(url: str, count: int, folder: Path) -> None:
    config = folder / "urls"
    config.write_text(f'url = "{url}"\noutput = "/dev/null"\n' * count)
    options = ["-s", "--parallel", "--parallel-max", str(AT_ONCE), "--fail"]
    subprocess.run(["curl", *options, "-K", str(config)], check=True)


def measure(client: str, base: str, count: int, folder: Path) -> dict[str, float]:
    """
    Run one client in this process, warmed up by a few requests.

    Returns:
        `rate` of small bodies a second and `small_cpu_us` each; `large_mb` a second, `large_cpu_s` of one.
    """
    import uvloop

    small, large = f"{base}/small", f"{base}/large"

    def many(times: int) -> None:
        match client:
            case "curl":
                _curl(small, times, folder)
            case "httpx2":
                uvloop.run(_many_of_httpx2(small, times))
            case _:
                uvloop.run(_many_of_ours(small, times, keeps=client == "ours"))

    def once() -> None:
        match client:
            case "curl":
                # to memory, as the others have it
                subprocess.run(["curl", "-s", "--fail", large], check=True, stdout=subprocess.PIPE)
            case "httpx2":
                uvloop.run(_large_of_httpx2(large))
            case _:
                uvloop.run(_large_of_ours(large))

    many(AT_ONCE)
    seconds, cpu = timed(lambda: many(count))
    large_seconds, large_cpu = timed(once)
    return {
        "rate": count / seconds,
        "small_cpu_us": cpu / count * 1e6,
        "large_mb": LARGE_BYTES / 1e6 / large_seconds,
        "large_cpu_s": large_cpu,
    }


@contextlib.contextmanager
def serving(folder: Path, core: int) -> Iterator[str]:
    """An nginx with both bodies, on one core."""
    root = folder / "root"
    root.mkdir()
    (root / "small").write_bytes(b"x" * SMALL_BYTES)
    with (root / "large").open("wb") as large:
        large.truncate(LARGE_BYTES)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "conf").write_text(NGINX.format(folder=folder, port=port, root=root, user=user))
    argv = ["taskset", "-c", str(core), "nginx", "-p", str(folder), "-c", str(folder / "conf")]
    process = subprocess.Popen(argv)
    try:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    sys.exit("fetch: nginx does not listen")
                time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def rounds(arguments: argparse.Namespace) -> dict[str, list[dict[str, float]]]:
    """All figures of each client."""
    cores = sorted(os.sched_getaffinity(0))
    clients = [each for each in CLIENTS if each != "curl" or shutil.which("curl")]
    found: dict[str, list[dict[str, float]]] = {client: [] for client in clients}
    with (
        tempfile.TemporaryDirectory(prefix="doorward-bench-") as name,
        serving(Path(name), cores[0]) as base,
    ):
        for _ in range(arguments.rounds):
            for client in clients:
                argv = ["taskset", "-c", str(cores[-1]), sys.executable, __file__, "--measure", client]
                argv += ["--base", base, "--requests", str(arguments.requests), "--folder", name]
                run = subprocess.run(argv, check=True, capture_output=True, text=True)
                found[client].append(json.loads(run.stdout))
    return found


def show(found: dict[str, list[dict[str, float]]]) -> None:
    """Medians, and what they are beside ours."""
    columns = ("rate", "small_cpu_us", "large_mb", "large_cpu_s")
    print(f"{'':10}{'1 kB/s':>10}{'CPU us':>9}{'MB/s':>9}{'CPU s':>8}{'rate/ours':>11}{'MB/s/ours':>11}")
    medians = {
        client: {name: statistics.median(each[name] for each in rounds_) for name in columns}
        for client, rounds_ in found.items()
    }
    ours = medians["ours"]
    for client, median in medians.items():
        print(
            f"{client:10}{median['rate']:10.0f}{median['small_cpu_us']:9.0f}{median['large_mb']:9.0f}"
            f"{median['large_cpu_s']:8.2f}{median['rate'] / ours['rate']:11.2f}"
            f"{median['large_mb'] / ours['large_mb']:11.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=3000, help="small bodies in a round of one client")
    parser.add_argument("--json", action="store_true", help="every round's figures")
    parser.add_argument("--measure", choices=CLIENTS, help=argparse.SUPPRESS)
    parser.add_argument("--base", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, arguments.base, arguments.requests, arguments.folder)))
        return
    print(describe())
    found = rounds(arguments)
    if arguments.json:
        print(json.dumps(found))
    else:
        show(found)


if __name__ == "__main__":
    main()
