"""`doorward cve list`, `show` and `counts`, with all that CISA knows in a real state."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import ShellComplete

from doorward.cli.root import root, run
from doorward.core.limits import Limits
from doorward.core.vulnerabilities import Account
from doorward.stores.clock import SystemClock
from doorward.stores.database import Database
from doorward.stores.state import make_private_folder
from doorward.stores.vulnerabilities import SqliteVulnerabilities
from tests.cve_states import FIXABLE, HOSTILE, REMOVED, UNFIXED, make_state
from tests.daemon import Shell, fresh_shell, typed_at_prompts

pytestmark = pytest.mark.needs_program("dpkg-query", package="dpkg")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_state(tmp_path_factory.mktemp("known") / "state")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cve = Callable[..., Ran]


@pytest.fixture
def cve(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: Path
) -> Cve:
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STATE_DIRECTORY", str(state))

    def ran(*words: str) -> Ran:
        return Ran(run(["cve", *words]), *capsys.readouterr())

    return ran


def ids(ran: Ran) -> list[str]:
    assert ran.status == 0, ran
    return [each["id"] for each in ran.json["vulnerabilities"]]


def test_a_list_has_a_line_each_and_those_without_a_score_are_a_group_of_their_own(cve: Cve) -> None:
    ran = cve("list", "--word", "cisco", "--order", "score", "--limit", "20")
    assert ran.status == 0
    heading, *lines = ran.out.splitlines()
    assert heading.split() == ["ID", "SCORE", "EXPLOITED", "TITLE"]
    group = lines.index("Without a score, which does not say that they are harmless:")
    scores = [float(line.split()[1]) for line in lines[: group - 1]]
    assert len(scores) == 18
    assert scores == sorted(scores, reverse=True)
    assert lines[0].split()[1:4] == ["9.8", "critical", "2022-03-03"]
    assert lines[group + 1].split()[0].startswith("CVE-")
    assert lines[-1].startswith("1 to 20 of ")
    assert lines[-1].endswith("of them without a score; --offset 20 has the next")


def test_filters_count_together(cve: Cve) -> None:
    assert cve("list", "--kev", "--json").json["total"] == 1404
    both = cve("list", "--kev", "--word", "cisco", "--score", "9", "--json").json
    every = cve("list", "--kev", "--word", "cisco", "--json").json
    assert 0 < both["total"] < every["total"] < 1404
    # who was not scored yet passes, and all others have at least that score
    assert {each["score"] is None or each["score"] >= 9 for each in both["vulnerabilities"]} == {True}
    assert both["unscored"] == sum(each["score"] is None for each in both["vulnerabilities"])
    assert ids(cve("list", "--epss", "0.6", "--json")) == [FIXABLE]
    assert set(ids(cve("list", "--product", "accellion", "--json"))) == {
        f"CVE-2021-2710{last}" for last in (1, 2, 3, 4)
    }
    assert cve("list", "--since", "1h", "--json").json["total"] == cve("list", "--json").json["total"]


def test_words_are_any_of_them(cve: Cve) -> None:
    one, other = (
        set(ids(cve("list", "--word", word, "--json", "--limit", "999"))) for word in ("zyxel", "qnap")
    )
    both = cve("list", "--word", "zyxel", "--word", "qnap", "--json", "--limit", "999")
    assert set(ids(both)) == one | other


def test_what_is_installed_is_judged_by_what_dpkg_says_now(cve: Cve) -> None:
    assert ids(cve("list", "--installed", "--json")) == [FIXABLE, UNFIXED]
    assert ids(cve("list", "--fixable", "--json")) == [FIXABLE]
    ran = cve("list", "--installed")
    assert "bash -> 99:1" in ran.out
    assert "coreutils (no fix yet)" in ran.out
    assert ran.out.splitlines()[-1] == "1 to 2 of 2, 2 of them without a score"
    # it is known all the same, but of nothing here
    assert REMOVED in ids(cve("list", "--order", "id", "--limit", "2000", "--json"))
    assert cve("show", REMOVED, "--json").json[0]["exposures"] == []


def test_pages_are_parts_of_the_whole_in_one_order(cve: Cve) -> None:
    whole = ids(cve("list", "--order", "id", "--limit", "30", "--json"))
    parts = [
        cve("list", "--order", "id", "--limit", "10", "--offset", str(first), "--json")
        for first in (0, 10, 20)
    ]
    assert [each for part in parts for each in ids(part)] == whole
    behind = cve("list", "--offset", "99999")
    assert behind.status == 0
    assert "none behind the first 99,999" in behind.out


def test_what_is_installed_comes_in_pages_too(cve: Cve) -> None:
    assert ids(cve("list", "--installed", "--limit", "1", "--offset", "1", "--json")) == [UNFIXED]


def test_all_of_each_is_printed_as_text(cve: Cve) -> None:
    ran = cve("list", "--product", "accellion", "--text", "--limit", "1")
    assert ran.status == 0
    assert ran.out.startswith("CVE-2021-2710")
    assert "kev says: Accellion FTA" in ran.out
    assert "mend it by 2021-11-17; used by ransomware" in ran.out
    assert cve("list", "--text", "--json").status == 2


@pytest.mark.parametrize("option", ["--word", "--product"])
def test_nothing_is_nothing_to_look_for(cve: Cve, option: str) -> None:
    assert cve("list", option, "").status == cve("counts", option, " ").status == 2


def test_an_id_is_found_by_what_people_call_it(cve: Cve) -> None:
    for word in ("CVE-2021-27104", "2021-27104", "27104"):
        assert ids(cve("list", "--word", word, "--json")) == ["CVE-2021-27104"]
    for name in ("2021-27104", " CVE-2021-27104 "):
        assert cve("show", name).out.startswith("CVE-2021-27104: ")
    assert "an id is as CVE-2024-3094" in cve("show", "27104x").err


def test_what_was_exploited_last_is_the_first_of_all_lists(cve: Cve) -> None:
    days = [
        each["exploited_since"]
        for each in cve("list", "--kev", "--json", "--limit", "50").json["vulnerabilities"]
    ]
    assert days == sorted(days, reverse=True)
    firsts = [
        next(
            line.split()[0]
            for line in cve("list", "--limit", limit).out.splitlines()
            if line.startswith("CVE-")
        )
        for limit in ("1", "2", "50")
    ]
    assert len(set(firsts)) == 1


def test_one_is_shown_whole(cve: Cve) -> None:
    ran = cve("show", "cve-2021-27104", FIXABLE)
    assert ran.status == 0
    assert "EPSS 50.0 % to be exploited within 30 days, as much as or more than 90.0 % of all" in ran.out
    assert "exploited, known since 2021-11-03" in ran.out
    assert "Products:\n  Accellion FTA\n" in ran.out
    assert "On this machine:\n  bash " in ran.out
    assert ": upgrade to 99:1 (bookworm), installed as bash" in ran.out


def test_what_nobody_told_of_is_told_beside_the_others(cve: Cve) -> None:
    ran = cve("show", "CVE-1999-1", "CVE-2021-27104")
    assert ran.status == 1
    assert ran.out.startswith("CVE-2021-27104: ")
    assert ran.err.startswith("doorward: CVE-1999-1: nothing is known of it; ")


def test_what_strangers_wrote_does_nothing_to_a_terminal(cve: Cve) -> None:
    for ran in (
        cve("show", HOSTILE),
        cve("list", "--word", "onerror"),
        cve("list", "--word", "onerror", "--text"),
    ):
        assert ran.status == 0
        assert "\\x1b[31m" in ran.out
        assert "\\u202e" in ran.out
        assert all(line.isprintable() for line in ran.out.splitlines())


def test_months_are_counted_and_drawn(cve: Cve) -> None:
    counted = cve("counts", "--months", "240", "--json").json
    assert len(counted) == 240
    assert sum(each["exploited"] for each in counted) == 1404
    drawn = cve("counts", "--months", "240")
    assert drawn.status == 0
    lines = drawn.out.splitlines()
    assert lines[0].split() == ["MONTH", "PUBLISHED", "EXPLOITED"]
    by_month = {line.split()[0]: line for line in lines[1:-1]}
    most = max(counted, key=lambda each: int(each["exploited"]))
    assert by_month[most["period"][:7]].endswith("#" * 20)
    assert lines[-1].endswith("1404 exploited, each by a scale of its own")


@pytest.mark.parametrize("words", [("list",), ("counts",), ("list", "--installed"), ("list", "--text")])
def test_an_empty_state_says_what_to_type_and_is_not_made(
    cve: Cve, words: tuple[str, ...], tmp_path: Path
) -> None:
    ran = cve(*words, "--state", str(tmp_path / "none"))
    assert (ran.status, ran.err) == (0, "")
    watch = f"doorward cve watch --once --state {tmp_path / 'none'}"
    assert ran.out == f"Nothing is known yet; this fetches it, on a Debian some 70 MB:  {watch}\n"
    assert not (tmp_path / "none").exists()


def test_nothing_that_passes_is_no_error(cve: Cve) -> None:
    ran = cve("list", "--word", "nosuchword")
    assert (ran.status, ran.out) == (0, "No vulnerability that is known passes.\n")
    assert cve("list", "--word", "nosuchword", "--json").json["vulnerabilities"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "yesterday"), 'expected 12h, 7d, 2w or a day as 2026-11-01, got "yesterday"'),
        (("--score", "11"), "11.0 is not in the range 0<=x<=10"),
        (("--score", "nan"), "'nan' is no number"),
        (("--epss", "-1"), "-1.0 is not in the range 0<=x<=1"),
        (("--limit", "0"), "0 is not in the range"),
        (("--order", "worst"), "'worst' is not one of"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(cve: Cve, words: tuple[str, ...], said: str) -> None:
    ran = cve("list", *words)
    assert ran.status == 2
    assert ran.out == ""
    assert said in ran.err.splitlines()[0]


def test_a_state_that_cannot_be_read_is_an_error_that_says_so(cve: Cve, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    database = folder / "doorward.db"
    database.write_bytes(b"no database" * 1000)
    database.chmod(0o600)
    ran = cve("list", "--state", str(folder))
    assert ran.status == 1
    assert str(database) in ran.err


def test_nothing_of_a_state_is_changed_by_a_look(cve: Cve, state: Path) -> None:
    before = (state / "doorward.db").read_bytes()
    for words in (("list", "--installed"), ("show", FIXABLE), ("counts",)):
        assert cve(*words).status == 0
    assert (state / "doorward.db").read_bytes() == before


def completed(incomplete: str, *words: str) -> list[str]:
    complete = ShellComplete(root, {}, "doorward", "_DOORWARD_COMPLETE")
    return [item.value for item in complete.get_completions([*words], incomplete)]


def test_ids_with_small_letters_are_completed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, state = "GHSA-jfh8-c2jp-5v3q", tmp_path / "state"

    async def note() -> None:
        database = Database(state)
        await database.open()
        clock = SystemClock(asyncio.get_running_loop())
        store = SqliteVulnerabilities(database, clock=clock, limits=Limits)
        await store.note("nvd", [Account(source="nvd", id=name)], marks={}, is_all=False)
        await database.close()

    make_private_folder(state)
    asyncio.run(note())
    monkeypatch.setenv("STATE_DIRECTORY", str(state))
    assert completed("GHSA-jfh8", "cve", "show") == completed("ghsa-j", "cve", "show") == [name]


def test_ids_are_completed_from_what_is_known(cve: Cve) -> None:
    assert completed("cve-2021-2710", "cve", "show") == [f"CVE-2021-2710{last}" for last in (4, 3, 2, 1)]
    assert completed("CVE-2021-27104", "cve", "show", "CVE-2021-27104") == []
    assert set(completed("", "cve", "list", "--order")) == {
        "urgency",
        "score",
        "epss",
        "published",
        "changed",
        "id",
    }


# On a terminal


def shown_on_a_terminal(folder: Path, state: Path, *words: str, **environment: str) -> str:
    shell = fresh_shell(folder)
    shell = Shell(shell.folder, {**shell.environment, "TERM": "xterm", **environment})
    status, text = typed_at_prompts(shell, shell.words("cve", *words, "--state", str(state)), [])
    assert status == 0, text
    return text.replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [72, 140])
def test_the_table_fits_the_terminal(state: Path, tmp_path: Path, columns: int) -> None:
    text = shown_on_a_terminal(
        tmp_path,
        state,
        "list",
        "--word",
        "cisco",
        "--order",
        "score",
        "--limit",
        "20",
        COLUMNS=str(columns),
        NO_COLOR="1",
    )
    assert "\x1b[3" not in text
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    assert max(map(len, lines)) <= columns
    assert "9.8 critical" in text
    assert "Without a score" in text


def test_a_severity_has_a_colour_beside_its_word(state: Path, tmp_path: Path) -> None:
    text = shown_on_a_terminal(tmp_path, state, "list", "--word", "20708", COLUMNS="100")
    assert re.search(r"\x1b\[[0-9;]*31[0-9;]*m9\.8 critical", text)


def test_months_fill_the_width_with_blocks(state: Path, tmp_path: Path) -> None:
    text = shown_on_a_terminal(tmp_path, state, "counts", "--months", "60", COLUMNS="72")
    assert max(map(len, text.splitlines())) <= 72
    assert "\N{FULL BLOCK}" * 15 in text
