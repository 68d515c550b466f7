"""
What the inside asks of the outside, as Protocols.

Each port is met by one room and by a fake of `doorward.testing` that passes the same contract suite.
"""

import enum
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from doorward.core.audit import AuditEvent
from doorward.core.cve_changes import NotedChange
from doorward.core.cve_filters import CveCounts, CveListing, CveQuery
from doorward.core.errors import IllFormedFeed
from doorward.core.feeds import Feed
from doorward.core.fetching import Fetched, FetchRequest
from doorward.core.launch import Ending, Launch, Stream
from doorward.core.mail import Claim, Delivered, Mail, QueueChange, QueuedMail, Tried
from doorward.core.schedules import RunResult, Schedule, ScheduleState
from doorward.core.secret import Secret
from doorward.core.vulnerabilities import Account, Epss, Vulnerability


class Timer(Protocol):
    """A call that is due later and can be taken back."""

    def cancel(self) -> None:
        """Take the call back; nothing happens when it was made already."""


class Clock(Protocol):
    """Time, in seconds; deadlines use the monotonic one only."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""

    def wall(self) -> float:
        """Seconds since 1970-01-01 UTC, for people to read."""

    def call_later(self, delay_seconds: float, callback: Callable[[], object], /) -> Timer:
        """Have `callback` called on the loop after the delay, which is 0 or more."""


class ChildEvents(Protocol):
    """Told what a child does, on the loop, in order."""

    def output_received(self, stream: Stream, data: bytes) -> bool:
        """
        Take bytes that the child wrote.

        Returns:
            Whether more is wanted. Once False, the rest is read slowly and thrown away.
        """

    def ended(self, ending: Ending) -> None:
        """Hear, once, that the child's whole tree is gone or was given up; no output comes after it."""

    def gone(self) -> None:
        """Hear, once and last, that a tree that was given up is gone after all, or that nobody can say."""


class Child(Protocol):
    """A child process and all that descends from it."""

    def write_input(self, data: bytes) -> None:
        """
        Hand `data` to the child's stdin, in order, held until it reads; dropped when it cannot be read.

        How much that is in all, the caller bounds.
        """

    def close_input(self) -> None:
        """End the child's stdin after what was written; idempotent."""

    def stop(self) -> None:
        """Ask the whole tree to end: TERM, the grace of its launch, KILL; idempotent."""


class Spawner(Protocol):
    """Starts children."""

    def spawn(self, launch: Launch, events: ChildEvents) -> Child:
        """
        Start a child.

        Never blocks, and never raises for what the launch says: what cannot be started ends as `NotStarted`,
        told to `events` after this call has returned.
        """

    async def close(self) -> None:
        """Stop every child that is left, wait until all are gone or given up, and let go of everything."""


class AuditLog(Protocol):
    """Where logins, refusals, runs, ends, cancellations and reloads are written down."""

    def record(self, event: AuditEvent) -> None:
        """Keep `event`; never blocks. It is on disk within a second, and a failure to write is not silent."""


class Verdict(enum.Enum):
    """What a check of a password says."""

    RIGHT = "right"
    WRONG = "wrong"
    BUSY = "busy"


class Verifier(Protocol):
    """Checks passwords with the work that it takes, off the loop."""

    async def verify(self, *, password_hash: str | None, password: Secret) -> Verdict:
        """
        Tell whether `password` is the one of `password_hash`.

        With None the same work is done and the answer is `WRONG`: a user who does not exist takes as long.
        `BUSY` comes at once, without any work, when as many checks wait as may.
        """


class Fetcher(Protocol):
    """Fetches what stands at an address."""

    async def fetch(self, request: FetchRequest) -> Fetched:
        """
        Fetch it, whole.

        Raises:
            ConnectError: it did not come; the text names the address, the phase and what to do.
        """


class LenientReader(Protocol):
    """Makes what can be made of a feed that is no XML."""

    async def read(self, body: bytes, *, content_type: str, most_entries: int, error: IllFormedFeed) -> Feed:
        """
        Read `body`, within bounds of its own.

        Args:
            body: as it came.
            content_type: the header that came with it; empty for none.
            most_entries: how many are wanted.
            error: why it could not be read as XML; a note of the feed says so.

        Raises:
            FeedError: nothing could be made of it either, or it asked for too much.
        """


class Mailer(Protocol):
    """Hands messages to a mail server."""

    async def deliver(self, mail: Mail, recipients: Collection[str]) -> Mapping[str, Delivered]:
        """
        Try once to deliver `mail` to those of its recipients that are still to get it.

        Returns:
            What became of it, for each of `recipients`. A server that is lost after it began to take this
            message is `LATER` for those who have no answer yet.

        Raises:
            ConnectError: no message at all can be delivered now: the server cannot be reached, is not trusted
                or refuses the login.
        """


class Outbox(Protocol):
    """Where messages wait until a mail server took them."""

    async def put(self, mail: Mail) -> int:
        """
        Keep `mail` until it is delivered or given up; it is on disk when this returns.

        Returns:
            Its number in the queue.

        Raises:
            StateError: it could not be kept: the disk or the queue is full, it is too large, or the state
                cannot be used.
        """


