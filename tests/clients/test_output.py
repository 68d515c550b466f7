import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from doorward.clients._asking import OutputLeft
from doorward.clients._output import Output

pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe whose reading end does not block."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    try:
        yield reader, writer
    finally:
        for each in (reader, writer):
            try:
                os.close(each)
            except OSError:
                continue  # the test closed it


async def test_a_slow_reader_gets_all_of_it_while_the_loop_goes_on() -> None:
    data = os.urandom(300_000)
    output = Output()
    with pipe() as (reader, writer):
        writing = asyncio.get_running_loop().create_task(output.write(writer, data))
        taken = bytearray()
        while len(taken) < len(data):
            try:
                taken += os.read(reader, 20_000)
            except BlockingIOError:
                await asyncio.sleep(0)
        await writing
        output.close()
    assert bytes(taken) == data
    assert not output.is_writing


async def test_a_reader_that_leaves_is_noticed_though_nothing_is_written() -> None:
    output = Output()
    with pipe() as (reader, writer):
        await output.write(writer, b"x")
        leaving = asyncio.get_running_loop().create_task(output.reader_left())
        os.close(reader)
        with pytest.raises(OutputLeft):
            await leaving
        output.close()


async def test_a_reader_that_leaves_meanwhile_is_a_broken_pipe() -> None:
    output = Output()
    with pipe() as (reader, writer):
        writing = asyncio.get_running_loop().create_task(output.write(writer, bytes(300_000)))
        await asyncio.sleep(0)
        assert output.is_writing
        os.close(reader)
        with pytest.raises(BrokenPipeError):
            await writing
        output.close()


async def test_a_regular_file_is_written_and_never_left() -> None:
    output = Output()
    descriptor = os.memfd_create("out")
    await output.write(descriptor, b"x" * 100_000)
    output.close()
    assert os.pread(descriptor, 200_000, 0) == b"x" * 100_000
    os.close(descriptor)


async def test_what_comes_back_from_a_socket_is_no_leaving_and_stays_unread() -> None:
    output = Output()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        await output.write(ours.fileno(), b"x")
        leaving = asyncio.get_running_loop().create_task(output.reader_left())
        theirs.send(b"typed")
        for _ in range(5):
            await asyncio.sleep(0)
        assert not leaving.done()
        output.close()
        await asyncio.wait({leaving})
        assert ours.recv(10) == b"typed"
