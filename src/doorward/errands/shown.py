"""Texts of strangers in a mail: on one line, escaped, and without what could deceive."""

import re
from html import escape

_LINK = re.compile(r"https?://[^\s<>\"']+")
# What could deceive: controls, and what turns the direction of writing. Joiners are left: scripts need them.
_DECEIVING = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)


def shown(text: str) -> str:
    """`text` on one line, without what could deceive."""
    return _DECEIVING.sub("\ufffd", " ".join(text.split()))


def anchor(link: str, text: str) -> str:
    """HTML: `text`, that leads to `link` where that is a page of the web: other schemes may do anything."""
    return f'<a href="{escape(link)}">{escape(text)}</a>' if is_page(link) else escape(text)


def page_of(body: str) -> str:
    """A whole page of HTML around `body`, which is HTML."""
    return f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>\n{body}</body></html>\n'


def is_page(link: str) -> bool:
    """Whether `link` is the address of a page of the web, with nothing around it."""
    return _LINK.fullmatch(link) is not None
