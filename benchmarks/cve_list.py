"""
How long `doorward cve list` takes as a whole process.

    python benchmarks/cve_list.py [--rounds N] [--count N] [--json]

Of a state that knows what CISA knows, with EPSS joined and two packages of this machine, and of one that
knows 200,000 made up in the proportions of NVD, 400 of them of an installed package. The peer reads the
catalogue as CISA has it with json, filters it by the same word and prints ids and titles: a Python without a
store, an order or a table. All run in turn. The exit status is 1 when an aim is missed.
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
from collections.abc import Mapping, Sequence
from pathlib import Path

from cve_store import PAGE, made_up, scores_of
from machine import describe

from doorward.core.limits import Limits
from doorward.core.vulnerabilities import Account, Exposure
from doorward.errands.cve.kev import parse_kev
from doorward.stores.clock import SystemClock
from doorward.stores.database import Database
from doorward.stores.vulnerabilities import SqliteVulnerabilities

AIM_SECONDS = 0.3
KEV = Path(__file__).parents[1] / "tests" / "data" / "kev.json"
OF_THIS_MACHINE = (
    Account(
        source="debian",
        id="CVE-2024-0001",
        exposures=(Exposure(package="bash", binaries=("bash",), installed="0.1", fixed="99:1"),),
    ),
    Account(
        source="debian",
        id="CVE-2024-0002",
        exposures=(Exposure(package="coreutils", binaries=("coreutils",), installed="0.1"),),
    ),
)
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
    parser.add_argument("--count", type=int, default=200_000, help="vulnerabilities of the large state")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rounds = max(1, min(options.rounds, 101))
    with tempfile.TemporaryDirectory() as folder:
        known, large = Path(folder, "known"), Path(folder, "large")
        for state in (known, large):
            state.mkdir(mode=0o700)
        accounts = parse_kev(KEV.read_bytes(), url="file:kev.json").accounts
        asyncio.run(filled(known, {"kev": accounts, "debian": OF_THIS_MACHINE}))
        asyncio.run(filled(large, {"nvd": list(made_up(options.count))}))
        figures = measured(known, large, count=options.count, rounds=rounds)
    missed = [
        name for name, (seconds, _) in figures.items() if name.endswith("ours") and seconds > AIM_SECONDS
    ]
    if options.json:
        print(json.dumps(figures))
        return 1 if missed else 0
    print(describe())
    for name, (seconds, processor_seconds) in figures.items():
        met = "missed" if name in missed else "met"
        verdict = f"  aim {AIM_SECONDS:g} s: {met}" if name.endswith("ours") else ""
        print(f"{name:<40} {seconds:6.3f} s {processor_seconds:6.3f} s of processor time{verdict}")
    return 1 if missed else 0


async def filled(state: Path, told: Mapping[str, Sequence[Account]]) -> None:
    """Have the state know what these sources tell, and an EPSS of each."""
    database = Database(state)
    await database.open()
    store = SqliteVulnerabilities(database, clock=SystemClock(asyncio.get_running_loop()), limits=Limits)
    for source, accounts in told.items():
        for start in range(0, len(accounts), PAGE):
            await store.note(source, accounts[start : start + PAGE], marks={}, is_all=False)
    ids = dict.fromkeys(each.id for accounts in told.values() for each in accounts)
    await store.note_epss(scores_of([*ids], day=1), marks={})
    await database.close()


def measured(known: Path, large: Path, *, count: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Medians of seconds and of processor seconds, by what was asked and of whom."""
    program = [str(Path(sys.executable).with_name("doorward")), "cve", "list", "--state"]
    ours, many = [*program, str(known)], [*program, str(large)]
    peer = [sys.executable, "-c", PEER, str(KEV)]
    asked = {
        "a hundred of 1,404, ours": ours,
        "all 1,404, ours": [*ours, "--limit", "2000"],
        "all 1,404, json alone": [*peer, ""],
        "filtered by a word, ours": [*ours, "--kev", "--word", "cisco"],
        "filtered by a word, json alone": [*peer, "cisco"],
        "all 1,404 as JSON, ours": [*ours, "--limit", "2000", "--json"],
        "installed, ours": [*ours, "--installed"],
        f"a hundred of {count:,}, ours": many,
        f"of {count:,} by a word, ours": [*many, "--word", "openssl"],
        f"of {count:,} by an id, ours": [*many, "--word", "CVE-2015-1600"],
        f"of {count:,} what is installed, ours": [*many, "--installed"],
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
    # with a pipe its end is heard at once; without one, waiting with a timeout looks every 50 ms only
    subprocess.run(words, check=True, stdout=subprocess.PIPE, timeout=PATIENCE_SECONDS)
    seconds, after = time.perf_counter() - began_at, os.times()
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    return seconds, spent


if __name__ == "__main__":
    raise SystemExit(main())
