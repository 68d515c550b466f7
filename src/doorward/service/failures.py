"""Errors of what others wrote, explained in the log without reading a file on the loop."""

import secrets
from collections.abc import Iterator
from logging import Logger
from types import TracebackType

from doorward.core.errors import DoorwardError
from doorward.core.launch import Raised

_FRAMES = 30
"""Of the innermost; a recursion without end has a thousand."""


def log_failure(log: Logger, what: str, error: BaseException) -> Raised:
    """
    Explain `error` in `log`, and give the reference under which it stands there.

    One that was raised on purpose is explained by its text; where it came from is told at the level debug.
    """
    reference = secrets.token_hex(4)
    if isinstance(error, DoorwardError):
        log.error("%s failed, reference %s: %s", what, reference, error)
        log.debug("%s failed, reference %s", what, reference, extra={"exception": explanation(error)})
        return Raised(reference, str(error))
    log.error("%s failed, reference %s", what, reference, extra={"exception": explanation(error)})
    return Raised(reference, "")


def explanation(error: BaseException) -> str:
    """
    A traceback, that of the error's cause before its own, as Python writes it but for the source's lines.

    `logging` would read those from the disk, and the loop would wait for it.
    """
    return "\n".join(line for each in _chain(error) for line in _lines(each))


def _chain(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (before := chain[0].__cause__ or chain[0].__context__) is not None and before not in chain:
        chain.insert(0, before)
    return chain


def _lines(error: BaseException) -> Iterator[str]:
    yield "Traceback (most recent call last):"
    yield from list(_frames(error.__traceback__))[-_FRAMES:]
    yield f"{type(error).__name__}: {_text(error)}"


def _frames(step: TracebackType | None) -> Iterator[str]:
    while step is not None:
        code = step.tb_frame.f_code
        yield f'  File "{code.co_filename}", line {step.tb_lineno}, in {code.co_name}'
        step = step.tb_next


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - it is being logged, and its class stands there
        return "(its text cannot be made)"
