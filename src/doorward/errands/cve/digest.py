"""The mail of a watch over vulnerabilities: what is new, what changed, and how its sources are."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from doorward.core.counts import how_many, times, times_in_a_row
from doorward.core.cve_changes import ChangeKind
from doorward.core.cve_errands import CveErrand
from doorward.core.moments import minute_utc
from doorward.core.vulnerabilities import Exposed, Vulnerability, urgency
from doorward.errands.composing import Draft
from doorward.errands.cve.deciding import Decision
from doorward.errands.cve.digest_entries import Entry, Heading, changes_in_words, entry_of, heading_of
from doorward.errands.cve.digest_layout import Section, html_of_sections, text_of_sections
from doorward.errands.cve.list_command import list_command
from doorward.errands.health import Health
from doorward.errands.shown import shown

WHOLE = 100
"""So many of a digest are told whole, the most urgent; of the others, id and title."""

LISTED = 500
"""So many are in a digest at most; the others are counted in it."""

OF_FIRST = 10
"""So many are shown of those that were there when a watch began."""

_NEWS_OF_KNOWN = {
    ChangeKind.EXPLOITED: "now exploited",
    ChangeKind.EXPOSED: "now on this machine",
    ChangeKind.FIX: "with a fix now",
    ChangeKind.SCORE: "with a higher score",
    ChangeKind.REJECTED: "withdrawn",
}
VULNERABILITY = "vulnerability"
_NOTES = 20
_NOTE_CHARACTERS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLook:
    """
    How one source was with this look.

    Attributes:
        source: its key.
        before: how it was.
        after: how it is.
        notes: what it left out or could not read.
    """

    source: str
    before: Health
    after: Health
    notes: tuple[str, ...] = ()

    @property
    def is_fresh(self) -> bool:
        """Whether it answers for the first time."""
        return self.after.is_settled and not self.before.is_settled

    @property
    def is_trouble_told(self) -> bool:
        """Whether it is to be told now that it does not answer."""
        return self.after.is_told and not self.before.is_told

    @property
    def is_recovery_told(self) -> bool:
        """Whether it is to be told now that it answers again."""
        return self.before.is_told and not self.after.is_told


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    One look of an errand, as a digest tells it.

    Attributes:
        sources: all that it asked, in the order of the errand.
        since_at: when it looked last; None when it never did.
        has_other_filter: it looked for something else then.
    """

    sources: tuple[SourceLook, ...]
    since_at: float | None = None
    has_other_filter: bool = False


def digest_of(errand: CveErrand, decision: Decision, look: Look) -> Draft | None:
    """The mail about a look; None when there is nothing to be told."""
    is_first = look.since_at is None
    is_told = (
        *decision.new,
        *decision.changed,
        *decision.summed,
        *(each for each in look.sources if each.is_trouble_told or each.is_recovery_told),
    )
    if not is_told and not (is_first and any(each.is_fresh for each in look.sources)):
        return None
    sections = (
        *_troubles(look.sources),
        *_news(errand, decision, look),
        *_summary(errand, decision, look),
        Section(heading="Sources", lines=tuple(_source_lines(look.sources))),
    )
    return Draft(
        subject=f"{errand.title}: {_subject(decision, look)}",
        text=text_of_sections(sections),
        html=html_of_sections(sections),
        to=errand.to,
        list_id=f"cve.{errand.title}",
    )


def _subject(decision: Decision, look: Look) -> str:
    if decision.new or decision.changed:
        return _subject_of_news(decision)
    if look.since_at is None and decision.summed:
        return f"watched from now on, with {how_many(len(decision.summed), VULNERABILITY)}"
    if look.since_at is None and any(each.is_fresh for each in look.sources):
        return "watched from now on"
    if decision.summed:
        known = len(decision.news_of_known)
        more = len(decision.summed) - known
        if not known:
            return f"{how_many(more, VULNERABILITY)} more from now on"
        return f"{f'{how_many(more, VULNERABILITY)} more, and ' if more else ''}news of {known:,} told before"
    dead = [each.source for each in look.sources if each.is_trouble_told]
    if dead:
        return f"no answer from {', '.join(dead)}"
    return f"{', '.join(each.source for each in look.sources if each.is_recovery_told)} answers again"


def _subject_of_news(decision: Decision) -> str:
    told = [*decision.new, *(each.vulnerability for each in decision.changed)]
    if len(told) == 1:
        title = shown(told[0].title)
        what = "; ".join(changes_in_words(decision.changed[0].changes)) if decision.changed else title
        return f"{told[0].id} ({what})" if what else told[0].id
    counts = (
        (len(decision.new), "new"),
        (len(decision.changed), "changed"),
        (sum(each.exploited_since is not None for each in told), "exploited"),
        (sum(bool(each.exposures) for each in told), "on this machine"),
    )
    return ", ".join(counts_in_words(counts))


def _troubles(sources: Sequence[SourceLook]) -> Iterator[Section]:
    lines = []
    for each in sources:
        name = shown(each.source)
        if each.is_trouble_told:
            failed = f"{times_in_a_row(each.after.failures)}, since {minute_utc(each.after.since_at)}"
            lines.append(
                f"{name} did not answer {failed}: {_problem(each)}. What it has to tell is told "
                "when it answers again; nothing more is told of this trouble until then."
            )
        elif each.is_recovery_told:
            lines.append(
                f"{name} answers again. Since {minute_utc(each.before.since_at)} it failed "
                f"{times(each.before.failures)}."
            )
    if lines:
        yield Section(lines=tuple(lines))


