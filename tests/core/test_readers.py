import json
import os
import shutil
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from doorward.core.readers import DF_COLUMNS, read_df, read_uptime
from doorward.core.tables import Cell, Series, Table, drawing_members

KIB, MIB, GIB, TIB = 2**10, 2**20, 2**30, 2**40
HEADER = "Filesystem      Size  Used Avail Use% Mounted on\n"
BLOCKS = "Filesystem     1024-blocks     Used Available Capacity Mounted on\n"


def output_of(*argv: str) -> bytes:
    """What a program of this machine writes; that it may not look at some file system is no matter here."""
    program = shutil.which(argv[0])
    assert program is not None
    run = subprocess.run(
        [program, *argv[1:]], capture_output=True, check=False, env={"LANG": "C.UTF-8", "PATH": os.defpath}
    )
    return run.stdout


@pytest.mark.parametrize("options", [("-h",), ("-P",), (), ("-hP",), ("-k", "-a")])
def test_df_of_this_machine_is_read_line_by_line(options: tuple[str, ...]) -> None:
    output = output_of("df", *options)
    table = read_df(output)
    assert table is not None
    assert table.columns == DF_COLUMNS
    assert len(table.rows) == output.count(b"\n") - 1
    assert "/" in {row[5] for row in table.rows}
    for _, size, used, available, percent, mounted_on in table.rows:
        assert size is None or (isinstance(size, int) and size >= 0)
        assert used is None or isinstance(used, int)
        assert available is None or isinstance(available, int)
        assert percent is None or (isinstance(percent, int) and 0 <= percent <= 100)
        assert isinstance(mounted_on, str)
        assert mounted_on.startswith("/")


def test_df_in_blocks_says_what_the_system_says() -> None:
    table = read_df(output_of("df", "-P"))
    assert table is not None
    root = next(row for row in table.rows if row[5] == "/")
    system = os.statvfs("/")
    assert root[1] == system.f_blocks * system.f_frsize // KIB * KIB


def test_uptime_of_this_machine_is_read() -> None:
    series = read_uptime(output_of("uptime"))
    assert series is not None
    assert [label for label, _ in series.figures] == ["1 min", "5 min", "15 min"]
    assert all(0 <= load < 100_000 for _, load in series.figures)


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (
            "/dev/vda        252G   24G   79G  23% /",
            ("/dev/vda", 252 * GIB, 24 * GIB, 79 * GIB, 23, "/"),
        ),
        ("tmpfs            24G     0   24G   0% /dev/shm", ("tmpfs", 24 * GIB, 0, 24 * GIB, 0, "/dev/shm")),
        ("/dev/a  1.5T  0.5K  1.2M 100% /a", ("/dev/a", int(1.5 * TIB), 512, int(1.2 * MIB), 100, "/a")),
        ("/dev/a  1,5G   10M  1,5G   1% /a", ("/dev/a", int(1.5 * GIB), 10 * MIB, int(1.5 * GIB), 1, "/a")),
        ("efivarfs  192K   61  127K   1% /efi", ("efivarfs", 192 * KIB, 61, 127 * KIB, 1, "/efi")),
        ("proc  0  0  0  - /proc", ("proc", 0, 0, 0, None, "/proc")),
        ("gvfsd  -  -  -  - /run/user/0/gvfs", ("gvfsd", None, None, None, None, "/run/user/0/gvfs")),
        (
            "nas:/vol  8.0E  4P  4P  50% /mnt/my share",
            ("nas:/vol", 8 * 2**60, 4 * 2**50, 4 * 2**50, 50, "/mnt/my share"),
        ),
        ("//nas/My Share  1K  1K  0 100% /mnt/a b", ("//nas/My Share", KIB, KIB, 0, 100, "/mnt/a b")),
        (
            "nas:/a 1G 2G  1K  1K  0 100% /mnt/50% 1 2 3 4% off",
            ("nas:/a 1G 2G", KIB, KIB, 0, 100, "/mnt/50% 1 2 3 4% off"),
        ),
        ("/dev/a  1K  1K  0 100% /mnt/a  b", ("/dev/a", KIB, KIB, 0, 100, "/mnt/a  b")),
        ("/dev/a  1K  1K  0 100% /mnt/\ufffd", ("/dev/a", KIB, KIB, 0, 100, "/mnt/\ufffd")),
        ("/dev/é\u2028x  1K  1K  0 100% /mnt", ("/dev/é\u2028x", KIB, KIB, 0, 100, "/mnt")),
    ],
)
def test_a_line_is_this_row(line: str, row: tuple[Cell, ...]) -> None:
    assert read_df(f"{HEADER}{line}\n".encode()) == Table(DF_COLUMNS, (row,))


