"""The file of a transcript."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from doorward.clients._tls import words_of_error
from doorward.core.errors import DoorwardError


class CannotWrite(DoorwardError):
    """The transcript cannot be written; the text names its file."""


@contextmanager
def transcript_file(file: Path | None) -> Iterator[Callable[[str], object] | None]:
    """
    What takes the lines of a transcript, behind those that stand in `file` already; None for no file.

    Raises:
        CannotWrite: the system refuses, now or with one of the lines.
    """
    if file is None:
        yield None
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _cannot_write(file, error) from error

    from doorward.stores.atomic import write_all

    def write(line: str) -> None:
        try:
            write_all(descriptor, line.encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise _cannot_write(file, error) from error

    try:
        yield write
    finally:
        os.close(descriptor)


def _cannot_write(file: Path, error: OSError) -> CannotWrite:
    return CannotWrite(f"the transcript {file} cannot be written: {words_of_error(error)}")
