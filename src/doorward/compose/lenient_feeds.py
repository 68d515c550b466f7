"""Ill-formed feeds, read by feedparser in a process of its own that can be stopped."""

import asyncio
import json
import subprocess
import sys

from doorward.compose import lenient_child
from doorward.core.errors import FeedError, IllFormedFeed
from doorward.core.feeds import SUMMARY_CHARACTERS, Feed
from doorward.errands.feeds.lenient import feed_from, may_be_read_leniently

BODY_BYTES = 4 * 1024 * 1024
"""What is larger is not tried: feedparser takes half a second for a thousand entries."""

MEMORY_BYTES = 768 * 1024 * 1024
CPU_SECONDS = 20
SECONDS = 60.0

_TELL = "Tell its publisher"


class LenientFeeds:
    """
    The `LenientReader` that reads one ill-formed feed at a time.

    Args:
        cpu_seconds: what a process may take of processor time.
        seconds: how long it may take.
    """

    def __init__(self, *, cpu_seconds: int = CPU_SECONDS, seconds: float = SECONDS) -> None:
        self._cpu_seconds = cpu_seconds
        self._seconds = seconds
        self._turn = asyncio.Lock()

    async def read(self, body: bytes, *, content_type: str, most_entries: int, error: IllFormedFeed) -> Feed:
        if len(body) > BODY_BYTES:
            raise _given_up(error, "; it is too large to be read leniently", _TELL) from error
        if not await asyncio.to_thread(may_be_read_leniently, body):
            raise _given_up(error, "; it declares entities, so it is refused", _TELL) from error
        asked = {
            "content_type": content_type,
            "entries": most_entries,
            "text_characters": 4 * SUMMARY_CHARACTERS,
            "memory_bytes": MEMORY_BYTES,
            "cpu_seconds": self._cpu_seconds,
        }
        async with self._turn:
            document = await asyncio.to_thread(self._run, json.dumps(asked).encode() + b"\n" + body, error)
        return await asyncio.to_thread(_feed, document, error)

    def _run(self, given: bytes, error: IllFormedFeed) -> bytes:
        try:
            child = subprocess.run(
                [sys.executable, "-I", "-X", "utf8", lenient_child.__file__],
                input=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=self._seconds,
                check=True,
            )
        except subprocess.SubprocessError as ended:
            how = "took too long" if isinstance(ended, subprocess.TimeoutExpired) else "took too much"
            raise _given_up(error, f", and reading it leniently {how}") from ended
        except OSError as refused:
            why = f", and nothing could be started to read it leniently: {refused}"
            raise _given_up(error, why) from refused
        return child.stdout


def _feed(document: bytes, error: IllFormedFeed) -> Feed:
    parsed = json.loads(document)
    # `sgmllib` finds an entry or two in nearly anything, and none in what is no feed
    if not parsed["dialect"] or not parsed["entries"]:
        raise _given_up(error, ", and nothing could be made of it") from error
    return feed_from(parsed, url=error.source, problem=error.problem)


def _given_up(error: IllFormedFeed, why: str, next_step: str = "") -> FeedError:
    return FeedError(error.source, f"{error.problem}{why}", next_step)
