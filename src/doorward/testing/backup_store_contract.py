"""What every `BackupStore` does, as a suite: subclass it and give it a fixture `kept`."""

# ruff: noqa: S101 - pytest explains a failed assert

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from hashlib import sha256

import pytest

from doorward.core.backup_store import BackupPlace, BackupStore, StoredFile, StoreError, Trouble

BAD_NAMES = ("", ".", "..", "../up", "a/b", "/etc/passwd", "a\nb", "a\rDELE b", "a\0b", "\x1b[2J", "n" * 256)
"""What no store asks its other end about."""

ODD_NAMES = (
    "web.17",
    ".web.17.part",
    "a name with spaces",
    "é ö 漢字",
    "-rf",
    "web.1;v=2",
    'a "b" c',
    "%2e%2e",
)
"""What every store takes."""


@dataclass(frozen=True, slots=True)
class KeptUnderTest:
    """
    What a subclass's fixture gives; the callables look at the folder, or change it, behind the store's back.

    Attributes:
        store: of an empty folder.
        without_folder: the same, of a folder beside it that is not there.
        put: puts a file there, by name and content.
        make_folder: makes a folder in the folder, by name; raises FileExistsError where it is there.
        contents: tells the files there, by name.
    """

    store: BackupStore
    without_folder: BackupStore
    put: Callable[[str, bytes], None]
    make_folder: Callable[[str], None]
    contents: Callable[[], dict[str, bytes]]

    async def found(self) -> dict[str, bytes]:
        """The files there, by name."""
        return await asyncio.to_thread(self.contents)

    async def placed(self, name: str, content: bytes) -> None:
        """Put a file there."""
        await asyncio.to_thread(self.put, name, content)

    async def with_folder(self, name: str) -> None:
        """Make a folder there."""
        await asyncio.to_thread(self.make_folder, name)


def some_bytes(size_bytes: int, *, seed: int = 1) -> bytes:
    """So many bytes, the same ones each time."""
    return random.Random(seed).randbytes(size_bytes)  # noqa: S311 - the same ones each time


async def in_chunks(content: bytes, *, chunk_bytes: int = 50_021) -> AsyncIterator[bytes]:
    """Yield `content` in chunks that fit no buffer."""
    for start in range(0, len(content), chunk_bytes):
        yield content[start : start + chunk_bytes]


async def whole(place: BackupPlace, name: str, *, from_offset: int = 0) -> bytes:
    """All of a file."""
    return b"".join([chunk async for chunk in place.read(name, from_offset=from_offset)])


def asked_with(place: BackupPlace, name: str) -> Iterator[Awaitable[object]]:
    """Yield all that a place can be asked with a name."""
    yield place.size(name)
    yield place.send(in_chunks(b"x"), name)
    yield place.sha256(name)
    yield whole(place, name)
    yield place.rename(name, "new")
    yield place.rename("file", name)
    yield place.remove(name)


class LostSourceError(Exception):
    """A file that is sent cannot be read any more."""


async def broken_off(content: bytes) -> AsyncIterator[bytes]:
    """Yield `content`, and then fail."""
    yield content
    raise LostSourceError


