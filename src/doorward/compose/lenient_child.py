"""
feedparser in a process of its own: an ill-formed feed on stdin, what can be made of it on stdout, as JSON.

Run as a file, not as a module of the package, so that it starts quickly. The first line of stdin is JSON:
the `content_type` that came with the feed, and the bounds `entries`, `text_characters`, `memory_bytes` and
`cpu_seconds`.
"""

import io
import json
import resource
import sys
from collections.abc import Iterator, Mapping
from typing import Any


def main() -> int:
    """Read, parse and print; returns the exit status: 0, or 1 when the feed asked for too much."""
    asked = json.loads(sys.stdin.buffer.readline())
    resource.setrlimit(resource.RLIMIT_AS, (asked["memory_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (asked["cpu_seconds"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        told = _told(sys.stdin.buffer.read(), asked)
        sys.stdout.write(json.dumps(told))
    except (MemoryError, RecursionError):
        return 1
    return 0


def _told(body: bytes, asked: Mapping[str, Any]) -> dict[str, Any]:
    import feedparser

    parsed = feedparser.parse(
        io.BytesIO(body),
        response_headers={"content-type": asked["content_type"]} if asked["content_type"] else {},
        # what we make of it is text, and links are resolved where the address is known
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    most = asked["text_characters"]
    return {
        "dialect": parsed.version[:20],
        "title": parsed.feed.get("title", "")[:most],
        "link": parsed.feed.get("link", "")[:most],
        "updated": parsed.feed.get("updated", "")[:most],
        "entries": [_entry(entry, most) for entry in parsed.entries[: asked["entries"]]],
        "more": len(parsed.entries) > asked["entries"],
    }


def _entry(entry: Mapping[str, Any], most: int) -> dict[str, Any]:
    texts = {
        name: str(entry.get(name, ""))[:most] for name in ("id", "title", "link", "published", "updated")
    }
    return {
        **texts,
        "summary": _summary(entry)[:most],
        "authors": list(_named(entry.get("authors", ()), "name"))[:100],
        "categories": list(_named(entry.get("tags", ()), "term"))[:100],
    }


def _summary(entry: Mapping[str, Any]) -> str:
    content = entry.get("content") or [{}]
    return str(entry.get("summary") or content[0].get("value", ""))


def _named(items: Any, key: str) -> Iterator[str]:
    for item in items:
        if item.get(key):
            yield str(item[key])[:1000]


if __name__ == "__main__":
    sys.exit(main())
