"""What the pages about vulnerabilities say, in each language."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CveTexts:
    """
    Every sentence of them; names in braces are filled in.

    Attributes:
        severities: by the words of JSON.
        orders: by the words of the command.
        sources: by how their keys begin; others are shown by their keys.
    """

    title: str
    lead: str
    nothing_known: str
    nothing_known_hint: str
    # How numbers are parted, and what stands before what is explained
    thousands: str
    colon: str
    # Filters
    filters: str
    word: str
    word_hint: str
    product: str
    score: str
    epss: str
    since: str
    since_hint: str
    kev: str
    installed: str
    fixable: str
    rejected: str
    order: str
    apply: str
    reset: str
    # The table
    table: str
    id: str
    severity: str
    exploited: str
    package: str
    about: str
    published: str
    unscored: str
    unscored_hint: str
    none_pass: str
    shown: str
    shown_here: str
    sorted_by: str
    ascending: str
    descending: str
    previous: str
    next: str
    pages: str
    upgrade: str
    no_fix: str
    and_more: str
    withdrawn: str
    stale: str
    # The plot
    plot: str
    plot_text: str
    figures: str
    month: str
    published_of: str
    exploited_of: str
    # One of them
    exploited_since: str
    due: str
    ransomware: str
    likely: str
    likely_hint: str
    first_seen: str
    changed: str
    on_this_machine: str
    installed_as: str
    nobody_scored: str
    what_sources_say: str
    products: str
    scores: str
    primary: str
    references: str
    elsewhere: str
    at_nvd: str
    at_debian: str
    severities: Mapping[str, str]
    orders: Mapping[str, str]
    sources: Mapping[str, str]

    def number(self, count: int) -> str:
        """A number of things, as it is written: `1,455`."""
        return f"{count:,}".replace(",", self.thousands)
