"""A document of JSON, or the error that something else is; and its entries, one by one."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from doorward.core.errors import SourceError
from doorward.core.vulnerabilities import Account
from doorward.errands.feeds.strangers import is_html

MOST_ILL_FORMED = 5
"""So many entries of a document may be left out, and told; with more, it is no longer what we know."""

AGAIN = "Try again later; if it stays so, its publisher has changed it or sends it broken"

_LEAST_BYTES = 12
"""
Of one value with its name and its comma: all sources have twice as many and more. `0,0,0` takes 36 times its
length of memory, of which a process has some for all of its sources together.
"""
_VALUES_OF_ANY = 100_000

_BOM = b"\xef\xbb\xbf"
_T = TypeVar("_T")


class Entries(NamedTuple):
    """
    What was read of the entries of a document.

    Attributes:
        accounts: one an id, the first where an id stood there twice.
        notes: which entries were left out.
    """

    accounts: tuple[Account, ...]
    notes: tuple[str, ...]


def decoded(body: bytes, shape: msgspec.json.Decoder[_T], *, url: str, name: str) -> _T:
    """
    The document that `body` is.

    Args:
        body: whole, in UTF-8.
        shape: what it has to be.
        url: where it came from, for the errors.
        name: what it is to a person: `the catalogue of CISA`.

    Raises:
        SourceError: it is empty, a page for a browser, cut short, no JSON, or of another shape.
    """
    body = body.removeprefix(_BOM)
    if not body.strip():
        raise SourceError(url, f"the answer is empty, and not {name}", AGAIN)
    if is_html(body):
        raise SourceError(
            url,
            f"this is an HTML page, not {name}",
            "Open it in a browser: it may be an error page, or tell where the document is now",
        )
    if body.count(b",") > len(body) // _LEAST_BYTES + _VALUES_OF_ANY:
        raise SourceError(url, f"this is not {name} as we know it: it has more values than text", AGAIN)
    try:
        return shape.decode(body)
    except msgspec.ValidationError as error:
        raise SourceError(url, f"this is not {name} as we know it: {error}", AGAIN) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(url, f"{name} {_broken(error)}", AGAIN) from error


def read_entries(
    entries: Iterable[tuple[str, msgspec.Raw]],
    shape: msgspec.json.Decoder[_T],
    account: Callable[[str, _T], Account | None],
    *,
    url: str,
    name: str,
) -> Entries:
    """
    Read entries, those that are well-formed.

    Args:
        entries: each with what a person finds it by.
        shape: what each has to be.
        account: makes an account of one; None for one that tells of nothing. It raises ValueError for one
            that is ill-formed after all.
        url: where the document came from.
        name: of the document, as for `decoded`.

    Raises:
        SourceError: more than `MOST_ILL_FORMED` are ill-formed.
    """
    accounts: dict[str, Account] = {}
    ill_formed: list[str] = []
    for place, raw in entries:
        try:
            read = account(place, shape.decode(raw))
        except (ValueError, RecursionError) as error:  # msgspec's own are ValueErrors
            ill_formed.append(f"{place}: {error}")
            if len(ill_formed) > MOST_ILL_FORMED:
                problem = f"more than {MOST_ILL_FORMED} entries are not as we know them, such as {place}"
                raise SourceError(url, f"{name}: {problem}: {error}", AGAIN) from error
            continue
        if read is not None:
            accounts.setdefault(read.id, read)
    notes = tuple(f"one entry was left out, {each}" for each in ill_formed)
    return Entries(tuple(accounts.values()), notes)


def numbered(entries: Sequence[msgspec.Raw]) -> Iterable[tuple[str, msgspec.Raw]]:
    """`entries`, each with its place in the document."""
    return ((f"entry {number}", entry) for number, entry in enumerate(entries, start=1))


def _broken(error: Exception) -> str:
    match error:
        case RecursionError():
            return "is nested too deeply"
        case UnicodeDecodeError():
            return "is not in UTF-8"
        case _ if "truncated" in str(error):
            return "is cut short"
        case _:
            return f"is no JSON: {error}"
