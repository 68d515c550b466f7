"""Leaving an answer that a browser comes back for."""

from doorward.doors.web.visit import Visit
from doorward.service.answer import Answer
from doorward.service.run import RunState

RETURN_SECONDS = 10.0
"""
How long a run that waits for a place is kept in its queue for a browser that is on its way back to it.

One that has its place is kept by the command's own `linger_seconds`; one that waits would be given up at
once.
"""


def part(visit: Visit, answer: Answer) -> None:
    """Read `answer` no more, now or, when its run waits for a place, a little later."""
    desk, run = visit.door.desk, answer.run
    if run is not None and run.state is RunState.WAITING:
        visit.door.clock.call_later(RETURN_SECONDS, lambda: desk.leave(answer))
    else:
        desk.leave(answer)