@pytest.mark.parametrize(
    ("header", "block_bytes"), [("1024-blocks", 1024), ("1K-blocks", 1024), ("512-blocks", 512)]
)
def test_a_bare_number_is_in_the_blocks_that_the_header_names(header: str, block_bytes: int) -> None:
    output = f"Filesystem {header} Used Available Capacity Mounted on\n/dev/a 264212084 3 0 23% /\n"
    table = read_df(output.encode())
    assert table is not None
    assert table.rows == (("/dev/a", 264212084 * block_bytes, 3 * block_bytes, 0, 23, "/"),)


def test_figures_on_a_line_of_their_own_belong_to_the_name_before() -> None:
    # as Busybox and older coreutils write a long name
    output = (
        BLOCKS + "/dev/mapper/a-very-long-name\n                     100 50 50 50% /a\n/dev/b 1 0 1 0% /b\n"
    )
    table = read_df(output.encode())
    assert table is not None
    assert [row[0] for row in table.rows] == ["/dev/mapper/a-very-long-name", "/dev/b"]
    assert table.rows[0][1:] == (100 * KIB, 50 * KIB, 50 * KIB, 50, "/a")


def test_figures_that_belong_to_nothing_are_no_row() -> None:
    assert read_df(f"{BLOCKS}/dev/b 1 0 1 0% /b\n  100 50 50 50% /a\n".encode()) == read_df(
        f"{BLOCKS}/dev/b 1 0 1 0% /b\n".encode()
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "df: /mnt: Permission denied",
        "/dev/a 1K 1K 0 100%",
        "/dev/a 1K 1K 0 /mnt",
        "/dev/a 1X 1K 0 100% /mnt",
        "/dev/a -1 1K 0 100% /mnt",
        "/dev/a 1K 1K 0 \u0661% /mnt",
        "/dev/a \u0661 1K 0 1% /mnt",
        f"/dev/a 1K 1K 0 {'9' * 5000}% /mnt",
        f"/dev/a {'9' * 5000} 1K 0 1% /mnt",
        f"/dev/a {'9' * 400} 1K 0 1% /mnt",
    ],
)
def test_a_line_that_is_no_row_is_passed_over(line: str) -> None:
    assert read_df(f"{HEADER}{line}\n".encode()) is None
    table = read_df(f"{HEADER}{line}\n/dev/b 1K 0 1K 0% /b\n".encode())
    assert table is not None
    assert len(table.rows) == 1


@pytest.mark.parametrize("output", [b"", b"\n", HEADER.encode(), b"\xff\xfe\n\xff", b"\0" * 100])
def test_what_is_not_from_df_is_no_table(output: bytes) -> None:
    assert read_df(output) is None


def test_no_more_than_a_thousand_rows_are_read() -> None:
    table = read_df((HEADER + "/dev/a 1K 0 1K 0% /a\n" * 5000).encode())
    assert table is not None
    assert len(table.rows) == 1000


