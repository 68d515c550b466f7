"""What a table [schedules.NAME] means."""

import pytest

from doorward.config import Machine, load_settings
from doorward.core.mailboxes import Mailbox
from doorward.core.schedules import At, CatchUp, Every, MailWhen, Overlap, Schedule
from tests.config.conftest import WriteConfiguration

PICK = """
[commands.pick]
run = ["echo", "{colour}", "{count}", "{loud}"]
roles = ["painter"]
[commands.pick.parameters]
colour = { type = "text" }
count = { type = "integer", min = 1, max = 9, default = 2 }
loud = { type = "flag", on = "-l" }
"""


def schedule_of(write: WriteConfiguration, table: str, *, before: str = "") -> Schedule:
    text = f"{before}{PICK}[schedules.nightly]\n{table}"
    return load_settings(write(text), machine=Machine(uid=0)).schedules["nightly"]


def test_what_is_left_out_is_what_most_want(write_configuration: WriteConfiguration) -> None:
    assert schedule_of(write_configuration, 'command = "df"\nevery = "6h"\n') == Schedule(
        name="nightly",
        command="df",
        line="df",
        timing=Every(21_600),
        catch_up=CatchUp.ONCE,
        overlap=Overlap.SKIP,
        mail=MailWhen.NEVER,
        to=(),
    )


def test_who_is_named_is_told_of_failures_unless_it_says_otherwise(
    write_configuration: WriteConfiguration,
) -> None:
    table = 'command = "df"\nat = "04:30"\ncatch_up = "no"\nto = "Al <al@example.org>"\n'
    schedule = schedule_of(write_configuration, table)
    assert (schedule.timing, schedule.catch_up) == (At(4, 30), CatchUp.NO)
    assert (schedule.mail, schedule.to) == (MailWhen.FAILURE, (Mailbox("al@example.org", "Al"),))
    never = schedule_of(write_configuration, table + 'mail = "never"\n')
    assert never.mail is MailWhen.NEVER
    table = 'command = "df"\nevery = "1d"\nmail = "change"\n'
    settings = schedule_of(write_configuration, table, before='[mail]\nto = "x@example.org"\n')
    assert (settings.mail, settings.to) == (MailWhen.CHANGE, ())


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ('["red"]', "pick colour=red"),
        ('["red", "loud=yes"]', "pick colour=red loud=yes"),
        ('{ colour = "red", count = 4, loud = true }', "pick colour=red count=4 loud=yes"),
        ('{ colour = "a \\"b\\" c" }', "pick 'colour=a \"b\" c'"),
        ('{ colour = "4" , count = 2 }', "pick colour=4"),
    ],
)
def test_arguments_are_words_or_a_table_and_become_the_line_that_asks(
    write_configuration: WriteConfiguration, arguments: str, line: str
) -> None:
    table = f'command = "pick"\narguments = {arguments}\nevery = "1h"\n'
    assert schedule_of(write_configuration, table).line == line


def test_more_than_a_thousand_are_refused(write_configuration: WriteConfiguration) -> None:
    from doorward.config import examine

    tables = "".join(f'[schedules.s{number}]\ncommand = "df"\nevery = "1h"\n' for number in range(1001))
    (problem,) = examine(write_configuration(tables)).problems
    assert "there are 1001 schedules; expected at most 1000" in str(problem)