class BackupStoreContract:
    """The suite."""

    @pytest.mark.parametrize("size_bytes", [0, 1, 300_000])
    async def test_what_is_sent_is_there_and_comes_back(self, kept: KeptUnderTest, size_bytes: int) -> None:
        content = some_bytes(size_bytes)
        async with kept.store.connect() as place:
            assert await place.size("web.1") is None
            assert await place.send(in_chunks(content), "web.1") == size_bytes
            assert await place.size("web.1") == size_bytes
            assert await whole(place, "web.1") == content
            listing = await place.listing()
        assert listing.files == {"web.1": StoredFile("web.1", size_bytes)}
        assert listing.passed_over == ()
        assert await kept.found() == {"web.1": content}

    async def test_a_file_goes_on_where_it_ends(self, kept: KeptUnderTest) -> None:
        content = some_bytes(300_000)
        async with kept.store.connect() as place:
            assert await place.send(in_chunks(content[:123_457]), "part") == 123_457
            assert await place.send(in_chunks(content[123_457:]), "part", from_offset=123_457) == 300_000
            assert await place.send(in_chunks(b""), "part", from_offset=300_000) == 300_000
        assert await kept.found() == {"part": content}

    async def test_a_file_of_another_length_is_not_gone_on_with(self, kept: KeptUnderTest) -> None:
        await kept.placed("part", b"twelve bytes")
        async with kept.store.connect() as place:
            for offset in (5, 13):
                with pytest.raises(StoreError) as caught:
                    await place.send(in_chunks(b"more"), "part", from_offset=offset)
                assert caught.value.trouble is Trouble.TEMPORARY
            with pytest.raises(StoreError):
                await place.send(in_chunks(b"more"), "absent", from_offset=1)
        assert await kept.found() == {"part": b"twelve bytes"}

    async def test_a_file_sent_from_the_start_takes_the_place_of_what_is_there(
        self, kept: KeptUnderTest
    ) -> None:
        await kept.placed("part", b"something longer, of another time")
        async with kept.store.connect() as place:
            assert await place.send(in_chunks(b"short"), "part") == 5
        assert await kept.found() == {"part": b"short"}

    async def test_an_empty_folder_has_no_files_and_a_missing_one_is_an_error(
        self, kept: KeptUnderTest
    ) -> None:
        async with kept.store.connect() as place:
            assert (await place.listing()).files == {}
        with pytest.raises(StoreError) as caught:
            async with kept.without_folder.connect() as place:
                await place.listing()
        assert caught.value.trouble is Trouble.PERMANENT

    async def test_a_missing_folder_is_made_when_that_is_asked_for(self, kept: KeptUnderTest) -> None:
        await kept.without_folder.make_folder()
        await kept.without_folder.make_folder()
        async with kept.without_folder.connect() as place:
            assert (await place.listing()).files == {}
            assert await place.send(in_chunks(b"x"), "file") == 1
        await kept.store.make_folder()

    async def test_folders_are_not_listed_and_have_no_size(self, kept: KeptUnderTest) -> None:
        await kept.with_folder("folder")
        await kept.placed("file", b"x")
        async with kept.store.connect() as place:
            assert set((await place.listing()).files) == {"file"}
            assert await place.size("folder") is None

    async def test_many_files_are_listed_and_only_those_that_are_wanted(self, kept: KeptUnderTest) -> None:
        for number in range(300):
            await kept.placed(f"web.{number}", b"x" * number)
        async with kept.store.connect() as place:
            listing = await place.listing()
            assert {name: file.size_bytes for name, file in listing.files.items()} == {
                f"web.{number}": number for number in range(300)
            }
            wanted = await place.listing(lambda name: name.endswith("7"))
        assert set(wanted.files) == {f"web.{number}" for number in range(7, 300, 10)}

    async def test_a_file_gets_its_name_and_takes_nothing_elses(self, kept: KeptUnderTest) -> None:
        await kept.placed("part", b"new")
        await kept.placed("web.1", b"old")
        await kept.with_folder("web.2")
        before = await kept.found()
        async with kept.store.connect() as place:
            for taken in ("web.1", "web.2"):
                with pytest.raises(StoreError) as caught:
                    await place.rename("part", taken)
                assert caught.value.trouble is Trouble.TAKEN, str(caught.value)
                assert taken in str(caught.value)
            assert await kept.found() == before
            await place.rename("part", "web.3")
            with pytest.raises(StoreError) as caught:
                await place.rename("part", "web.4")
            assert caught.value.trouble is Trouble.PERMANENT
        assert await kept.found() == {"web.1": b"old", "web.3": b"new"}

    async def test_a_file_is_removed_once_and_a_folder_never(self, kept: KeptUnderTest) -> None:
        await kept.placed("web.1", b"x")
        await kept.placed("web.2", b"y")
        await kept.with_folder("folder")
        async with kept.store.connect() as place:
            assert await place.remove("web.1")
            assert not await place.remove("web.1")
            with pytest.raises(StoreError):
                await place.remove("folder")
            assert set((await place.listing()).files) == {"web.2"}
        with pytest.raises(FileExistsError):
            await kept.with_folder("folder")

    async def test_what_is_no_name_is_refused(self, kept: KeptUnderTest) -> None:
        await kept.placed("file", b"x")
        async with kept.store.connect() as place:
            for refused in (each for name in BAD_NAMES for each in asked_with(place, name)):
                with pytest.raises(StoreError) as caught:
                    await refused
                assert caught.value.trouble is Trouble.PERMANENT
                assert str(caught.value).isprintable()
        assert await kept.found() == {"file": b"x"}

    async def test_odd_names_are_names(self, kept: KeptUnderTest) -> None:
        async with kept.store.connect() as place:
            for name in ODD_NAMES:
                assert await place.send(in_chunks(name.encode()), name) == len(name.encode())
            listing = await place.listing()
            sizes = {name: file.size_bytes for name, file in listing.files.items()}
            # what begins with a dot need not be listed
            assert sizes | {".web.17.part": 12} == {name: len(name.encode()) for name in ODD_NAMES}
            for name in ODD_NAMES:
                await place.rename(name, f"{name}~")
                assert await whole(place, f"{name}~") == name.encode()
        assert await kept.found() == {f"{name}~": name.encode() for name in ODD_NAMES}

    async def test_a_source_that_fails_is_told_as_it_is_and_the_rest_can_follow(
        self, kept: KeptUnderTest
    ) -> None:
        content = some_bytes(200_000)
        async with kept.store.connect() as place:
            with pytest.raises(LostSourceError):
                await place.send(broken_off(content[:100_000]), "part")
            there = await place.size("part") or 0
            assert there <= 100_000
            assert await place.send(in_chunks(content[there:]), "part", from_offset=there) == 200_000
        assert await kept.found() == {"part": content}

    async def test_whoever_is_cancelled_while_sending_leaves_the_place_of_use(
        self, kept: KeptUnderTest
    ) -> None:
        content = some_bytes(200_000)
        begun = asyncio.Event()

        async def stuck() -> AsyncIterator[bytes]:
            yield content[:100_000]
            begun.set()
            await asyncio.Event().wait()

        async with kept.store.connect() as place:
            sending = asyncio.get_running_loop().create_task(place.send(stuck(), "part"))
            await begun.wait()
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            there = await place.size("part") or 0
            assert there <= 100_000
            assert await place.send(in_chunks(content[there:]), "part", from_offset=there) == 200_000
        assert await kept.found() == {"part": content}

    async def test_a_file_is_read_from_an_offset_and_what_is_not_there_is_an_error(
        self, kept: KeptUnderTest
    ) -> None:
        content = some_bytes(200_000)
        await kept.placed("web.1", content)
        await kept.with_folder("folder")
        async with kept.store.connect() as place:
            assert await whole(place, "web.1", from_offset=77_777) == content[77_777:]
            assert await whole(place, "web.1", from_offset=200_000) == b""
            for name, offset in (("web.1", 200_001), ("absent", 0), ("folder", 0)):
                with pytest.raises(StoreError) as caught:
                    await whole(place, name, from_offset=offset)
                assert caught.value.trouble is Trouble.PERMANENT

    async def test_a_file_left_half_read_leaves_the_place_of_use(self, kept: KeptUnderTest) -> None:
        content = some_bytes(4_000_000)
        await kept.placed("web.1", content)
        async with kept.store.connect() as place:
            async with aclosing(place.read("web.1")) as chunks:
                async for chunk in chunks:
                    assert content.startswith(chunk)
                    break
            assert await place.size("web.1") == len(content)
            assert await whole(place, "web.1") == content

    async def test_what_the_other_end_computes_is_right(self, kept: KeptUnderTest) -> None:
        content = some_bytes(100_000)
        await kept.placed("web.1", content)
        await kept.placed("with spaces", content)
        async with kept.store.connect() as place:
            digests = {await place.sha256(name) for name in ("web.1", "with spaces")}
        assert digests in ({None}, {sha256(content).hexdigest()})

    async def test_several_places_are_had_at_once(self, kept: KeptUnderTest) -> None:
        async def one(number: int) -> None:
            async with kept.store.connect() as place:
                content = some_bytes(200_000, seed=number)
                await place.send(in_chunks(content), f"part {number}")
                await place.rename(f"part {number}", f"web.{number}")

        await asyncio.gather(*map(one, range(4)))
        assert await kept.found() == {
            f"web.{number}": some_bytes(200_000, seed=number) for number in range(4)
        }

    async def test_the_address_has_no_login(self, kept: KeptUnderTest) -> None:
        assert "://" in kept.store.address
        assert "@" not in kept.store.address
        assert kept.store.address.isprintable()
