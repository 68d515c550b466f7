"""What is told of a run: to people, to programs, by mail."""

import json

import pytest

from doorward.core.backup_errands import BackupErrand
from doorward.core.schedules import Every
from doorward.errands.backups.mailing import draft_of
from doorward.errands.backups.report import (
    MAILED_FILES,
    NAMES_TOLD,
    Did,
    Entry,
    Report,
    members_of,
    names_told,
    report_html,
    report_text,
    shown_bytes,
    summary,
)

EVIL = "web\x1b[2J\n<img src=x onerror=alert(1)>.7"

REPORT = Report(
    folder="/backup",
    address="ftps://backup.example.org/a",
    entries=(
        Entry(Did.SENT, "web.8", 1_500_000),
        Entry(Did.FAILED, EVIL, 12, "it <b>failed</b>"),
        Entry(Did.KEPT, "we\udce9b.6", 0, "all of them stay"),
    ),
    notes=("'web.5' is here, and no regular file: it is passed over",),
    moved_bytes=1_500_000,
    seconds=12.3456,
)


def test_a_report_as_text_obeys_nobody_and_lines_up() -> None:
    text = report_text(REPORT)
    assert text == (
        "/backup to ftps://backup.example.org/a\n"
        "sent    web.8                                       1.4 MiB\n"
        "failed  web\\x1b[2J\\n<img src=x onerror=alert(1)>.7  12 B     it <b>failed</b>\n"
        "kept    we\\udce9b.6                                 0 B      all of them stay\n"
        "'web.5' is here, and no regular file: it is passed over.\n"
        "1 sent, 1 kept, 1 failed.\n"
    )


def test_a_report_as_html_has_no_markup_of_strangers() -> None:
    html = report_html(REPORT)
    assert "<img" not in html
    assert "<b>" not in html
    assert "<td>sent</td><td>web.8</td><td>1.4 MiB</td><td></td>" in html


def test_a_report_for_programs_is_json_whatever_is_in_it() -> None:
    members = json.loads(json.dumps(members_of(REPORT)))
    assert members["is_success"] is False
    assert members["files"][1] == {
        "file": EVIL,
        "did": "failed",
        "size_bytes": 12,
        "reason": "it <b>failed</b>",
    }
    assert members["seconds"] == 12.346


def test_a_mail_says_how_it_went_in_its_subject() -> None:
    errand = BackupErrand(
        name="nightly", folder="/backup", destination="file:///away", keep=5, timing=Every(60)
    )
    draft = draft_of(errand, REPORT, host="server1")
    assert draft.subject.startswith("backup.nightly on server1: 1 sent, 1 kept, 1 failed; web")
    assert draft.text.startswith(
        "The backups of the errand backup.nightly on server1: it did not all go well.\n\n/backup to ftps://"
    )
    assert draft.list_id == "backup.nightly"
    assert draft.html is not None
    assert draft.html.startswith("<!DOCTYPE html>")


def test_a_run_that_came_to_nothing_says_why() -> None:
    report = Report(folder="/backup", address="file:///away", problem="file:///away: it is not mounted")
    assert summary(report) == "nothing was done: file:///away: it is not mounted"
    assert not report.is_success


@pytest.mark.parametrize(
    ("size_bytes", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1_048_575, "1024 KiB"),
        (1_048_576, "1.0 MiB"),
        (300_000_000, "286 MiB"),
        (5 * 1024**4, "5.0 TiB"),
        (5000 * 1024**4, "5000 TiB"),
    ],
)
def test_lengths_are_short_to_read(size_bytes: int, shown: str) -> None:
    assert shown_bytes(size_bytes) == shown


def test_of_names_that_are_passed_over_no_more_is_told_than_somebody_reads() -> None:
    few = names_told(["a\x1b[2J", "b" * 1000], "is no name")
    assert few == ["'a\\x1b[2J' is no name", f"'{'b' * 80}' is no name"]
    many = names_told([f"{number}\n" for number in range(NAMES_TOLD + 7)], "is no name")
    assert len(many) == NAMES_TOLD + 1
    assert many[-1] == "and 7 more such names"


def test_a_mail_of_a_hundred_thousand_files_lists_what_matters_and_counts_all() -> None:
    kept = [Entry(Did.KEPT, f"web.{number}", 10) for number in range(100_000, 1, -1)]
    failed, sent = Entry(Did.FAILED, "web.1", 10, "it is gone"), Entry(Did.SENT, "web.100001", 10)
    report = Report(folder="/backup", address="sftp://example.org/a", entries=(sent, *kept, failed))
    errand = BackupErrand(
        name="nightly", folder="/backup", destination="sftp://example.org/a", keep=5, timing=Every(60)
    )
    draft = draft_of(errand, report, host="server1")
    assert draft.html is not None
    for text in (draft.text, draft.html):
        assert len(text) < 200 * MAILED_FILES
        assert text.index("web.100001") < text.index("it is gone")
        assert "99501 more files are not listed here; of those that failed, as many as fit are." in text
        assert "1 sent, 99999 kept, 1 failed." in text
