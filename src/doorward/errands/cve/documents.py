"""A document of JSON, or the error that something else is; and its entries, one by one."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

import msgspec

from doorward.core.errors import SourceError
from doorward.core.vulnerabilities import Account
from doorward.errands.cve.plain import line
from doorward.errands.feeds.strangers import is_html

MOST_ILL_FORMED = 5
"""So many entries of a document may be left out, and told; with more, it is no longer what we know."""

PLACE_CHARACTERS = 60
"""Of what an entry, or a release, is called in what is told of it."""

ILL_FORMED = (ValueError, RecursionError)
"""What reading an entry raises that is so: the errors of msgspec are ValueErrors."""

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
    refuse_strangers(body, url=url, name=name)
    if body.count(b",") > len(body) // _LEAST_BYTES + _VALUES_OF_ANY:
        raise SourceError(url, f"this is not {name} as we know it: it has more values than text", AGAIN)
    try:
        return shape.decode(body)
    except msgspec.ValidationError as error:
        raise SourceError(url, f"this is not {name} as we know it: {error}", AGAIN) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(url, f"{name} {_broken(error)}", AGAIN) from error


def refuse_strangers(body: bytes, *, url: str, name: str) -> None:
    """
    Look whether `body` may be the document at all.

    Raises:
        SourceError: it is empty, or a page for a browser.
    """
    if not body.strip():
        raise SourceError(url, f"the answer is empty, and not {name}", AGAIN)
    if is_html(body):
        step = "Open it in a browser: it may be an error page, or tell where the document is now"
        raise SourceError(url, f"this is an HTML page, not {name}", step)


def read_entries(
    entries: Iterable[msgspec.Raw],
    shape: msgspec.json.Decoder[_T],
    account: Callable[[_T], Account],
    *,
    url: str,
    name: str,
) -> Entries:
    """
    Read entries, those that are well-formed.

    Args:
        entries: in the order of the document.
        shape: what each has to be.
        account: makes an account of one. It raises ValueError for one that is ill-formed after all.
        url: where the document came from.
        name: of the document, as for `decoded`.

    Raises:
        SourceError: more than `MOST_ILL_FORMED` are ill-formed.
    """
    accounts: dict[str, Account] = {}
    left_out = LeftOut(url=url, name=name)
    for number, raw in enumerate(entries, start=1):
        try:
            read = account(shape.decode(raw))
        except ILL_FORMED as error:
            left_out.add(f"entry {number}", error)
        else:
            accounts.setdefault(read.id, read)
    return Entries(tuple(accounts.values()), left_out.notes)


class LeftOut:
    """
    The entries of a document that are ill-formed, which are left out as long as they are few.

    Args:
        url: where the document came from.
        name: of the document, as for `decoded`.
    """

    def __init__(self, *, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._ill_formed: list[str] = []

    def add(self, place: str, error: Exception) -> None:
        """
        Leave out one more.

        Args:
            place: what a person finds it by; cut to `PLACE_CHARACTERS`.
            error: one of `ILL_FORMED`, that came of reading it.

        Raises:
            SourceError: more than `MOST_ILL_FORMED` are ill-formed.
        """
        place = line(place, most_characters=PLACE_CHARACTERS)
        self._ill_formed.append(f"{place}: {error}")
        if len(self._ill_formed) > MOST_ILL_FORMED:
            problem = f"more than {MOST_ILL_FORMED} entries are not as we know them, such as {place}"
            raise SourceError(self._url, f"{self._name}: {problem}: {error}", AGAIN) from error

    @property
    def notes(self) -> tuple[str, ...]:
        """Which entries were left out, and why."""
        return tuple(f"one entry was left out, {each}" for each in self._ill_formed)


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
