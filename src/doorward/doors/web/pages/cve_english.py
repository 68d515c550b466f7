"""What the pages about vulnerabilities say in English."""

from types import MappingProxyType

from doorward.doors.web.pages.cve_texts import CveTexts

ENGLISH_CVE = CveTexts(
    title="Vulnerabilities",
    lead="What the sources that this server watches know, the most urgent first.",
    nothing_known="Nothing is known yet.",
    nothing_known_hint="The keeper of this server can ask the sources now:",
    thousands=",",
    colon=": ",
    filters="Show only",
    word="With a word",
    word_hint="One of those between commas, in title, text, product or id.",
    product="Of a product",
    score="Score at least",
    epss="EPSS at least",
    since="Changed since",
    since_hint="7d, 12h, 2w or 2026-11-01",
    kev="Known to be exploited",
    installed="Of packages of this machine",
    fixable="That an upgrade mends",
    rejected="Withdrawn ones too",
    order="First",
    apply="Show",
    reset="Show all",
    table="Vulnerabilities",
    id="ID",
    severity="Severity",
    exploited="Exploited",
    package="Package here",
    about="What it is",
    published="Published",
    unscored="Without a score",
    unscored_hint="Nobody scored them yet, which does not say that they are harmless.",
    none_pass="No vulnerability that is known passes.",  # noqa: S106 - a sentence
    shown="{first} to {last} of {total}",
    shown_here="{count} of those on this page have it; press Enter to search all.",
    sorted_by="Sorted by {column}, {direction}",
    ascending="ascending",
    descending="descending",
    previous="Previous",
    next="Next",
    pages="Pages",
    upgrade="upgrade to {version}",
    no_fix="no fix yet",
    and_more="and {count} more",
    withdrawn="withdrawn",
    stale="Packages are as they were when the sources were asked last: {reason}",
    plot="Month by month",
    plot_text=(
        "From {first} to {last}, {published} were published and {exploited} became known to be exploited."
    ),
    figures="The figures",
    month="Month",
    published_of="Published, {most} at most",
    exploited_of="Exploited, {most} at most",
    exploited_since="Exploited since",
    due="Mend it by",
    ransomware="used by ransomware",
    likely="Likely to be exploited",
    likely_hint="{score} within 30 days; as much as or more than {percentile} of all",
    first_seen="First seen here",
    changed="Changed",
    on_this_machine="On this machine",
    installed_as="installed as {packages}",
    nobody_scored="Nobody scored it yet",
    what_sources_say="What its sources say",
    products="Products",
    scores="Scores",
    primary="primary",
    references="Pages about it",
    elsewhere="Elsewhere",
    at_nvd="At the NVD",
    at_debian="At Debian's tracker",
    severities=MappingProxyType(
        {"critical": "Critical", "high": "High", "medium": "Medium", "low": "Low", "none": "None"}
    ),
    orders=MappingProxyType(
        {
            "urgency": "the most urgent",
            "score": "the worst",
            "epss": "the likeliest",
            "published": "the latest published",
            "changed": "the latest changed",
            "id": "by id",
        }
    ),
    sources=MappingProxyType(
        {"kev": "CISA KEV", "nvd": "NVD", "debian": "Debian", "epss": "EPSS", "feed": "Feed"}
    ),
)
