"""What the tables of several kinds of errands have in common."""

from doorward.config.mail_settings import read_mailboxes
from doorward.config.report import Key, Report, found_in
from doorward.core.feed_errands import TELL_AFTER
from doorward.core.mail_settings import MailSettings
from doorward.core.mailboxes import Mailbox

_MOST_WORDS = 1000
_WORD_CHARACTERS = 200
_MOST_TELL_AFTER = 1000


def read_to(
    to: str | list[str], key: Key, mail: MailSettings, report: Report, *, is_whole: bool
) -> tuple[Mailbox, ...]:
    """Who gets the mail of the table at `key`: somebody, by `to` of this table or of `[mail]`."""
    mailboxes = read_mailboxes(to, (*key, "to"), report, ours=mail.sender)
    if is_whole and not to and not mail.to:
        expected = "an address, here or as `to` in [mail]"
        report.add((*key, "to"), "there is nobody to mail to", expected=expected)
    return mailboxes


def read_words(words: list[str], key: Key, report: Report) -> tuple[str, ...]:
    """The words of a filter."""
    if len(words) > _MOST_WORDS:
        report.add(key, f"there are {len(words)} words", expected=f"at most {_MOST_WORDS}")
        return ()
    for index, word in enumerate(words):
        if not word.strip() or len(word) > _WORD_CHARACTERS:
            expected = f"a word, or some, of at most {_WORD_CHARACTERS} characters"
            report.add((*key, index), "this is no word", expected=expected, found=found_in(word))
    return tuple(words)


def read_tell_after(value: int | None, key: Key, report: Report) -> int:
    """After how many failures in a row the errand of the table at `key` says so."""
    if value is None:
        return TELL_AFTER
    if not 1 <= value <= _MOST_TELL_AFTER:
        expected = f"1 to {_MOST_TELL_AFTER}"
        report.add((*key, "tell_after"), "this is out of range", expected=expected, found=found_in(value))
        return TELL_AFTER
    return value
