"""docs/schedules.md is played: its configuration loads, and a daemon with it says what the page shows."""

import json
import re
from pathlib import Path

from doorward.core.schedules import MailWhen
from tests.daemon import DOORS, StartDaemon

PAGE = (Path(__file__).parents[2] / "docs" / "schedules.md").read_text(encoding="utf-8")
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"


def block(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def test_the_table_that_it_shows_is_what_a_daemon_says(
    start_daemon: StartDaemon,
) -> None:
    daemon = start_daemon(DOORS + block("toml"))
    line, _, told = block("console").partition("\n")
    words = line.removeprefix("$ doorward ").split()
    shown = daemon.shell.run(*words).stdout
    pattern = TIME.join(re.escape(part) for part in re.split(TIME, told))
    assert re.fullmatch(pattern, shown), shown
    members = set(json.loads(daemon.shell.run(*words, "--json").stdout)[0])
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \|", PAGE.partition("| member |")[2], re.MULTILINE)
    assert {name.strip(" `") for row in rows for name in row.split(",")} == members


def test_it_tells_every_word_for_mail() -> None:
    assert {each.value for each in MailWhen} == set(re.findall(r'^\| `"([a-z]+)"` \|', PAGE, re.MULTILINE))
