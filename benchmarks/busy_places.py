"""
How soon a new peer has its `uptime` while `sleep 30` takes all places and one peer sends a byte a second.

    python benchmarks/busy_places.py [--asks N]
"""

import argparse
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from machine import describe
from start import serving

PLACES = 32
CONFIGURATION = f"""
[doors.tcp]
listen = ["127.0.0.1:0"]
[doors.unix]
[limits]
runs_per_user = {PLACES}
[commands.uptime]
run = ["uptime"]
read_only = true
[commands.hold]
run = ["sleep", "30"]
"""


def main() -> int:
    """Fill the places, ask, and print the milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--asks", type=int, default=200)
    asks = max(10, min(parser.parse_args().asks, 2000))
    program = str(Path(sys.executable).with_name("doorward"))
    with tempfile.TemporaryDirectory() as folder:
        configuration, state = Path(folder, "doorward.toml"), Path(folder, "state")
        configuration.write_text(CONFIGURATION)
        with serving(program, configuration, state):
            address = state / "doorward.sock"
            idle = measured(address, asks)
            holders = [hold(address) for _ in range(PLACES)]
            stop = threading.Event()
            dripping = threading.Thread(target=drip, args=(address, stop))
            dripping.start()
            busy = measured(address, asks)
            stop.set()
            dripping.join()
            for holder in holders:
                holder.close()
    print(describe("uvloop"))
    print(f"{'uptime by itself':<40} p50 {told(direct(asks))}")
    print(f"{'uptime through an idle daemon':<40} p50 {told(idle)}")
    print(f"{f'uptime beside {PLACES} sleeps and a drip':<40} p50 {told(busy)}")
    return 0


def told(seconds: list[float]) -> str:
    """Median and 99th percentile in milliseconds."""
    ordered = sorted(seconds)
    return (
        f"{statistics.median(ordered) * 1e3:6.2f} ms  p99 {ordered[int(len(ordered) * 0.99)] * 1e3:6.2f} ms"
    )


def measured(address: Path, asks: int) -> list[float]:
    """Seconds that each `uptime` takes, from the connection to its end."""
    return [ask(address) for _ in range(asks)]


def ask(address: Path) -> float:
    """One new peer, asking once."""
    began_at = time.perf_counter()
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(address))
        peer.sendall(b"uptime\n")
        heard = b""
        while data := peer.recv(65536):
            heard += data
    if b"load average" not in heard:
        raise SystemExit(f"no uptime: {heard!r}")
    return time.perf_counter() - began_at


def hold(address: Path) -> socket.socket:
    """A peer whose command takes a place, and has it."""
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(str(address))
    peer.sendall(b"doorward/1\nline 4\nhold")
    heard = b""
    while b"\nrun " not in heard:
        heard += peer.recv(65536)
    return peer


def drip(address: Path, stop: threading.Event) -> None:
    """A peer that sends a byte a second."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(address))
        for byte in b"uptime of a very slow peer" * 10:
            peer.sendall(bytes([byte]))
            if stop.wait(1.0):
                return


def direct(asks: int) -> list[float]:
    """Seconds that the command takes when it is run directly."""
    seconds = []
    for _ in range(asks):
        began_at = time.perf_counter()
        subprocess.run(["uptime"], check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - began_at)
    return seconds


if __name__ == "__main__":
    sys.exit(main())
