"""How fast it may go."""

import asyncio

import pytest

from doorward.errands.backups.pace import LEAST_PIECE_BYTES, MOST_PIECE_BYTES, Pace


class Time:
    """Stands still but for who waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_bytes_take_their_time_whoever_sends_them() -> None:
    time = Time()
    pace = Pace(1000, monotonic=time.monotonic, sleep=time.sleep)

    async def send(pieces: int) -> None:
        for _ in range(pieces):
            await pace.take(250)

    async def all_of_them() -> None:
        await asyncio.gather(send(8), send(8), send(4))

    asyncio.run(all_of_them())
    # twenty quarters of a second, of which the last is not waited for
    assert time.now == pytest.approx(100 + 19 / 4)


def test_who_was_slow_owes_nothing_and_has_saved_nothing() -> None:
    time = Time()
    pace = Pace(1000, monotonic=time.monotonic, sleep=time.sleep)

    async def send() -> None:
        await pace.take(1000)
        time.now += 50
        await pace.take(1000)
        assert time.now == 150
        await pace.take(1000)
        assert time.now == 151

    asyncio.run(send())


@pytest.mark.parametrize(
    ("bytes_per_second", "piece_bytes"),
    [
        (0, MOST_PIECE_BYTES),
        (1, LEAST_PIECE_BYTES),
        (80_000, 10_000),
        (10**9, MOST_PIECE_BYTES),
    ],
)
def test_the_slower_it_goes_the_smaller_the_pieces(bytes_per_second: int, piece_bytes: int) -> None:
    assert Pace(bytes_per_second, monotonic=lambda: 0.0).piece_bytes == piece_bytes
