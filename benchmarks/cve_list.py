"""
How long `doorward cve list` takes as a whole process, of a state that knows what CISA knows.

    python benchmarks/cve_list.py [--rounds N] [--json]

The peer reads the catalogue as CISA has it with json, filters it by the same word and prints ids and
titles: a Python without a store, an order or a table. Both run in turn.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from machine import describe

from doorward.core.limits import Limits
from doorward.errands.cve.kev import parse_kev
from doorward.stores.clock import SystemClock
from doorward.stores.database import Database
from doorward.stores.vulnerabilities import SqliteVulnerabilities

AIM_SECONDS = 0.3
KEV = Path(__file__).parents[1] / "tests" / "data" / "kev.json"
PATIENCE_SECONDS = 30.0
PEER = """
import json, re, sys
wanted = re.compile(r"\\b" + sys.argv[2] + r"\\b", re.IGNORECASE) if sys.argv[2] else None
for each in json.load(open(sys.argv[1], "rb"))["vulnerabilities"]:
    names = ("vulnerabilityName", "shortDescription", "vendorProject", "product")
    text = " ".join(each[name] for name in names)
    if wanted is None or wanted.search(text):
        print(each["cveID"], each["dateAdded"], each["vulnerabilityName"])
"""


def main() -> int:
    """Measure, and print a row for each way to ask."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rounds = max(1, min(options.rounds, 101))
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        state.chmod(0o700)
        asyncio.run(filled(state))
        figures = measured(state, rounds=rounds)
    if options.json:
        print(json.dumps(figures))
        return 0
    print(describe())
    for name, (seconds, processor_seconds) in figures.items():
        verdict = (
            f"  aim {AIM_SECONDS:g}: {'met' if seconds <= AIM_SECONDS else 'short'}" if "ours" in name else ""
        )
        print(f"{name:<40} {seconds:6.3f} s {processor_seconds:6.3f} s of processor time{verdict}")
    return 0


async def filled(state: Path) -> None:
    """Have the state know what CISA knows."""
    accounts = parse_kev(KEV.read_bytes(), url="file:kev.json").accounts
    database = Database(state)
    await database.open()
    store = SqliteVulnerabilities(database, clock=SystemClock(asyncio.get_running_loop()), limits=Limits)
    await store.note("kev", accounts, marks={}, is_all=True)
    await database.close()


def measured(state: Path, *, rounds: int) -> dict[str, tuple[float, float]]:
    """Medians of seconds and of processor seconds, by what was asked and of whom."""
    ours = [str(Path(sys.executable).with_name("doorward")), "cve", "list", "--state", str(state)]
    peer = [sys.executable, "-c", PEER, str(KEV)]
    asked = {
        "a hundred of 1,404, ours": ours,
        "all 1,404, ours": [*ours, "--limit", "2000"],
        "all 1,404, json alone": [*peer, ""],
        "filtered by a word, ours": [*ours, "--kev", "--word", "cisco"],
        "filtered by a word, json alone": [*peer, "cisco"],
        "all 1,404 as JSON, ours": [*ours, "--limit", "2000", "--json"],
    }
    # one round that does not count
    taken = [{name: timed(words) for name, words in asked.items()} for _ in range(rounds + 1)][1:]
    return {
        name: (
            statistics.median(each[name][0] for each in taken),
            statistics.median(each[name][1] for each in taken),
        )
        for name in asked
    }


def timed(words: Sequence[str]) -> tuple[float, float]:
    """Seconds that a command takes, and those of the processor."""
    before, began_at = os.times(), time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE_SECONDS)
    seconds, after = time.perf_counter() - began_at, os.times()
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    return seconds, spent


if __name__ == "__main__":
    raise SystemExit(main())
