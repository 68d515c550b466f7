"""What is told of vulnerabilities to people, in lines; all that strangers wrote is made printable."""

import textwrap
from collections.abc import Iterator, Sequence

from doorward.core.columns import aligned
from doorward.core.errors import one_line
from doorward.core.moments import minute_utc
from doorward.core.percents import percent
from doorward.core.vulnerabilities import Account, Exposure, Product, Score, Vulnerability
from doorward.errands.cve.listing import Listed
from doorward.errands.cve.members import names_of, severity_word
from doorward.errands.feeds.texts import cut

COLUMNS = ("ID", "SCORE", "EPSS", "EXPLOITED", "PACKAGE", "TITLE")

WITHOUT_SCORE = "Without a score, which does not say that they are harmless:"

NOTHING_KNOWN = "Nothing is known yet; this fetches it, on a Debian some 70 MB:  doorward cve watch --once"
"""Options that name the same state may follow."""

NOT_SCORED = "not scored"

NONE_PASSES = "No vulnerability that is known passes."

_WIDTH = 88
_TITLE_CHARACTERS = 100
_MOST_LISTED = 20


def listing_text(listed: Listed) -> str:
    """A line each in the order of the list, those without a score told apart, and how many there are."""
    rows = rows_of(listed.found)
    if not rows:
        return f"{ending(listed)}\n"
    shown = shown_columns(rows)
    lines = aligned([[row[index] for index in shown] for row in (COLUMNS, *rows)], indent="").splitlines()
    heading, *lines = lines
    first = first_of_group(listed.found)
    scored, unscored = lines[:first], lines[first:]
    group = [*([""] if scored else []), WITHOUT_SCORE, *unscored] if unscored else []
    return "".join(f"{line}\n" for line in (heading, *scored, *group, "", *notes(listed), ending(listed)))


def shown_columns(rows: Sequence[Sequence[str]]) -> list[int]:
    """The columns that have something in one of `rows`, by their numbers."""
    return [index for index in range(len(COLUMNS)) if any(row[index] for row in rows)]


def rows_of(found: Sequence[Vulnerability]) -> list[tuple[str, ...]]:
    """The cells of each; one without a score says so where it stands in no group of such."""
    first = first_of_group(found)
    return [
        cells(each, without_score=NOT_SCORED if index < first else "") for index, each in enumerate(found)
    ]


def first_of_group(found: Sequence[Vulnerability]) -> int:
    """
    Where those without a score begin that stand together behind the others; `len(found)` where none do.

    What is urgent is so with a score or without: no group moves a row out of the order of the list.
    """
    scored = sum(each.score is not None for each in found)
    return scored if all(each.score is not None for each in found[:scored]) else len(found)


def cells(vulnerability: Vulnerability, *, without_score: str = "") -> tuple[str, ...]:
    """What stands in `COLUMNS`; `without_score` for a score where there is none."""
    since, epss = vulnerability.exploited_since, vulnerability.epss
    return (
        vulnerability.id,
        score_text(vulnerability.score) or without_score,
        "" if epss is None else percent(epss.score),
        "" if since is None else since.isoformat(),
        package_text(vulnerability.exposures),
        cut(title_of(vulnerability), _TITLE_CHARACTERS),
    )


def ending(listed: Listed) -> str:
    """How many there are, and what to ask for next."""
    if listed.is_empty:
        return NOTHING_KNOWN
    if not listed.total:
        return NONE_PASSES
    shown, offset = len(listed.found), listed.query.offset
    if not shown:
        return f"There are {listed.total:,}, and none behind the first {offset:,}."
    of = f"{offset + 1:,} to {offset + shown:,} of {listed.total:,}"
    unscored = f", {listed.unscored:,} of them without a score" if listed.unscored else ""
    rest = listed.total - offset - shown
    return f"{of}{unscored}{f'; --offset {offset + shown} has the next' if rest else ''}"


def notes(listed: Listed) -> list[str]:
    """What should be known of the list."""
    return [stale_note(listed.note)] if listed.note else []


def stale_note(reason: str) -> str:
    """That packages stand there as they were when the sources were asked last."""
    return one_line(f"Packages are as they were when the sources were asked last: {reason}")


def score_text(score: Score | None) -> str:
    """`9.8 critical`; empty for none."""
    return "" if score is None else f"{score.value:.1f} {severity_word(score.value)}"


def package_text(exposures: Sequence[Exposure]) -> str:
    """The package that can be upgraded and to what, else one that cannot, and how many there are besides."""
    if not exposures:
        return ""
    first = next((each for each in exposures if each.has_fix), exposures[0])
    more = f" and {len(exposures) - 1} more" if len(exposures) > 1 else ""
    return f"{first.package} {f'-> {first.fixed}' if first.has_fix else '(no fix yet)'}{more}"


