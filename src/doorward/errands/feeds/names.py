"""
Names that must not reach expat.

It writes a namespace out before each name in it, a whole tag at a time, so that a long one in a small
document fills the memory before any handler is asked.
"""

import re

from doorward.errands.feeds.reader import Refused

NAMESPACE_BYTES = 256
"""Of the address of a namespace; those of the dialects and their modules have up to some 80."""

MOST_ATTRIBUTES = 1000
"""Of one element, each with a name in a namespace at worst."""

# no value and no tag holds a `<`, so that none of these looks at a byte more than a few times
_LONG_VALUE = re.compile(rb"""=\s*+(?:"[^"<]{%d}|'[^'<]{%d})""" % ((NAMESPACE_BYTES + 1,) * 2))
_NAME_OF_NAMESPACE = re.compile(rb"""xmlns[^\s=<>"']*+\s*+""")
_MANY_ATTRIBUTES = re.compile(
    rb"""<[^\s!?/<>][^<>"']*+(?:(?:"[^"<]*+"|'[^'<]*+')[^<>"']*+){%d}""" % (MOST_ATTRIBUTES + 1)
)


def refuse_growing_names(document: bytes) -> None:
    """
    Look over a document in UTF-8, whatever it is.

    Raises:
        Refused: the names in it would take far more memory than it does.
    """
    seen = 0
    for value in _LONG_VALUE.finditer(document):
        at = document.rfind(b"xmlns", seen, value.start())
        if at >= 0 and _NAME_OF_NAMESPACE.fullmatch(document, at, value.start()):
            raise Refused(f"a namespace in it has more than {NAMESPACE_BYTES} characters")
        seen = value.end()
    if _MANY_ATTRIBUTES.search(document):
        raise Refused(f"an element in it has more than {MOST_ATTRIBUTES} attributes")
