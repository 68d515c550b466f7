"""The mails about feeds, as a mail reader has them."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

from doorward.core.feed_errands import FeedErrand
from doorward.core.feeds import Entry, Feed
from doorward.core.mail_settings import MailSettings
from doorward.core.mailboxes import Mailbox
from doorward.core.schedules import Every
from doorward.errands.composing import Draft, compose
from doorward.errands.feed_digest import LISTED, digest_of, recovery_of, summary_of, trouble_with
from doorward.errands.feed_report import outcome_text
from doorward.errands.feed_watch import Watched
from doorward.errands.health import Health

ERRAND = FeedErrand(
    name="nvd", url="http://e.org/feed", timing=Every(3600), to=(Mailbox("alice@example.org"),)
)


def entry(number: int, title: str = "", link: str = "", summary: str = "It says.") -> Entry:
    return Entry(
        key=f"urn:{number}",
        title=title,
        link=link,
        summary=summary,
        published=datetime(2025, 11, 24, tzinfo=UTC),
        authors=("Ada",),
    )


def feed(*entries: Entry, notes: tuple[str, ...] = ()) -> Feed:
    return Feed(
        dialect="RSS 2.0", title="News", link="http://e.org/", updated=None, entries=entries, notes=notes
    )


def message(draft: Draft) -> EmailMessage:
    mail = compose(draft, MailSettings(), wall_seconds=1_764_000_000.0, token="t" * 20)
    parsed = message_from_bytes(mail.content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def parts(draft: Draft) -> tuple[str, str]:
    whole = message(draft)
    text, html = whole.get_body(("plain",)), whole.get_body(("html",))
    assert text is not None
    assert html is not None
    return said(text), said(html)


def said(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n")


def test_one_new_entry_is_its_own_subject_and_more_are_counted() -> None:
    one, two = entry(1, "First", "http://e.org/1"), entry(2, "Second")
    assert message(digest_of(ERRAND, feed(one), [one]))["Subject"] == "nvd: First"
    whole = message(digest_of(ERRAND, feed(one, two), [one, two]))
    assert whole["Subject"] == "nvd: 2 new entries"
    assert whole["To"] == "alice@example.org"
    assert whole["List-Id"].startswith("<feed.nvd.")
    text, html = parts(digest_of(ERRAND, feed(one, two), [one, two]))
    first = "First\n  2025-11-24, Ada\n  http://e.org/1\n  It says.\n"
    assert text == f"2 new entries in News.\n\n{first}\nSecond\n  2025-11-24, Ada\n  It says.\n"
    assert '<b><a href="http://e.org/1">First</a></b><br>2025-11-24, Ada<br>It says.' in html
    assert "<b>Second</b>" in html


def test_nothing_of_a_stranger_acts_in_the_mail() -> None:
    evil = entry(
        1,
        "<script>alert(1)</script>\r\nBcc: eve@example.org\x1b[31m\u202e",
        "javascript:alert(1)",
        "<img src=x onerror=alert(1)>",
    )
    quoted = entry(2, "q", 'http://e.org/"onmouseover="alert(1)')
    draft = digest_of(ERRAND, feed(evil, quoted, notes=("<b>",)), [evil])
    assert message(draft)["Bcc"] is None
    text, html = parts(draft)
    assert not set("\x1b\u202e\r") & set(text + html)
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert 'onmouseover="' not in parts(digest_of(ERRAND, feed(quoted), [quoted]))[1]
    assert "Note: &lt;b&gt;." in html


def test_all_of_many_entries_are_in_the_mail_and_the_later_ones_without_what_they_say() -> None:
    many = [entry(number, f"title {number}", summary=f"summary {number}") for number in range(250)]
    text, html = parts(digest_of(ERRAND, feed(*many), many))
    assert all(f"title {number}\n" in text and f"title {number}<" in html for number in range(250))
    assert "summary 99\n" in text
    assert "summary 100" not in text


def test_of_very_many_entries_the_rest_is_counted() -> None:
    entries = [entry(number, f"title {number}.") for number in range(LISTED + 9_700)]
    draft = digest_of(ERRAND, feed(*entries), entries)
    assert draft.subject == "nvd: 10,200 new entries"
    for text in parts(draft):
        assert f"title {LISTED - 1}." in text
        assert f"title {LISTED}." not in text
        assert "and 9,700 more" in text


def test_a_feed_that_is_new_is_told_with_its_first_entries_only() -> None:
    many = [entry(number, f"title {number}") for number in range(1404)]
    draft = summary_of(ERRAND, feed(*many), many)
    text, _ = parts(draft)
    assert message(draft)["Subject"] == "nvd: watched from now on"
    assert text.startswith(
        "News is watched from now on. It has 1,404 entries now; what was there already is not told."
    )
    assert "title 9\n" in text
    assert "title 10" not in text


def test_an_entry_without_a_title_is_called_by_what_it_says_or_by_its_key() -> None:
    assert "\nIt says.\n" in parts(digest_of(ERRAND, feed(entry(1)), [entry(1), entry(2)]))[0]
    assert "\nurn:1\n" in parts(digest_of(ERRAND, feed(), [entry(1, summary=""), entry(2)]))[0]


def test_trouble_and_its_end_are_told() -> None:
    health = Health(failures=3, since_at=1_764_000_000.0)
    trouble = message(trouble_with(ERRAND, "http://e.org/feed: connect: refused", health))
    assert trouble["Subject"] == "nvd: cannot be read"
    assert "3 times in a row, since 2025-11-24 16:00 UTC.\n\nhttp://e.org/feed: connect: refused" in said(
        trouble
    )
    recovery = message(recovery_of(ERRAND, Health(failures=5, since_at=1_764_000_000.0)))
    assert recovery["Subject"] == "nvd: can be read again"
    assert "Since 2025-11-24 16:00 UTC it failed 5 times" in said(recovery)


def test_one_of_anything_is_no_more_than_one() -> None:
    once = Health(failures=1, since_at=1_764_000_000.0)
    there = parts(summary_of(ERRAND, feed(entry(1)), []))[0]
    assert "It has 1 entry now; what was there already is not told." in there
    trouble = said(message(trouble_with(ERRAND, "refused", once)))
    assert "could not be read once, since 2025-11-24 16:00 UTC." in trouble
    assert "it failed once." in said(message(recovery_of(ERRAND, once)))
    assert outcome_text(Watched(entries=1, new=1, told=1)) == "1 of 1 entry is new and told"
    assert outcome_text(Watched(entries=1, is_first=True)) == "watched from now on, with 1 entry"
