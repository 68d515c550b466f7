"""
How fast vulnerabilities are noted and found, with 200,000 of them in the store.

    python benchmarks/cve_store.py [--count N] [--scores N] [--rounds N] [--folder DIR] [--json]

They are made up, from a seed: ids, texts, products and scores in the proportions of NVD. The peer is a plain
scan of the same accounts as JSON lines, by `json` and a filter written for it; both have to find the same
number. Then the catalogue of CISA alone, as most errands have it: 1,404 entries with EPSS joined.

Times are those of a clock, and beside them those of all processors for the process, which a busy machine
leaves alone; medians of the rounds, without the first time that a filter is asked for. The exit status is 1
when an aim is missed.
"""

import argparse
import asyncio
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, astuple, dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from machine import describe

from doorward.core.cve_filters import CveFilter, CveOrder, CveQuery
from doorward.core.limits import Limits
from doorward.core.vulnerabilities import Account, Epss, Exposure, Product, Score
from doorward.stores.clock import SystemClock
from doorward.stores.database import Database
from doorward.stores.places import DATABASE_NAME
from doorward.stores.vulnerabilities import SqliteVulnerabilities

KEV = Path(__file__).parents[1] / "tests" / "data" / "kev.json"
PAGE = 2_000
AIM_SECONDS = 0.2
KEV_AIM_SECONDS = 0.3
BEGAN = datetime(2005, 1, 1, tzinfo=UTC)

