"""Whole runs over a server of FTP that goes wrong at each step, and what the next one makes of it."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from doorward.clients.ftp.settings import Deadlines
from doorward.clients.ftp.store import FtpStore
from doorward.core.secret import Secret
from doorward.errands.backups.planning import Wish
from doorward.errands.backups.report import Report, members_of, report_text
from tests.clients.ftp.faults import FaultyServer, Login, faulty_server, take_data, usual
from tests.clients.ftp.test_cut_anywhere import cut_at
from tests.errands.backups.places import contents, fill, run_of, told
from tests.plugins.soak import IS_SOAK

HERE = ("web.3", "web.4", "archives.8")
BEFORE = ("web.1", "web.2", "archives.7")
AFTER = ("web.3", "web.4", "archives.7", "archives.8")
SIZE_BYTES = 150_000
WISH = Wish(keep=2)
STEPS = 200
"""More than there are commands in a run."""

SOON = Deadlines(connect_seconds=30, tls_seconds=30, reply_seconds=0.5, data_seconds=0.5, total_seconds=60)
"""For what never comes."""


async def run(folder: Path, server: FaultyServer, *, retries: int = 3, soon: bool = False) -> Report:
    store = FtpStore(server.server(SOON) if soon else server.server(), "folder")
    return await run_of(folder, store, WISH, retries=retries, at_once=1).push()


async def filled(folder: Path, server: FaultyServer) -> None:
    await asyncio.to_thread(fill, folder, *HERE, size_bytes=SIZE_BYTES)
    server.files |= contents(*BEFORE, size_bytes=SIZE_BYTES)
    server.instead = usual()


def check(server: FaultyServer) -> None:
    """Nothing is half under a name of its own, nothing is gone that should stay."""
    whole = contents(*BEFORE, *HERE, size_bytes=SIZE_BYTES)
    named = {name: content for name, content in server.files.items() if not name.endswith(".part")}
    assert named.items() <= whole.items()
    assert {"web.2", "archives.7"} <= set(named) or {"web.3", "web.4", "archives.7"} <= set(named)


async def make_good(folder: Path, server: FaultyServer) -> None:
    """Have the next run find a server that does all right."""
    check(server)
    server.instead = usual()
    report = await run(folder, server)
    assert report.is_success, report
    assert server.files == contents(*AFTER, size_bytes=SIZE_BYTES)


@pytest.mark.parametrize("is_answered", [True, False], ids=["after the answer", "before the answer"])
@pytest.mark.parametrize("retries", [0, 3])
async def test_the_control_connection_dies_at_any_command(
    tmp_path: Path, *, is_answered: bool, retries: int
) -> None:
    successes = 0
    for step in range(1, STEPS, 1 if IS_SOAK else 4):
        async with faulty_server() as server:
            await filled(tmp_path, server)
            cut_at(server, step, is_answered=is_answered)
            report = await run(tmp_path, server, retries=retries)
            successes += report.is_success
            if retries:
                assert report.is_success, (step, report)
                assert server.files == contents(*AFTER, size_bytes=SIZE_BYTES)
            is_over = len(server.heard) < step
            await make_good(tmp_path, server)
        if is_over:
            break
    else:
        raise AssertionError("there are more steps than were tried")
    assert successes


async def test_data_that_breaks_off_anywhere_goes_on(tmp_path: Path) -> None:
    for most_bytes in range(1, SIZE_BYTES, 9_001 if IS_SOAK else 43_003):
        async with faulty_server() as server:
            await filled(tmp_path, server)

            async def cut(login: Login, name: str, most_bytes: int = most_bytes) -> None:
                await take_data(login, name, most_bytes=most_bytes)
                await login.say("426 the connection was cut")

            server.instead["STOR"] = cut
            report = await run(tmp_path, server, retries=0)
            assert set(told(report).values()) <= {"failed", "kept", "skipped"}
            assert set(BEFORE) <= set(server.files)
            await make_good(tmp_path, server)
            assert any(line.startswith("REST") for line in server.heard)


@pytest.mark.parametrize(
    ("verb", "line"),
    [
        ("STOR", "452 no space"),
        ("STOR", "552 quota exceeded"),
        ("STOR", "553 that name is not allowed"),
        ("STOR", "421 closing"),
        ("RNTO", "553 not allowed"),
        ("RNFR", "450 busy"),
        ("EPSV", "421 closing"),
        ("DELE", "550 not allowed"),
        ("NLST", "550 you may not"),
        ("NLST", "451 broken"),
        ("CWD", "550 no such folder"),
        ("SIZE", "500 what?"),
        ("PASS", "530 no"),
    ],
)
async def test_a_refusal_removes_nothing_and_the_next_run_makes_it_good(
    tmp_path: Path, verb: str, line: str
) -> None:
    async with faulty_server() as server:
        await filled(tmp_path, server)

        async def refuse(login: Login, _argument: str) -> None:
            if verb in {"STOR", "NLST"}:
                # connected to already; the next one is to be another
                await login.data()
            await login.say(line)

        server.instead[verb] = refuse
        report = await run(tmp_path, server, retries=1)
        assert not report.is_success
        assert set(BEFORE) <= set(server.files)
        await make_good(tmp_path, server)


async def test_a_last_word_that_never_comes_is_not_waited_for(tmp_path: Path) -> None:
    async with faulty_server() as server:
        await filled(tmp_path, server)
        server.instead["STOR"] = take_data
        report = await run(tmp_path, server, retries=1, soon=True)
        # the size says that all of it is there
        assert report.is_success, report
        assert server.files == contents(*AFTER, size_bytes=SIZE_BYTES)


async def test_a_last_word_about_a_file_of_another_size_is_not_believed(tmp_path: Path) -> None:
    async with faulty_server() as server:
        await filled(tmp_path, server)

        async def lose(login: Login, name: str) -> None:
            await take_data(login, name)
            login.server.files[name] = login.server.files[name][:-1]
            await login.say("226 all of it is here")

        server.instead["STOR"] = lose
        report = await run(tmp_path, server, retries=1)
        assert not report.is_success
        assert set(BEFORE) <= set(server.files)
        await make_good(tmp_path, server)


@pytest.mark.parametrize("which", [1, 2])
async def test_a_list_of_names_that_is_empty_removes_nothing(tmp_path: Path, which: int) -> None:
    lists = 0

    async with faulty_server() as server:
        await filled(tmp_path, server)
        names = server.instead["NLST"]

        async def empty(login: Login, argument: str) -> None:
            nonlocal lists
            lists += 1
            files, login.server.files = login.server.files, {}
            if lists != which:
                login.server.files = files
            await names(login, argument)
            login.server.files = files

        server.instead["NLST"] = empty
        report = await run(tmp_path, server)
        assert set(BEFORE) <= set(server.files)
        # with nothing there by the first list there was nothing to remove
        assert report.is_success is (which == 1)
        await make_good(tmp_path, server)


async def test_names_that_lead_elsewhere_are_told_and_never_asked_about(tmp_path: Path) -> None:
    async with faulty_server() as server:
        await filled(tmp_path, server)
        hostile = {"../web.1": b"", "/etc/web.2": b"", "a/web.1": b"", "web.1\x1b[2J.9": b""}
        server.files |= hostile
        report = await run(tmp_path, server)
        assert report.is_success
        assert server.files == contents(*AFTER, size_bytes=SIZE_BYTES) | hostile
        for line in server.heard:
            assert not any(name in line for name in hostile)


async def test_an_address_that_the_server_names_for_data_is_not_gone_to(tmp_path: Path) -> None:
    async with faulty_server() as server:
        await filled(tmp_path, server)
        server.says("EPSV", "500 not known here")

        async def elsewhere(login: Login, _argument: str) -> None:
            high, low = divmod(await login.listen(), 256)
            await login.say(f"227 Entering Passive Mode (192,0,2,1,{high},{low}).")

        server.instead["PASV"] = elsewhere
        assert (await run(tmp_path, server)).is_success
        assert server.files == contents(*AFTER, size_bytes=SIZE_BYTES)


async def test_a_password_that_the_server_repeats_is_not_in_the_report(tmp_path: Path) -> None:
    async with faulty_server() as server:
        await filled(tmp_path, server)
        heard: list[str] = []

        async def repeat(login: Login, argument: str) -> None:
            heard.append(argument)
            await login.say(f"530 {argument} is not the password of alice")

        server.instead["PASS"] = repeat
        of_alice = replace(server.server(), user="alice", password=Secret("hunter2"))
        run_by_alice = run_of(tmp_path, FtpStore(of_alice, "folder"), WISH)
        report = await run_by_alice.push()
        assert heard == ["hunter2"]
        assert "530" in report.problem
        assert "hunter2" not in report_text(report) + json.dumps(members_of(report))


@pytest.mark.parametrize("retries", [0, 3])
async def test_the_control_connection_dies_while_a_file_is_long_on_its_way(
    tmp_path: Path, *, retries: int
) -> None:
    async with faulty_server() as server:
        await filled(tmp_path, server)
        cuts = 0

        async def die(login: Login, name: str) -> None:
            nonlocal cuts
            cuts += 1
            if cuts == 2:
                server.instead = usual()
            login.hang_up()
            await take_data(login, name, most_bytes=SIZE_BYTES // 3)

        server.instead["STOR"] = die
        report = await run(tmp_path, server, retries=retries)
        assert cuts
        if retries:
            assert report.is_success, report
        else:
            # what did not get there holds what is older of its name
            assert "failed" in told(report).values()
            assert {"web.1", "web.2"} <= set(server.files) or told(report)["web.3"] == "sent"
        await make_good(tmp_path, server)
