"""An event loop that ends as the other models do: by a signal, with everything of it ended first."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from doorward.models._stopping import Stopped, hold_signals, let_signals_in, stop_ticking


def serve_loop(
    serve: Callable[[], Coroutine[Any, Any, Any]], new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """
    Run `serve` in a loop of its own until TERM or Ctrl-C; it is cancelled then, and tidies up.

    Raises:
        Stopped: the signal came.
    """
    stop_ticking()
    # a loop that is half made, or swallows what a signal raises, is no place for one
    hold_signals()
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(_until_stopped(serve))
    finally:
        let_signals_in()
    raise Stopped


async def _until_stopped(serve: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    loop = asyncio.get_running_loop()
    task = loop.create_task(serve())
    for number in (signal.SIGTERM, signal.SIGINT):
        # the handler that raises would raise anywhere in the loop
        loop.add_signal_handler(number, task.cancel)
    let_signals_in()
    try:
        await task
    except asyncio.CancelledError:
        pass
    finally:
        # a second signal has nothing more to say
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)
