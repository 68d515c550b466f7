"""
How long feeds take to be parsed: by us, by feedparser and by fastfeedparser, in turn.

    python benchmarks/feeds.py [--rounds N] [--json]

Processor time, so that what else the machine does counts little. Each parser has to find all entries with
their titles and dates. Beyond that they differ: feedparser sanitises HTML, we make text of it, fastfeedparser
leaves it as it is.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machine import describe

from doorward.errands.feeds.parsing import parse_feed

NVD = Path(__file__).parents[1] / "tests" / "data" / "nvd-rss-1.0.xml"
URL = "http://feeds.example.org/feed"
OURS = "ours"
AIMS = {"feedparser": 20.0, "fastfeedparser": 3.0}
"""How many times as long as ours each is to take."""

HTML = (
    '<p>The <a href="http://e.org/x?a=1&amp;b=2">first</a> of <b>many</b> &mdash; and so on.</p>'
    '<ul><li>one</li><li>two</li></ul><img src="i.png" alt="an image"/>'
) * 5

Parser = Callable[[bytes], list[tuple[str, object]]]


@dataclass(frozen=True, slots=True)
class Document:
    """A feed, and how many entries it has."""

    name: str
    body: bytes
    entries: int


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def documents() -> list[Document]:
    items = "".join(
        f"<item><title>Entry {n}</title><link>http://e.org/{n}</link><guid>http://e.org/{n}</guid>"
        f"<pubDate>Mon, 24 Nov 2025 10:{n % 60:02}:00 GMT</pubDate><author>Ada</author>"
        f"<description>{escaped(HTML)}</description></item>\n"
        for n in range(1000)
    )
    entries = "".join(
        f'<entry><id>urn:{n}</id><title>Entry {n}</title><link href="http://e.org/{n}"/>'
        f"<updated>2025-11-24T10:{n % 60:02}:00Z</updated><author><name>Ada</name></author>"
        f'<content type="html">{escaped(HTML)}</content></entry>\n'
        for n in range(1000)
    )
    rss = f'<rss version="2.0"><channel><title>News</title>\n{items}</channel></rss>'
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>\n{entries}</feed>'
    return [
        Document("RSS 1.0 of the NVD, plain text", NVD.read_bytes(), 1404),
        Document("RSS 2.0 with HTML", rss.encode(), 1000),
        Document("Atom 1.0 with HTML", atom.encode(), 1000),
    ]


def ours(body: bytes) -> list[tuple[str, object]]:
    return [(entry.title, entry.published) for entry in parse_feed(body, url=URL).entries]


def parsers() -> dict[str, Parser]:
    """Those that are installed, ours first."""
    found: dict[str, Parser] = {OURS: ours}
    for name in ("feedparser", "fastfeedparser"):
        try:
            module: Any = __import__(name)
        except ModuleNotFoundError:
            print(f"{name} is left out: it is not installed beside {sys.executable}")
            continue

        def parse(body: bytes, module: Any = module) -> list[tuple[str, object]]:
            entries = module.parse(body).entries
            return [(entry["title"], entry.get("published") or entry.get("updated")) for entry in entries]

        found[name] = parse
    return found


def timed(parse: Parser, document: Document) -> float:
    began = time.process_time()
    found = parse(document.body)
    seconds = time.process_time() - began
    assert len(found) == document.entries
    assert all(title and date for title, date in found)
    return seconds


def measure(*, rounds: int) -> dict[str, dict[str, float]]:
    """The median seconds of each parser, by document."""
    known = parsers()
    figures: dict[str, dict[str, float]] = {}
    for document in documents():
        samples: dict[str, list[float]] = {name: [] for name in known}
        for _ in range(rounds):
            for name, parse in known.items():
                samples[name].append(timed(parse, document))
        figures[document.name] = {name: statistics.median(each) for name, each in samples.items()}
    return figures


def report(figures: dict[str, dict[str, float]]) -> None:
    for document, seconds in figures.items():
        print(document)
        for name, each in seconds.items():
            ratio = each / seconds[OURS]
            aim = AIMS.get(name)
            verdict = "" if aim is None else f"  aim {aim:g}: {'met' if ratio >= aim else 'missed'}"
            print(f"  {name:<16} {each * 1000:8.1f} ms   {ratio:6.2f} times ours{verdict}")


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(rounds=max(1, min(options.rounds, 101)))
    if options.json:
        print(json.dumps(figures))
    else:
        print(describe("feedparser", "fastfeedparser"))
        report(figures)


if __name__ == "__main__":
    main()
