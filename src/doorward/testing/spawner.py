"""A `Spawner` whose children do what the test says, and nothing by themselves."""

from dataclasses import dataclass, field

from doorward.core.launch import Ending, Exited, Launch, Signalled, Stream
from doorward.core.ports import Child, ChildEvents


@dataclass(eq=False)
class FakeChild:
    """
    A child in the hands of a test.

    Attributes:
        launch: what it was started with.
        input: what came for its stdin.
        is_input_closed: whether its stdin has ended.
        stops: how often it was asked to stop.
        ends_when_stopped: otherwise it goes on until the test ends it, as one that ignores TERM.
    """

    launch: Launch
    events: ChildEvents = field(repr=False)
    input: bytes = b""
    is_input_closed: bool = False
    stops: int = 0
    ends_when_stopped: bool = True
    has_ended: bool = False

    def write_input(self, data: bytes) -> None:
        """See `Child`."""
        self.input += data

    def close_input(self) -> None:
        """See `Child`."""
        self.is_input_closed = True

    def stop(self) -> None:
        """See `Child`."""
        self.stops += 1
        if self.ends_when_stopped:
            self.end(Signalled(15))

    def write(self, data: bytes, stream: Stream = Stream.OUT) -> bool:
        """Have the child write `data`; gives whether more is wanted."""
        return self.events.output_received(stream, data)

    def end(self, ending: Ending | None = None) -> None:
        """Have the child end, with status 0 unless told otherwise; idempotent."""
        if not self.has_ended:
            self.has_ended = True
            self.events.ended(Exited(0) if ending is None else ending)


class FakeSpawner:
    """
    Keeps every child for the test.

    Attributes:
        children: all that were started, the oldest first.
    """

    def __init__(self, *, children_end_when_stopped: bool = True) -> None:
        self._end_when_stopped = children_end_when_stopped
        self.children: list[FakeChild] = []

    def spawn(self, launch: Launch, events: ChildEvents) -> Child:
        """See `Spawner`."""
        child = FakeChild(launch, events, ends_when_stopped=self._end_when_stopped)
        self.children.append(child)
        return child

    async def close(self) -> None:
        """See `Spawner`."""
        for child in self.children:
            child.end(Signalled(9))
