"""HTML as text: what a title or a summary says, without its markup. Linear in what comes."""

import html
import re

# Up to the next angle bracket, so that what is left open costs no look at the rest; and up to a line's end
# that took the place of a tag.
_REST = r"""(?>(?:[^<>"'\x1e]++|"[^"<\x1e]*"|'[^'<\x1e]*')*>|[^<>\x1e]*>)"""
_TAG = re.compile(rf"<(?P<comment>!--)|</?(?P<name>[A-Za-z][A-Za-z0-9:-]*){_REST}|<[!?/][^<>\x1e]*>")
# What stands in these is for a machine.
_UNSEEN = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg"})
BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure"}
    | {"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p"}
    | {"pre", "section", "table", "td", "th", "tr", "ul"}
)
"""Elements that begin a line of their own."""

LINE_END = "\x1e"
"""What stands for an end of a line that is meant, until `tidy`: XML cannot hold it (record separator)."""

_BLOCK = re.compile(rf"</?(?:{'|'.join(sorted(BLOCKS))})(?![A-Za-z0-9:-]){_REST}", re.IGNORECASE)
_SPECIAL = re.compile(rf"<(?:!--|(?:{'|'.join(sorted(_UNSEEN))})\b)", re.IGNORECASE)


def text_of(markup: str, *, most_characters: int) -> str:
    """
    What `markup`, HTML or plain text, says: no tags, entities resolved, paragraphs ended by LF.

    Args:
        markup: as a feed has it.
        most_characters: what is longer is cut and ends in `…`. Four times as much is looked at.
    """
    markup = markup[: 4 * most_characters + 1]
    if "<" in markup:
        markup = _without_tags(markup)
    if "&" in markup:
        markup = html.unescape(markup)
    return cut(tidy(markup), most_characters)


def tidy(text: str) -> str:
    """`text` with each run of white space as one space, or as one LF where a line ended by intent."""
    if LINE_END not in text:
        return " ".join(text.split())
    lines = (" ".join(line.split()) for line in text.split(LINE_END))
    return "\n".join(line for line in lines if line)


def cut(text: str, most_characters: int) -> str:
    """`text`, at most so long; what was cut ends in `…`."""
    return text if len(text) <= most_characters else text[: most_characters - 1] + "…"


def _without_tags(markup: str) -> str:
    if _SPECIAL.search(markup) is None:
        # nothing in it hides anything else: five times as quick
        return _TAG.sub("", _BLOCK.sub(LINE_END, markup))
    kept: list[str] = []
    at = 0
    while (tag := _TAG.search(markup, at)) is not None:
        kept.append(markup[at : tag.start()])
        at = tag.end()
        name = (tag["name"] or "").lower()
        if tag["comment"] is not None:
            end = markup.find("-->", at)
            # one that is left open hides the rest, as in a browser
            at = len(markup) if end < 0 else end + len("-->")
        elif name in _UNSEEN and markup[tag.start() + 1] != "/" and not tag[0].endswith("/>"):
            at = _end_of_unseen(name, markup, at)
        elif name in BLOCKS:
            kept.append(LINE_END)
    kept.append(markup[at:])
    return "".join(kept)


def _end_of_unseen(name: str, markup: str, at: int) -> int:
    """Where the end tag of element `name` begins, whose start tag ended at `at`; else where `markup` ends."""
    end = re.compile(rf"</{name}\b", re.IGNORECASE).search(markup, at)
    return len(markup) if end is None else end.start()