def _news(errand: CveErrand, decision: Decision, look: Look) -> Iterator[Section]:
    items: list[tuple[Vulnerability, Heading, Sequence[str]]] = [
        (each, heading_of(each), ()) for each in decision.new
    ]
    items += [
        (each.vulnerability, Heading.CHANGED, changes_in_words(each.changes)) for each in decision.changed
    ]
    if not items:
        return
    counts = (
        how_many(len(decision.new), "new vulnerability") if decision.new else "",
        f"{len(decision.changed):,} changed" if decision.changed else "",
    )
    since = "" if look.since_at is None else f" since {minute_utc(look.since_at)}"
    yield Section(lines=(f"{' and '.join(filter(None, counts))}{since}, the most urgent first.",))
    # what is cut is what is least urgent, wherever it stands
    items.sort(key=lambda item: urgency(item[0]), reverse=True)
    placed: dict[Heading, list[Entry]] = {heading: [] for heading in Heading}
    for at, (vulnerability, heading, changes) in enumerate(items[:LISTED]):
        entry = entry_of(vulnerability, errand.filter, changes, is_whole=at < WHOLE)
        placed[heading].append(entry)
    whole = Counter(heading for _, heading, _ in items)
    withdrawn = Counter(heading for each, heading, _ in items if each.is_rejected)
    for heading, entries in placed.items():
        more = whole[heading] - len(entries)
        lines = (f"and {more:,} more; {_where(errand, withdrawn[heading])}",) if more else ()
        if whole[heading]:
            title = f"{heading.value} ({whole[heading]:,})"
            yield Section(heading=title, entries=tuple(entries), lines=lines)


def _summary(errand: CveErrand, decision: Decision, look: Look) -> Iterator[Section]:
    summed = decision.summed
    if not summed and look.since_at is not None:
        return
    facts = (
        (sum(each.exploited_since is not None for each in summed), "exploited"),
        (sum(bool(each.exposures) for each in summed), "on this machine"),
        (sum(each.exposed is Exposed.WITH_FIX for each in summed), "with a fix for it"),
        (sum(each.score is None for each in summed), "not scored yet"),
    )
    of_them = ", ".join(counts_in_words(facts))
    match = "matches" if len(summed) == 1 else "match"
    count = f"{how_many(len(summed), VULNERABILITY)} {match} what is looked for"
    told = "; what was there already is not told one by one" if summed else ""
    yield Section(lines=(f"{_opening(errand, look)} {count}{f' ({of_them})' if of_them else ''}{told}.",))
    if decision.news_of_known:
        yield Section(lines=(_known(decision),))
    if summed:
        yield _most_urgent(errand, decision)


def _opening(errand: CveErrand, look: Look) -> str:
    """Why so much is told at once."""
    fresh = ", ".join(shown(each.source) for each in look.sources if each.is_fresh)
    if look.since_at is None:
        what = "This" if errand.is_ad_hoc else errand.name
        return f"{what} is watched from now on, and these answered: {fresh or 'no source'}."
    if fresh:
        return f"{fresh} answered for the first time."
    of_it = "" if errand.is_ad_hoc else f" of {errand.name}"
    return f"The filter{of_it} is another one from now on."


def _most_urgent(errand: CveErrand, decision: Decision) -> Section:
    number = len(decision.summed)
    news = {name: changes_in_words(each) for name, each in decision.news_of_known.items()}
    entries = tuple(
        entry_of(each, errand.filter, news.get(each.id, ()), is_whole=True)
        for each in sorted(decision.summed, key=urgency, reverse=True)[:OF_FIRST]
    )
    if number <= OF_FIRST:
        return Section(heading="These are", entries=entries)
    return Section(heading="The most urgent", entries=entries, lines=(f"All {number:,}: {_where(errand)}.",))


def _known(decision: Decision) -> str:
    """What those have that were told before, counted by what it is."""
    news = decision.news_of_known
    kinds = Counter(kind for changes in news.values() for kind in {change.kind for change in changes})
    counts = ", ".join(counts_in_words((kinds[kind], word) for kind, word in _NEWS_OF_KNOWN.items()))
    were, them = ("was", "it") if len(news) == 1 else ("were", "them")
    return f"{len(news):,} of them {were} told before, and this is new of {them}: {counts}."


def _where(errand: CveErrand, withdrawn: int = 0) -> str:
    """Where those stand that a digest only counts, with what else of that state passes."""
    command = list_command(errand.filter, with_rejected=withdrawn > 0)
    return f"they are in what `{command}` lists of the same state"


def _problem(look: SourceLook) -> str:
    """Why it did not answer, for a line that names it: the key of a feed ends with its address."""
    address = look.source.partition(":")[2]
    return shown(look.after.problem.removeprefix(f"{address}: ") if address else look.after.problem)


def _source_lines(sources: Sequence[SourceLook]) -> Iterator[str]:
    for each in sources:
        health = each.after
        answered = (
            "never answered"
            if health.answered_at is None
            else f"answered {minute_utc(health.answered_at)}, with {how_many(health.entries, 'entry')}"
        )
        failed = (
            f"; failed {times(health.failures)} since {minute_utc(health.since_at)}: {_problem(each)}"
            if health.failures
            else ""
        )
        yield f"{shown(each.source)}: {answered}{failed}"
        for note in each.notes[:_NOTES]:
            yield f"{shown(each.source)}: note: {shown(note)[:_NOTE_CHARACTERS]}"


def counts_in_words(counts: Iterable[tuple[int, str]]) -> list[str]:
    """Each number with its word, `2 new`; but for those that are 0."""
    return [f"{number:,} {word}" for number, word in counts if number]