@pytest.mark.parametrize(
    ("output", "loads"),
    [
        (" 05:31:25 up 48 min,  0 user,  load average: 5.58, 26.69, 15.54\n", (5.58, 26.69, 15.54)),
        (" 10:14:32 up 1 day, 3 min,  1 user,  load average: 0.00, 0.01, 0.05\n", (0.0, 0.01, 0.05)),
        (" 10:14:32 up 102 days,  2:03, 12 users,  load average: 0,52, 0,58, 1,59\n", (0.52, 0.58, 1.59)),
        (" 10:14:32 up 0 min,  load average: 100.00, 1000.50, 10.00", (100.0, 1000.5, 10.0)),
        (" 10:14:32 up 3 days,  4:05,  0 users,  load average: 0.10, 0.20, 0.30\n", (0.1, 0.2, 0.3)),
        ("10:14  up 3 days,  4:05, 2 users, load averages: 1,20 1,30 1,40\n", (1.2, 1.3, 1.4)),
        ("10:14PM  up 3 days,  4:05, 2 users, load averages: 1.20, 1.30, 1.40\r\n", (1.2, 1.3, 1.4)),
    ],
)
def test_the_loads_are_read_out_of_every_form_of_uptime(output: str, loads: tuple[float, ...]) -> None:
    expected = Series("", tuple(zip(("1 min", "5 min", "15 min"), loads, strict=True)))
    assert read_uptime(output.encode()) == expected


@pytest.mark.parametrize(
    "output",
    [
        "",
        "up 48 min",
        "load average: 1, 2, 3",
        "load average: 0.1, 0.2",
        "load average: a.b, c.d, e.f",
        "load average: \u0661.0, 0.2, 0.3",
        f"load average: {'9' * 400}.0, 0.2, 0.3",
        " " * 5000 + "load average: 0.1, 0.2, 0.3",
    ],
)
def test_what_is_not_from_uptime_is_no_series(output: str) -> None:
    assert read_uptime(output.encode()) is None


LOAD_TEXTS = st.text(alphabet="load average:0123456789., \n")


@given(st.one_of(st.binary(), LOAD_TEXTS.map(str.encode)), st.booleans())
@example(b"load average: 1.0, 2.0, 3.0", True)
def test_no_bytes_make_uptimes_reader_raise(output: bytes, prefixed: bool) -> None:  # noqa: FBT001
    series = read_uptime(b"load average: " + output if prefixed else output)
    if series is not None:
        json.dumps(drawing_members(series), allow_nan=False)


FIELDS = st.one_of(
    st.sampled_from(
        ("0", "1K", "1.5G", "-", "50%", "100%", "/", "/a b", "9" * 16, "9" * 5000, "9" * 5000 + "%", "\u2028")
    ),
    st.text(max_size=6),
)


@given(
    st.one_of(
        st.binary(), st.lists(st.lists(FIELDS, max_size=9).map(" ".join)).map(lambda x: "\n".join(x).encode())
    )
)
def test_no_bytes_make_dfs_reader_raise(output: bytes) -> None:
    for given_output in (output, HEADER.encode() + output, BLOCKS.encode() + output):
        table = read_df(given_output)
        if table is not None:
            json.dumps(drawing_members(table), allow_nan=False)


@pytest.mark.parametrize(
    "unit",
    [
        b"a ",
        b"1K ",
        b"1K 1K 1K 50",
        b"50% ",
        b"- ",
        b" ",
        b"\n",
        b"1 1 1 1% ",
        b"\xff ",
        b"9",
        b"0.",
        b"load average: 1.0",
    ],
)
def test_a_megabyte_of_anything_is_read_in_one_pass(unit: bytes) -> None:
    # quadratic in 2**20 bytes would take hours: the bound of the whole suite on one test is the assertion
    output = HEADER.encode() + unit * (2**20 // len(unit))
    assert read_df(output) is None or len(output) > 0
    assert read_df(output + b"\n/dev/a 1K 1K 0 100% /mnt\n") is not None or output.count(b"\n") > 1000
    assert read_uptime(output) is None
