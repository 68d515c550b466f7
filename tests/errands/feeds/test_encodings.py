"""A feed says the same in whatever it is written."""

import codecs

import pytest

from doorward.core.encodings import _CODEC_OF
from doorward.core.errors import FeedError
from doorward.errands.feeds.parsing import parse_feed
from tests.errands.feeds.documents import URL

TEXT = '<?xml version="1.0"{declared}?><rss version="2.0"><channel><title>{title}</title></channel></rss>'


def title(body: bytes, content_type: str = "") -> str:
    return parse_feed(body, url=URL, content_type=content_type).title


@pytest.mark.parametrize(
    ("label", "codec", "said"),
    [
        ("utf-8", "utf-8", "Grüße 日本 🙂"),
        ("UTF-8", "utf-8-sig", "Grüße"),
        ("utf-16", "utf-16", "Grüße 🙂"),
        ("utf-16", "utf-16-le", "Grüße"),
        ("utf-16", "utf-16-be", "Grüße"),
        ("utf-32", "utf-32", "Grüße"),
        ("ISO-8859-1", "latin-1", "Grüße"),
        ("iso-8859-1", "cp1252", "“Grüße”"),
        ("iso-8859-15", "iso-8859-15", "5 €"),
        ("windows-1251", "cp1251", "Привет"),
        ("KOI8-R", "koi8-r", "Привет"),
        ("Shift_JIS", "shift_jis", "日本"),
        ("EUC-JP", "euc_jp", "日本"),
        ("gb2312", "gb18030", "中文"),
        ("Big5", "big5", "中文"),
        ("euc-kr", "cp949", "한국"),
        ("us-ascii", "utf-8", "Grüße"),
    ],
)
def test_what_is_declared_is_read(label: str, codec: str, said: str) -> None:
    text = TEXT.format(declared=f' encoding="{label}"', title=said)
    assert title(text.encode(codec)) == said


def test_the_charset_of_the_server_counts_more_than_the_declaration_unless_it_cannot_be_true() -> None:
    text = TEXT.format(declared=' encoding="windows-1251"', title="Grüße")
    assert title(text.encode("latin-1"), "text/xml; charset=iso-8859-1") == "Grüße"
    assert title(text.encode("utf-8"), 'application/xml; charset="UTF-8"') == "Grüße"
    cyrillic = TEXT.format(declared=' encoding="windows-1251"', title="Привет")
    assert title(cyrillic.encode("cp1251"), "text/xml; charset=utf-16") == "Привет"
    assert title(cyrillic.encode("cp1251"), "text/xml; charset=nonsense") == "Привет"


def test_a_mark_counts_most() -> None:
    text = TEXT.format(declared=' encoding="windows-1251"', title="Grüße")
    assert title(text.encode("utf-8-sig"), "text/xml; charset=iso-8859-1") == "Grüße"


def test_a_declaration_of_utf_16_in_what_is_ascii_is_not_believed() -> None:
    assert title(TEXT.format(declared=' encoding="utf-16"', title="hello").encode()) == "hello"


@pytest.mark.parametrize("label", sorted(_CODEC_OF))
def test_every_known_label_names_a_codec_of_text_in_which_ascii_is_read(label: str) -> None:
    codec = codecs.lookup(_CODEC_OF[label])
    assert codec._is_text_encoding
    assert title(TEXT.format(declared=f" encoding='{label}'", title="hello").encode()) == "hello"


def test_a_charset_of_the_server_that_is_no_text_is_passed_over() -> None:
    assert title(TEXT.format(declared="", title="hello").encode(), "text/xml; charset=zlib") == "hello"


def test_bytes_of_no_encoding_are_an_error() -> None:
    with pytest.raises(FeedError):
        title(b"\xff\xfe\x00")
