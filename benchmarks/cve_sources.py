"""
How long documents about vulnerabilities take to be read, and how much memory that needs: us and json.loads.

    python benchmarks/cve_sources.py [--rounds N] [--tracker-mb N] [--epss-rows N] [--json]

Each reading has a process of its own. Seconds are processor time; memory is what the process had at most
beyond what it had with the document in it. We make accounts within bounds; the peer makes dictionaries, of
EPSS rows of csv, and does nothing with them. The tracker and the scores are made here, in the shape and size
of the real ones.
"""

import argparse
import csv
import gzip
import io
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from machine import describe

from doorward.core.installed import Installed, SourcePackage
from doorward.errands.cve.debian import parse_debian
from doorward.errands.cve.epss import parse_epss
from doorward.errands.cve.feed_accounts import accounts_of
from doorward.errands.cve.kev import parse_kev
from doorward.errands.cve.nvd import parse_nvd_page
from doorward.errands.feeds.parsing import parse_feed

DATA = Path(__file__).parents[1] / "tests" / "data"
URL = "https://sources.example.org/document"
INSTALLED = 450
PACKAGES = 4_000
SUITES = {"bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "sid": ""}
PEER = "json.loads"


def tracker(*, size_bytes: int) -> bytes:
    """A tracker of some size: packages with a few vulnerabilities or hundreds, each in five releases."""
    seeded = random.Random(1)
    packages: dict[str, dict[str, object]] = {f"package-{number}": {} for number in range(PACKAGES)}
    size, number = 0, 1000
    while size < size_bytes:
        releases = {
            suite: {
                "status": seeded.choice(["resolved", "resolved", "resolved", "open"]),
                "repositories": {suite: f"1.{number}-1", f"{suite}-security": f"1.{number}-1+deb{n}u1"},
                "fixed_version": seeded.choice(["0", f"1.{number}-1", f"1.{number}-1+deb{n}u1"]),
                "urgency": seeded.choice(["not yet assigned", "low", "medium", "unimportant"]),
            }
            for suite, n in SUITES.items()
        }
        entry = {"scope": "remote", "debianbug": number, "description": "words " * 60, "releases": releases}
        # a fifth of the packages has most of the entries, as the kernel and browsers do
        package = f"package-{int(PACKAGES * seeded.random() ** 4)}"
        packages[package][f"CVE-2024-{number}"] = entry
        number += 1
        if number % 1000 == 0:
            size = len(json.dumps(packages))
    return json.dumps(packages).encode()


def scores(*, rows: int) -> bytes:
    seeded = random.Random(2)
    lines = (f"CVE-2024-{n},{seeded.random():.5f},{seeded.random():.5f}\n" for n in range(1000, 1000 + rows))
    head = "#model_version:v2025.03.14,score_date:2026-11-27T12:00:00Z\ncve,epss,percentile\n"
    return gzip.compress((head + "".join(lines)).encode(), mtime=0)


def nvd_page() -> bytes:
    """A page of 2,000, made of a real one of 47."""
    page = json.loads((DATA / "nvd-2.0-page.json").read_bytes())
    entries = [page["vulnerabilities"][n % 47] for n in range(2_000)]
    renamed = [{"cve": {**each["cve"], "id": f"CVE-2024-{1000 + n}"}} for n, each in enumerate(entries)]
    counts = {"resultsPerPage": 2_000, "totalResults": 2_000}
    return json.dumps({**page, **counts, "vulnerabilities": renamed}).encode()


def machine() -> Installed:
    packages = (
        SourcePackage(name=f"package-{n}", version=f"1.{1000 * n}-1", binaries=(f"package-{n}",))
        for n in range(INSTALLED)
    )
    return Installed(suite="bookworm", packages=tuple(packages))


def read_rows(body: bytes) -> int:
    lines = io.StringIO(gzip.decompress(body).decode())
    return sum(1 for row in csv.reader(lines) if row[0].startswith("CVE-"))


READERS: dict[str, dict[str, Callable[[bytes], int]]] = {
    "KEV": {
        "ours": lambda body: len(parse_kev(body, url=URL).accounts),
        PEER: lambda body: len(json.loads(body)["vulnerabilities"]),
    },
    "a page of NVD": {
        "ours": lambda body: len(parse_nvd_page(body, url=URL).accounts),
        PEER: lambda body: len(json.loads(body)["vulnerabilities"]),
    },
    "RSS 1.0 of the NVD": {
        "ours": lambda body: len(accounts_of(parse_feed(body, url=URL), source="feed:x")),
    },
    "EPSS": {
        "ours": lambda body: sum(1 for _ in parse_epss(body, url=URL)),
        "csv.reader": read_rows,
    },
    "the tracker of Debian": {
        "ours": lambda body: len(parse_debian(body, installed=machine(), suite="bookworm", url=URL).accounts),
        PEER: lambda body: len(json.loads(body)),
    },
}


def resident_bytes(of: str) -> int:
    """`VmRSS` is what this process has now, `VmHWM` what it had at most since that was reset."""
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"^{of}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def one(document: str, reader: str, file: Path) -> None:
    """Read it once, and say how that was."""
    body = file.read_bytes()
    # ru_maxrss would be that of the parent: it goes through fork and exec; proc(5) has the reset
    Path("/proc/self/clear_refs").write_text("5")
    before = resident_bytes("VmRSS")
    began = time.process_time()
    found = READERS[document][reader](body)
    seconds = time.process_time() - began
    assert found > 0
    print(json.dumps({"seconds": seconds, "bytes": resident_bytes("VmHWM") - before, "found": found}))


def measured(document: str, reader: str, file: Path) -> dict[str, float]:
    run = subprocess.run(
        [sys.executable, __file__, "--one", document, reader, str(file)],
        check=True,
        stdout=subprocess.PIPE,
        timeout=600,
    )
    figures: dict[str, float] = json.loads(run.stdout)
    return figures


def measure(bodies: dict[str, bytes], *, rounds: int) -> dict[str, dict[str, dict[str, float]]]:
    figures: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (document, body) in enumerate(bodies.items()):
            file = Path(folder) / str(number)
            file.write_bytes(body)
            samples: dict[str, list[dict[str, float]]] = {reader: [] for reader in READERS[document]}
            for _ in range(rounds):
                for reader, each in samples.items():
                    each.append(measured(document, reader, file))
            figures[document] = {
                reader: {name: statistics.median(each[name] for each in all_of_it) for name in all_of_it[0]}
                for reader, all_of_it in samples.items()
            }
    return figures


def report(figures: dict[str, dict[str, dict[str, float]]], bodies: dict[str, bytes]) -> None:
    for document, readers in figures.items():
        print(f"{document}, {len(bodies[document]) / 1e6:.1f} MB")
        for reader, each in readers.items():
            print(
                f"  {reader:<12} {each['seconds'] * 1000:8.0f} ms   {each['bytes'] / 1e6:7.1f} MB   "
                f"{each['found']:9,.0f} found"
            )


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tracker-mb", type=int, default=60)
    parser.add_argument("--epss-rows", type=int, default=300_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        document, reader, file = options.one
        one(document, reader, Path(file))
        return
    bodies = {
        "KEV": (DATA / "kev.json").read_bytes(),
        "a page of NVD": nvd_page(),
        "RSS 1.0 of the NVD": (DATA / "nvd-rss-1.0.xml").read_bytes(),
        "EPSS": scores(rows=max(1, min(options.epss_rows, 1_000_000))),
        "the tracker of Debian": tracker(size_bytes=max(1, min(options.tracker_mb, 120)) * 1_000_000),
    }
    figures = measure(bodies, rounds=max(1, min(options.rounds, 101)))
    if options.json:
        print(json.dumps(figures))
    else:
        print(describe("msgspec"))
        report(figures, bodies)


if __name__ == "__main__":
    main()
