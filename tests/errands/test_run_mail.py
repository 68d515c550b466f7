"""What the mail about a scheduled run says."""

from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from doorward.core.errors import MailError
from doorward.core.mail_settings import MailSettings
from doorward.core.mailboxes import Mailbox
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind
from doorward.core.schedules import Every, RunResult, Schedule, ScheduleState
from doorward.errands.composing import compose
from doorward.errands.run_mail import TEXT_BYTES, describe, run_draft

SCHEDULE = Schedule(
    name="nightly",
    command="backup",
    line="backup target=vault",
    timing=Every(60),
    to=(Mailbox("ops@example.org", "Ops"),),
)
STATE = ScheduleState(
    name="nightly", timing="every 1min", next_at=0.0, due_at=1.75e9, began_at=1.75e9 + 1, ended_at=1.75e9 + 60
)
SETTINGS = MailSettings(sender=Mailbox("doorward@example.org"), bounces_to="bounces@example.org")


def message_of(
    result: RunResult, *, state: ScheduleState = STATE, schedule: Schedule = SCHEDULE
) -> tuple[EmailMessage, str]:
    draft = run_draft(schedule, state, result, host="vault")
    mail = compose(draft, SETTINGS, wall_seconds=1.75e9 + 61, token="t" * 32)
    assert mail.sender == "bounces@example.org"
    message = message_from_bytes(mail.content, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    text = message.get_content()
    assert isinstance(text, str)
    return message, text.replace("\r\n", "\n")


def test_it_says_what_ran_when_and_how_it_ended_and_has_the_output() -> None:
    message, text = message_of(RunResult(outcome=SUCCESS, output=b"42 files\n", run=3))
    assert message["Subject"] == "nightly on vault: all went well"
    assert message["To"] == "Ops <ops@example.org>"
    assert message["List-Id"] == "<schedule.nightly.example.org>"
    assert text == (
        "backup target=vault\n"
        "due 2025-06-15 15:06:40 UTC, began 2025-06-15 15:06:41 UTC, ended 2025-06-15 15:07:40 UTC\n"
        "all went well\n"
        "\n"
        "42 files\n"
    )


def test_it_says_what_was_missed_and_skipped_and_that_there_was_no_output() -> None:
    state = replace(STATE, missed=3, skipped=1)
    _, text = message_of(RunResult(outcome=Outcome(OutcomeKind.EXITED, status=3)), state=state)
    assert "\nexit status 3\nbefore it, missed 3 times, as nobody was there\n" in text
    assert "\nskipped once while it was under way\n" in text
    assert text.endswith("\n\n(it wrote nothing)\n")


def test_much_output_is_cut_and_the_message_says_so() -> None:
    _, text = message_of(RunResult(outcome=SUCCESS, output=b"0123456789abcde\n" * (TEXT_BYTES // 8)))
    assert f"the first {TEXT_BYTES} of {TEXT_BYTES * 2} bytes of its output follow" in text
    assert text.count("0123456789abcde") == TEXT_BYTES // 16


def test_output_of_any_bytes_adds_no_header_and_is_text() -> None:
    output = b"\xff\0\x1b[31m\r\n.\r\nBcc: eve@example.org\r\n\r\n" + "é\n".encode()
    message, text = message_of(RunResult(outcome=SUCCESS, output=output))
    assert message["Bcc"] is None
    assert "Bcc: eve@example.org" in text
    assert "é" in text


def test_a_schedule_without_anybody_to_tell_is_an_error() -> None:
    with pytest.raises(MailError):
        message_of(RunResult(outcome=SUCCESS), schedule=replace(SCHEDULE, to=()))


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (SUCCESS, "all went well"),
        (Outcome(OutcomeKind.EXITED, status=3), "exit status 3"),
        (Outcome(OutcomeKind.EXITED, cut_at_bytes=64), "output cut at 64 bytes"),
        (Outcome(OutcomeKind.SIGNALLED, signal=9), "killed by signal 9"),
        (Outcome(OutcomeKind.TIMED_OUT, after_seconds=60), "stopped after 60 s"),
        (Outcome(OutcomeKind.BUSY), "busy"),
        (
            Outcome(OutcomeKind.CANCELLED, reason="stopped"),
            "cancelled, stopped",
        ),
        (Outcome(OutcomeKind.FAILED, reason="no such file"), "failed, no such file"),
    ],
)
def test_how_it_ended_is_told_in_a_few_words(outcome: Outcome, told: str) -> None:
    assert describe(outcome) == told