KINDS = (
    "A buffer overflow in",
    "Improper input validation in",
    "Cross-site scripting (XSS) in",
    "SQL injection in",
    "A use-after-free in",
    "Missing authorization in",
    "An out-of-bounds read in",
    "A race condition in",
)
ENDS = (
    "allows remote attackers to execute arbitrary code via a crafted packet.",
    "lets a local user gain privileges.",
    "could be exploited by an unauthenticated attacker to cause a denial of service.",
    "might disclose sensitive information; this affects builds for .NET and C++ alike.",
    "is a cross-site request forgery, or a use-after-free.",
    "permits an attacker who can reach the management port to bypass authentication.",
)
SYLLABLES = (
    "ba",
    "con",
    "dor",
    "el",
    "fi",
    "gra",
    "hy",
    "in",
    "ka",
    "lo",
    "mi",
    "nex",
    "or",
    "pu",
    "que",
    "ser",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A query, and what a plain scan has to ask of an account for the same."""

    name: str
    query: CveQuery
    asks: Callable[[dict[str, Any]], bool]


def words_of(count: int, chance: random.Random) -> list[str]:
    return sorted({"".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(count)})


def made_up(count: int) -> Iterator[Account]:
    """Accounts as NVD gives them: one in fourteen mentions openssl's like, one in four has no score."""
    chance = random.Random(2026)
    words, vendors = words_of(30_000, chance), words_of(4_000, chance)
    products = [
        Product(vendor="openssl", name="openssl", cpe="cpe:2.3:a:openssl:openssl:3.0.0:*:*:*:*:*:*:*")
    ]
    for vendor in vendors:
        for name in chance.sample(words, 3):
            cpe = f"cpe:2.3:a:{vendor}:{name}:{chance.randint(1, 9)}.0:*:*:*:*:*:*:*"
            products.append(Product(vendor=vendor, name=name, versions="from 1.0 to 2.3", cpe=cpe))
    for number in range(count):
        # few products have most of the vulnerabilities
        first = products[int(len(products) * chance.random() ** 6)]
        affected = {first, *(chance.choice(products) for _ in range(min(20, int(chance.expovariate(0.5)))))}
        filling = " ".join(chance.choices(words, k=chance.randint(10, 60)))
        published = BEGAN + timedelta(minutes=number * 50)
        value = round(min(10.0, max(0.1, chance.gauss(6.8, 1.8))), 1)
        score = Score(
            value=value, version="3.1", by="nvd@nist.gov", is_primary=True, vector="CVSS:3.1/AV:N/AC:L"
        )
        yield Account(
            source="nvd",
            id=f"CVE-{published.year}-{number % 100_000 + 1000:04}",
            description=f"{chance.choice(KINDS)} {first.vendor} {first.name} {filling} {chance.choice(ENDS)}",
            scores=(score,) if chance.random() < 0.75 else (),
            exploited_since=published.date() if chance.random() < 0.005 else None,
            products=tuple(sorted(affected, key=lambda each: each.cpe)),
            exposures=exposures_of(number, chance),
            weaknesses=("CWE-79",),
            references=tuple(f"https://example.org/advisories/{number}/{each}" for each in range(4)),
            published=published,
            modified=published + timedelta(days=30),
            is_rejected=chance.random() < 0.05,
        )


def exposures_of(number: int, chance: random.Random) -> tuple[Exposure, ...]:
    if chance.random() >= 0.002:
        return ()
    fixed = "2.36-9+deb12u10" if number % 2 else ""
    return (Exposure(package="glibc", binaries=("libc6", "libc-bin"), installed="2.36-9", fixed=fixed),)


def scores_of(ids: list[str], *, day: int) -> Iterator[tuple[str, Epss]]:
    """EPSS of a day: from one to the next each percentile moves, and one score in six."""
    chance, moves = random.Random(7), random.Random(day)
    for name in ids:
        score = round(chance.random() ** 8, 5)
        if moves.random() < 1 / 6:
            score = round(min(1.0, score * moves.uniform(0.9, 1.1)), 5)
        yield name, Epss(score=score, percentile=round(chance.random() * (1 - day / 10_000), 5))


def text_has(*words: str) -> Callable[[dict[str, Any]], bool]:
    """As a whole word; written anew for the scan."""
    patterns = [re.compile(word, re.IGNORECASE) for word in words]

    def asks(account: dict[str, Any]) -> bool:
        products = (f"{each['vendor']} {each['name']}" for each in account["products"])
        text = "\n".join((account["title"], account["description"], *products))
        return any(pattern.search(text) for pattern in patterns)

    return asks


def numbered(number: int) -> Callable[[dict[str, Any]], bool]:
    """By the number of its id, or as a whole word of its text."""
    in_text = text_has(rf"(?<!\w){number}(?!\w)")
    return lambda account: account["id"].endswith(f"-{number}") or in_text(account)


def cases() -> list[Case]:
    def of(name: str, asks: Callable[[dict[str, Any]], bool], **wanted: Any) -> Case:
        return Case(name, CveQuery(filter=CveFilter(**wanted)), asks)

    def scored(account: dict[str, Any], least: float) -> bool:
        return not account["scores"] or account["scores"][0]["value"] >= least

    def ordered(order: CveOrder) -> Case:
        return Case(f"all, by {order.value}", CveQuery(order=order), lambda _: True)

    def named(account: dict[str, Any], name: str) -> bool:
        return any(name in (each["vendor"], each["name"]) for each in account["products"])

    def has_cpe(account: dict[str, Any], start: str) -> bool:
        return any(each["cpe"].startswith(start) for each in account["products"])

    openssl = text_has(r"(?<!\w)openssl(?!\w)")
    return [
        *map(ordered, CveOrder),
        of("score 9", lambda each: scored(each, 9.0), score=9.0),
        of("score 7", lambda each: scored(each, 7.0), score=7.0),
        of("epss 0.5", lambda each: each["epss"] >= 0.5, epss=0.5),
        of("kev", lambda each: each["exploited_since"] is not None, kev=True),
        of("installed", lambda each: bool(each["exposures"]), installed=True),
        of("fixable", lambda each: any(one["fixed"] for one in each["exposures"]), fixable=True),
        of("source nvd", lambda _: True, sources=frozenset({"nvd"})),
        of("product openssl", lambda each: named(each, "openssl"), products=("openssl",)),
        of(
            "product, 20",
            lambda each: named(each, "openssl"),
            products=("openssl", *(f"no{n}" for n in range(19))),
        ),
        of(
            "a CPE's beginning",
            lambda each: has_cpe(each, "cpe:2.3:a:openssl:"),
            products=("cpe:2.3:a:openssl:",),
        ),
        of("word openssl", openssl, words=("openssl",)),
        of("word CVE-2015-1600", lambda each: each["id"] == "CVE-2015-1600", words=("CVE-2015-1600",)),
        of("word 1600, a number", numbered(1600), words=("1600",)),
        of("word remote, common", text_has(r"(?<!\w)remote(?!\w)"), words=("remote",)),
        of("word c++", text_has(r"(?<!\w)c\+\+"), words=("c++",)),
        of("word .net", text_has(r"\.net(?!\w)"), words=(".net",)),
        of("word cross-site", text_has(r"(?<!\w)cross-site(?!\w)"), words=("cross-site",)),
        of("words arbitrary code", text_has(r"(?<!\w)arbitrary\s+code(?!\w)"), words=("arbitrary code",)),
        of("a word of signs, +", text_has(r"\+"), words=("+",)),
        of(
            "openssl, score 7, epss 0.1",
            lambda each: openssl(each) and scored(each, 7.0) and each["epss"] >= 0.1,
            words=("openssl",),
            score=7.0,
            epss=0.1,
        ),
    ]


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of the clock, and of all processors for this process."""

    seconds: float
    cpu_seconds: float

    @classmethod
    def since(cls, began: "Took") -> "Took":
        return cls(time.perf_counter() - began.seconds, time.process_time() - began.cpu_seconds)

    def __str__(self) -> str:
        return f"{self.seconds * 1000:8.1f} {self.cpu_seconds * 1000:8.1f} ms"


@dataclass(slots=True)
class Aims:
    """What was to be met, and how much of it was not."""

    missed: list[str] = field(default_factory=list)

    def verdict(self, name: str, took: Took, aim_seconds: float) -> str:
        if took.seconds <= aim_seconds:
            return f"aim {aim_seconds:g} s: met"
        self.missed.append(name)
        return f"aim {aim_seconds:g} s: missed"


def now() -> Took:
    return Took(time.perf_counter(), time.process_time())


async def timed(make: Callable[[], Awaitable[Any]], *, rounds: int) -> tuple[Any, Took]:
    """What it gives, and the medians of what it took; once before it counts."""
    result, took = await make(), []
    for _ in range(rounds):
        began = now()
        await make()
        took.append(Took.since(began))
    return result, Took(*(statistics.median(each) for each in zip(*map(astuple, took), strict=True)))


def scanned(path: Path, case: Case, scores: dict[str, float]) -> tuple[int, Took]:
    """How many a plain scan finds, and what it took."""
    began, total = now(), 0
    with path.open("rb") as lines:
        for line in lines:
            account = json.loads(line)
            account["epss"] = scores.get(account["id"], -1.0)
            total += not account["is_rejected"] and case.asks(account)
    return total, Took.since(began)


class Bench:
    """One database, filled and asked."""

    def __init__(self, folder: Path, *, count: int, scores: int, rounds: int, aims: Aims) -> None:
        folder.mkdir(mode=0o700)
        self.aims = aims
        self.folder = folder
        self.count = count
        self.scores = scores
        self.rounds = rounds
        self.figures: dict[str, Any] = {}
        self.database = Database(folder)
        clock = SystemClock(asyncio.get_running_loop())
        self.store = SqliteVulnerabilities(self.database, clock=clock, limits=Limits)

    async def load(self) -> None:
        accounts = list(made_up(self.count))
        pages = [accounts[start : start + PAGE] for start in range(0, len(accounts), PAGE)]
        seconds = [await self.waits(self.note(page)) for page in pages]
        self.say("load", f"{self.count:,} accounts in pages of {PAGE:,}", sum(each for each, _ in seconds))
        self.say("page", "  the longest that another waited meanwhile", max(each for _, each in seconds))
        again = await self.waits(self.note(accounts[: 10 * PAGE], is_all=False))
        self.say("again", f"{min(self.count, 10 * PAGE):,} accounts once more, as they were", again[0])
        with (self.folder / "accounts.jsonl").open("w") as lines:
            for account in accounts:
                lines.write(json.dumps(asdict(account), default=str) + "\n")

    async def note(self, accounts: Any, *, is_all: bool = False) -> None:
        await self.store.note("nvd", accounts, marks={}, is_all=is_all)

    async def waits(self, work: Awaitable[Any]) -> tuple[float, float]:
        """The seconds that `work` took, and the longest that a reader of the outbox's thread waited."""
        done, longest = asyncio.Event(), 0.0

        async def look() -> None:
            nonlocal longest
            while not done.is_set():
                began = time.perf_counter()
                await self.database.read(lambda connection: connection.execute("SELECT 1").fetchone())
                longest = max(longest, time.perf_counter() - began)
                await asyncio.sleep(0.001)

        looking = asyncio.create_task(look())
        began = time.perf_counter()
        await work
        seconds = time.perf_counter() - began
        done.set()
        await looking
        return seconds, longest

    async def score(self) -> dict[str, float]:
        ids = [account.id for account in made_up(self.count)]
        ids += [
            f"CVE-2031-{number:06}" for number in range(100_000, 100_000 + max(0, self.scores - len(ids)))
        ]
        for day, what in ((1, "the first time"), (1, "once more, as it was"), (2, "of the next day")):
            scores = scores_of(ids, day=day)
            seconds, longest = await self.waits(self.store.note_epss(scores, marks={}))
            self.say(f"epss {what}", f"EPSS of {len(ids):,}, {what}", seconds)
            self.say(f"epss {what}, longest", "  the longest that another waited meanwhile", longest)
        return {name: each.score for name, each in scores_of(ids, day=2)}

    async def ask(self, scores: dict[str, float]) -> None:
        size = sum((self.folder / name).stat().st_size for name in (DATABASE_NAME, f"{DATABASE_NAME}-wal"))
        self.figures["bytes"] = size
        print(f"the database has {size / 2**20:.0f} MiB, {size / self.count:.0f} bytes a vulnerability")
        print(f"{'filter':<28} {'found':>8} {'ours, and its CPU':>20} {'a scan, and its CPU':>20}")
        for case in cases():
            listing, took = await timed(partial(self.store.search, case.query), rounds=self.rounds)
            total, scan = scanned(self.folder / "accounts.jsonl", case, scores)
            assert listing.total == total, (case.name, listing.total, total)
            assert len(listing.found) == min(100, max(0, total - case.query.offset))
            self.figures[case.name] = {"found": total, "ours": asdict(took), "scan": asdict(scan)}
            met = self.aims.verdict(case.name, took, AIM_SECONDS)
            print(f"{case.name:<28} {total:>8,} {took} {scan}   {met}")
        for months in (12, 240):
            name = f"counts of {months} months"
            counts = partial(self.store.counts, CveQuery(), months=months)
            _, took = await timed(counts, rounds=self.rounds)
            self.figures[name] = asdict(took)
            print(f"{name:<37} {took}")

    def say(self, key: str, what: str, seconds: float) -> None:
        self.figures[key] = seconds
        print(f"{what:<60} {seconds:8.3f} s")


async def catalogue(folder: Path, *, rounds: int, aims: Aims) -> dict[str, Any]:
    """The catalogue of CISA with EPSS, listed and filtered."""
    entries = json.loads(KEV.read_bytes())["vulnerabilities"]
    accounts = [
        Account(
            source="kev",
            id=each["cveID"],
            title=each["vulnerabilityName"],
            description=each["shortDescription"],
            exploited_since=date.fromisoformat(each["dateAdded"]),
            due=date.fromisoformat(each["dueDate"]),
            products=(Product(vendor=each["vendorProject"], name=each["product"]),),
            weaknesses=tuple(each["cwes"]),
        )
        for each in entries
    ]
    bench = Bench(folder, count=len(accounts), scores=0, rounds=rounds, aims=aims)
    await bench.database.open()
    noted = await bench.waits(bench.store.note("kev", accounts, marks={}, is_all=True))
    await bench.store.note_epss(scores_of([each.id for each in accounts], day=1), marks={})
    await bench.database.close()
    queries = {
        "listed, 100 of them": CveQuery(),
        "listed, all": CveQuery(most=10_000),
        "all with the word linux": CveQuery(filter=CveFilter(words=("linux",)), most=10_000),
        "all of microsoft with EPSS 0.1": CveQuery(
            filter=CveFilter(products=("microsoft",), epss=0.1), most=10_000
        ),
    }
    figures: dict[str, Any] = {"noted": noted[0]}
    print(f"the catalogue of CISA, {len(accounts):,} entries, noted in {noted[0]:.3f} s")
    for name, query in queries.items():
        found, took = await timed(partial(opened_and_asked, folder, query), rounds=rounds)
        figures[name] = asdict(took)
        met = aims.verdict(name, took, KEV_AIM_SECONDS)
        print(f"  opened, and {name:<34} {found:>6,} {took}   {met}")
    return figures


async def opened_and_asked(folder: Path, query: CveQuery) -> int:
    """How many a command finds, which opens the database first."""
    database = Database(folder)
    await database.open()
    clock = SystemClock(asyncio.get_running_loop())
    listing = await SqliteVulnerabilities(database, clock=clock, limits=Limits).search(query)
    await database.close()
    return len(listing.found)


async def measure(folder: Path, options: argparse.Namespace, aims: Aims) -> dict[str, Any]:
    rounds = max(1, min(options.rounds, 101))
    many = folder / "many"
    bench = Bench(many, count=options.count, scores=options.scores, rounds=rounds, aims=aims)
    await bench.database.open()
    await bench.load()
    await bench.ask(await bench.score())
    await bench.database.close()
    return bench.figures | {"kev": await catalogue(folder / "kev", rounds=rounds, aims=aims)}


def main() -> int:
    """Measure; 1 when an aim was missed."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--count", type=int, default=200_000, help="vulnerabilities")
    parser.add_argument("--scores", type=int, default=300_000, help="scores of EPSS")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the databases are made, for a while")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    print(describe())
    aims = Aims()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        figures = asyncio.run(measure(Path(folder), options, aims))
    if options.json:
        print(json.dumps(figures))
    if aims.missed:
        print(f"missed: {', '.join(aims.missed)}", file=sys.stderr)
    return 1 if aims.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
