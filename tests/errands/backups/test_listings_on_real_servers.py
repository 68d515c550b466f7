"""Folders at real servers that cannot be read, are emptied or gone, or have names that are to mislead."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from doorward.clients.ftp.settings import Security
from doorward.errands.backups.report import Did
from tests.clients.ftp.servers import NOBODY, needs_root
from tests.errands.backups.broken_runs import BEFORE, Broken, named_of
from tests.errands.backups.places import content_of, contents, fill, told
from tests.errands.backups.real_places import Kind, Place, server

pytestmark = [needs_root, pytest.mark.timeout(120)]

SIZE_BYTES = 100_000

OF_OTHERS = [
    server("vsftpd", Kind("vsftpd"), is_soak=False),
    server("proftpd", Kind("proftpd"), is_soak=False),
    server("pure-ftpd", Kind("pure-ftpd"), is_soak=False),
    server("vsftpd-tls", Kind("vsftpd", Security.EXPLICIT)),
    server("proftpd-tls", Kind("proftpd", Security.EXPLICIT)),
    server("pure-ftpd-tls", Kind("pure-ftpd", Security.EXPLICIT)),
]
"""Those whose users have to be allowed to read: the others run as root."""
SERVERS = [
    *OF_OTHERS,
    server("pyftpdlib", Kind("pyftpdlib"), is_soak=False),
    server("sftp", Kind("sftp"), is_soak=False),
]


@pytest.fixture
def broken(place: Place, here: Path) -> Broken:
    made = Broken(place, here, SIZE_BYTES)
    made.begin()
    return made


def once(act: Callable[[], object]) -> Callable[[int], None]:
    """Have it done behind the first piece, and not again."""
    acts = [act]

    def change(_offset: int) -> None:
        if acts:
            acts.pop()()

    return change


@pytest.mark.parametrize("place", OF_OTHERS, indirect=True)
@pytest.mark.parametrize("is_before", [True, False], ids=["before", "in the midst"])
def test_a_folder_that_may_not_be_read_loses_nothing(broken: Broken, *, is_before: bool) -> None:
    folder = broken.place.folder
    if is_before:
        folder.chmod(0o333)
        report = broken.push(retries=0)
    else:
        report = broken.push(once(lambda: folder.chmod(0o333)), retries=0)
    folder.chmod(0o777)
    if not is_before:
        assert not report.is_success
    assert contents(*BEFORE, size_bytes=SIZE_BYTES).items() <= broken.place.found().items()
    broken.make_good()


@pytest.mark.parametrize("place", SERVERS, indirect=True)
@pytest.mark.parametrize("is_before", [True, False], ids=["before", "in the midst"])
def test_a_folder_that_is_gone_loses_nothing(broken: Broken, *, is_before: bool) -> None:
    folder = broken.place.folder
    away = folder.with_name("away")
    if is_before:
        folder.rename(away)
        report = broken.push(retries=0)
    else:
        report = broken.push(once(lambda: folder.rename(away)), retries=0)
    assert not report.is_success
    assert not folder.exists()
    away.rename(folder)
    assert contents(*BEFORE, size_bytes=SIZE_BYTES).items() <= broken.place.found().items()
    broken.make_good()


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_a_folder_that_is_emptied_in_the_midst_has_nothing_removed(broken: Broken) -> None:
    folder = broken.place.folder
    away = folder.with_name("away")
    away.mkdir()

    def move() -> None:
        for each in ("web.1", "web.2"):
            (folder / each).rename(away / each)

    report = broken.push(once(move), retries=0)
    assert not report.is_success
    assert "nothing was removed, as two lists of what is there differ" in report.problem
    assert broken.place.found() == contents("web.3", size_bytes=SIZE_BYTES)
    for each in away.iterdir():
        each.rename(folder / each.name)
    broken.make_good()


HOSTILE = (
    *(
        b"web.2\r",
        b"web.-1",
        b"web.+1",
        b"web. 1",
        b"web.1 ",
        b" web.1",
        b"web.1;",
        b"web.1\t",
        b"web.1\x1b[2J",
    ),
    *(b"-rf", b"-la", b"--", b"~", b"*", b"web.*", b"web.?", b"web.[12]", b"web.\xff1", b"\xff\xf4\xff\xf2"),
    *(b"web.1.part", b"web.1e0", b"web.0x1", b"WEB.1", b".web.1"),
    *("web.\u0661".encode(), "web.\u00b9".encode(), b"web." + b"9" * 251, b"web" * 85),
)
"""None of them is one of `web`, whatever it looks like in a list."""

WITH_LINE_ENDS = (b"web.1\n", b"\nweb.1", b"x\nweb.0", b"x\r\nweb.2\r\nweb.0", b"web.0\n\n")


def put(folder: Path, name: bytes) -> None:
    path = os.fsencode(folder) + b"/" + name
    with open(path, "wb") as opened:
        opened.write(b"hostile")
    os.chown(path, NOBODY, NOBODY)


def remove(folder: Path, name: bytes) -> None:
    os.unlink(os.fsencode(folder) + b"/" + name)


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_names_that_mislead_are_never_removed(broken: Broken) -> None:
    folder = broken.place.folder
    for name in HOSTILE:
        put(folder, name)
    report = broken.push(retries=0)
    assert report.is_success, report
    for name in HOSTILE:
        remove(folder, name)
    broken.check_end()


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_names_with_line_ends_never_have_another_removed(broken: Broken) -> None:
    folder = broken.place.folder
    for name in WITH_LINE_ENDS:
        put(folder, name)
    report = broken.push(retries=0)
    for name in WITH_LINE_ENDS:
        remove(folder, name)
    if report.is_success:
        broken.check_end()
    else:
        # a list with facts has lines then that nobody can read
        assert "this is no line of a list of files" in report.problem
        assert "Rename it." in report.problem
        assert broken.place.found() == contents(*BEFORE, size_bytes=SIZE_BYTES)
        broken.make_good()


@pytest.mark.parametrize("place", SERVERS, indirect=True)
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"], ids=["LF", "CR LF"])
def test_a_file_that_is_in_the_list_alone_pushes_out_none_that_is_there(
    broken: Broken, ending: bytes
) -> None:
    facts = f"type=file;size={SIZE_BYTES};modify=20260101000000; web.3".encode()
    made_up = b"x" + ending + facts
    put(broken.place.folder, made_up)
    (broken.here / "web.3").unlink()
    fill(broken.here, "web.4", size_bytes=SIZE_BYTES)
    report = broken.push(retries=0)
    remove(broken.place.folder, made_up)
    of_old = {entry.file: (entry.did, entry.reason) for entry in report.entries if entry.file in BEFORE}
    if "web.3" in told(report):
        # the server passes on a line end as it is
        left = {*BEFORE, "web.4"}
        why = "it is older than the newest 2, but stays: web.3 is not there as the list has it"
        assert of_old == dict.fromkeys(BEFORE, (Did.SKIPPED, why))
        assert told(report)["web.3"] == "failed"
    else:
        left = {"web.2", "web.4"}
        assert of_old["web.1"][0] is Did.REMOVED
    assert broken.place.found() == contents(*left, size_bytes=SIZE_BYTES)


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_two_files_of_one_number_there_have_nothing_sent_or_removed(broken: Broken) -> None:
    broken.place.folder.joinpath("web.01").write_bytes(b"the other one")
    before = broken.place.found()
    report = broken.push(retries=0)
    assert not report.is_success
    assert "have one number there; rename one of them" in report.entries[0].reason
    assert broken.place.found() == before


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_a_folder_in_the_way_is_told_and_nothing_is_removed(broken: Broken) -> None:
    (broken.place.folder / "web.3").mkdir()
    report = broken.push(retries=0)
    assert told(report)["web.3"] == "failed"
    assert "is there already" in report.entries[0].reason
    assert named_of(broken.place.found()) == contents(*BEFORE, size_bytes=SIZE_BYTES)
    (broken.place.folder / "web.3").rmdir()
    broken.make_good()


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_what_a_link_leads_to_is_never_removed(broken: Broken) -> None:
    folder = broken.place.folder
    outside = folder.with_name("outside")
    outside.write_bytes(content_of("web.2", size_bytes=SIZE_BYTES))
    (folder / "web.2").unlink()
    (folder / "web.2").symlink_to("../outside")
    fill(broken.here, "web.3", "web.4", size_bytes=SIZE_BYTES)
    report = broken.push(retries=0)
    assert report.is_success
    assert outside.read_bytes() == content_of("web.2", size_bytes=SIZE_BYTES)
    found = broken.place.found()
    found.pop("web.2", None)
    assert found == contents("web.3", "web.4", size_bytes=SIZE_BYTES)