class MailQueue(Outbox, Protocol):
    """
    The outbox for those who empty it and look after it.

    Two processes may have it open at once. Everything raises StateError when the state cannot be used.
    """

    async def claim(self, *, lease_seconds: float) -> Claim | None:
        """
        Take the message that has been due for the longest; None when none is due.

        Nobody else gets it until it is settled, or for `lease_seconds`, which are more than a try may take.
        A lease ends with the boot of the machine, and does not follow the wall clock.
        """

    async def settle(self, claim: Claim, tried: Mapping[str, Tried]) -> bool:
        """
        Note what became of recipients of `claim`, by address, and let go of it. Others stay as they were.

        A message that all its recipients got is removed; dead letters stay.

        Returns:
            Whether the lease was held until now. When it was not, somebody else may have tried as well: what
            was accepted or refused is noted all the same, and `LATER` is theirs to say.
        """

    async def next_due_at(self) -> float | None:
        """
        Tell when `claim` can give a message next, in wall seconds, 0 for now; None when nothing waits.

        What another process puts in meanwhile may be due before.
        """

    async def messages(self) -> Sequence[QueuedMail]:
        """List what is in the queue, dead letters too, by number."""

    async def find(self, number: int) -> tuple[QueuedMail, Mail] | None:
        """Look at one message, whole."""

    async def retry(self, number: int) -> QueueChange:
        """Make its recipients that did not get it due now, dead ones too, and count their tries anew."""

    async def drop(self, number: int) -> QueueChange:
        """Remove it for good."""


class SeenStore(Protocol):
    """What an errand has told already."""

    async def seen(self, errand: str) -> Mapping[str, str]:
        """
        Hand out what `errand` noted: a mark by each key. Empty before the first time.

        Raises:
            StateError: it could not be read.
        """

    async def commit(
        self, errand: str, seen: Mapping[str, str], mail: Mail | None, *, forgotten: Collection[str] = ()
    ) -> int | None:
        """
        Note what is seen from now on, and put `mail` in the outbox: both or neither.

        Args:
            errand: whose marks these are.
            seen: marks by their keys; they are added to those there are, or take their places.
            mail: what tells of them; None when there is nothing to be told.
            forgotten: keys that are noted no longer, where they are not in `seen` again.

        Returns:
            The number of the message in the queue; None without one.

        Raises:
            StateError: neither was kept: as for `put`, or the marks are too many or too long.
        """


class VulnerabilityStore(Protocol):
    """What is known of vulnerabilities, by all errands and all sources of this state together."""

    async def marks(self, source: str) -> Mapping[str, str]:
        """
        Hand out what was noted about a source: what its server is asked next, how far its windows are.

        Raises:
            StateError: it could not be read; so too for all that follows.
        """

    async def note(
        self,
        source: str,
        accounts: Iterable[Account],
        *,
        marks: Mapping[str, str],
        is_all: bool,
    ) -> int:
        """
        Take up what a source says, note what changed by it, and its marks: all of it or nothing.

        Args:
            source: its key; that of every account.
            accounts: what it says; one that is as it was costs next to nothing.
            marks: they take the places of those there are.
            is_all: the source says nothing of any other vulnerability: what it said before of others is
                forgotten. A vulnerability that no source tells of any more is forgotten too.

        Returns:
            How many changes were noted.
        """

    async def note_epss(self, scores: Iterable[tuple[str, Epss]], *, marks: Mapping[str, str]) -> int:
        """
        Take up EPSS, by ids, of vulnerabilities known and unknown, as `note` does: those are all there are.

        It is done in several transactions, the marks in the last: a crash has it done again.
        """

    async def last_change(self) -> int:
        """The number of the newest change; 0 for none."""

    async def changes(self, after: int, *, most: int) -> Sequence[NotedChange]:
        """The changes with a number greater than `after`, by number, `most` of them at most."""

    async def search(self, query: CveQuery) -> CveListing:
        """Hand out what `query` asks for."""

    async def find(self, name: str) -> Vulnerability | None:
        """The one whose id is `name`, in capitals or not; None when nobody told of it."""

    async def counts(self, query: CveQuery, *, months: int) -> Sequence[CveCounts]:
        """
        How many of what passes were published, and became known to be exploited, in each month.

        Args:
            query: its filter, ids and rejection count.
            months: so many, up to this one; from 1 to 1,000. Those without any stand there too.
        """


class ScheduleStore(Protocol):
    """How far schedules are, over restarts."""

    async def load(self) -> Mapping[str, ScheduleState]:
        """
        Hand out all that is known, by name.

        Raises:
            StateError: it could not be read.
        """

    async def save(self, state: ScheduleState, mail: Mail | None = None) -> None:
        """
        Note `state`, and put `mail` in the outbox: both or neither. It is on disk when this returns.

        Raises:
            StateError: neither was kept.
        """

    async def forget(self, names: Collection[str]) -> None:
        """
        Know nothing of these any more.

        Raises:
            StateError: they are known still.
        """


class ScheduledRuns(Protocol):
    """Where scheduled runs are run."""

    async def run(self, schedule: Schedule) -> RunResult:
        """
        Run it and wait for its end; never raises for what it does, and a refusal is an outcome too.

        Cancelled, the run is left as by a reader who goes.
        """
