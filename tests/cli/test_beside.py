"""What goes on beside a block ends with it, and either ends both."""

import asyncio

import pytest

from doorward.cli.beside import beside


async def forever(ended: list[str]) -> None:
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        ended.append("work")


async def failing() -> None:
    try:
        raise KeyError("cause")
    except KeyError as error:
        raise OSError("work") from error


async def test_the_work_ends_with_the_block() -> None:
    ended: list[str] = []
    async with beside(forever(ended)):
        await asyncio.sleep(0)
        assert ended == []
    assert ended == ["work"]


async def test_what_the_block_raises_ends_the_work_and_is_raised_as_it_is() -> None:
    ended: list[str] = []

    async def both() -> None:
        async with beside(forever(ended)):
            await asyncio.sleep(0)
            raise OSError("block")

    with pytest.raises(OSError, match="block"):
        await both()
    assert ended == ["work"]


async def test_what_the_work_raises_ends_the_block_and_is_raised_with_its_cause() -> None:
    ended: list[str] = []
    with pytest.raises(OSError, match="work") as caught:
        async with beside(failing()):
            await forever(ended)
    assert ended == ["work"]
    assert isinstance(caught.value.__cause__, KeyError)


async def test_whoever_is_cancelled_stays_so() -> None:
    ended: list[str] = []

    async def both() -> None:
        async with beside(forever(ended)):
            await forever(ended)

    task = asyncio.get_running_loop().create_task(both())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["work", "work"]