def title_of(vulnerability: Vulnerability) -> str:
    """
    Its title, behind the product where it names neither that nor its vendor.

    A product without a vendor is what a feed calls it, `small_business_rv160,_rv260`: that says more only
    where there is no title.
    """
    title, names = vulnerability.title, names_of(vulnerability)
    if not names or (title and not names[0].vendor):
        return title
    if any(each and each.lower() in title.lower() for each in (names[0].vendor, names[0].name)):
        return title
    return f"{product_text(names[0])}: {title}" if title else product_text(names[0])


def product_text(product: Product) -> str:
    """`Vendor Name`, each once."""
    return " ".join(dict.fromkeys(filter(None, (product.vendor, product.name))))


def whole_text(vulnerability: Vulnerability, *, note: str = "") -> str:
    """
    All that is known of one.

    Args:
        vulnerability: which.
        note: why its packages could not be looked at now; empty when they were.
    """
    return "".join(f"{line}\n" for line in _lines(vulnerability, note))


def _lines(vulnerability: Vulnerability, note: str) -> Iterator[str]:
    yield one_line(f"{vulnerability.id}: {vulnerability.title}" if vulnerability.title else vulnerability.id)
    yield from (f"  {one_line(each)}" for each in _facts(vulnerability))
    yield from _exposure_lines(vulnerability.exposures, note)
    for account in vulnerability.accounts:
        yield from _account_lines(account)
    yield from _listed_lines("Products:", [_product_line(each) for each in vulnerability.products])
    yield from _listed_lines("Scores:", [_score_line(each) for each in vulnerability.scores])
    yield from _listed_lines("Pages about it:", vulnerability.references)


def _facts(vulnerability: Vulnerability) -> Iterator[str]:
    score, epss = vulnerability.score, vulnerability.epss
    if vulnerability.is_rejected:
        yield "withdrawn: its id stands for no vulnerability any more"
    yield "no score" if score is None else f"{score_text(score)}, CVSS {score.version} by {score.by}"
    if epss is not None:
        yield (
            f"EPSS {percent(epss.score)} to be exploited within 30 days, "
            f"as much as or more than {percent(epss.percentile)} of all"
        )
    if vulnerability.exploited_since is not None:
        yield f"exploited, known since {vulnerability.exploited_since.isoformat()}"
    published = vulnerability.published
    seen, changed = minute_utc(vulnerability.first_seen_at), minute_utc(vulnerability.changed_at)
    days = "" if published is None else f"published {published:%Y-%m-%d}, "
    yield f"{days}first seen {seen}, changed {changed}"


def _exposure_lines(exposures: Sequence[Exposure], note: str) -> Iterator[str]:
    if not exposures:
        return
    yield ""
    yield "On this machine:"
    if note:
        yield f"  {stale_note(note)}"
    for each in exposures:
        upgrade = f"upgrade to {each.fixed}" if each.has_fix else "no fix yet"
        about = ", ".join(filter(None, (each.suite, each.urgency)))
        yield one_line(
            f"  {each.package} {each.installed}: {upgrade}"
            f"{f' ({about})' if about else ''}, installed as {', '.join(each.binaries)}"
        )


def _account_lines(account: Account) -> Iterator[str]:
    said = list(_said_by(account))
    if not said and not account.title:
        return
    yield ""
    yield one_line(f"{account.source} says{f': {account.title}' if account.title else ':'}")
    yield from said


def _said_by(account: Account) -> Iterator[str]:
    for paragraph in account.description.splitlines():
        yield from _wrapped(paragraph)
    facts = (
        f"mend it by {account.due.isoformat()}" if account.due is not None else "",
        "used by ransomware" if account.in_ransomware else "",
        ", ".join(account.weaknesses),
    )
    yield from _wrapped("; ".join(filter(None, facts)))
    yield from _wrapped(account.action)


def _wrapped(paragraph: str) -> Iterator[str]:
    yield from textwrap.wrap(one_line(paragraph), _WIDTH, initial_indent="  ", subsequent_indent="  ")


def _listed_lines(heading: str, lines: Sequence[str]) -> Iterator[str]:
    if not lines:
        return
    yield ""
    yield heading
    yield from (f"  {one_line(line)}" for line in lines[:_MOST_LISTED])
    if len(lines) > _MOST_LISTED:
        yield f"  and {len(lines) - _MOST_LISTED} more"


def _product_line(product: Product) -> str:
    return ", ".join(filter(None, (product_text(product), product.versions)))


def _score_line(score: Score) -> str:
    kind = ", primary" if score.is_primary else ""
    return f"{score_text(score)}, CVSS {score.version} by {score.by}{kind} {score.vector}".rstrip()
