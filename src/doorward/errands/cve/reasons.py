"""Why a vulnerability is told: what of it a filter asked for, and what a keeper looks at first."""

from collections.abc import Iterator

from doorward.core.cve_changes import Change, ChangeKind
from doorward.core.cve_filters import CveFilter
from doorward.core.cve_matching import passes
from doorward.core.percents import bound_percent, percent
from doorward.core.vulnerabilities import Severity, Vulnerability

_MOST_WORDS = 5
_MOST_PACKAGES = 3

_CHANGES = {
    ChangeKind.NEW: "new",
    ChangeKind.SCORE: "score {before} -> {after}",
    ChangeKind.EXPLOITED: "now exploited, since {after}",
    ChangeKind.EXPOSED: "now on this machine: {after}",
    ChangeKind.FIX: "fix available: {after}",
    ChangeKind.EPSS: "EPSS {before} -> {after}",
    ChangeKind.REJECTED: "rejected: the id was withdrawn",
}


def reasons(vulnerability: Vulnerability, wanted: CveFilter) -> tuple[str, ...]:
    """`exploited since 2024-04-02`, `score 9.8 CRITICAL (CVSS 3.1, nvd@nist.gov) >= 7`, `word "nginx"`."""
    return (
        *_exploited(vulnerability),
        _score(vulnerability, wanted),
        *_epss(vulnerability, wanted),
        *_installed(vulnerability),
        *(f'word "{word}"' for word in _words(vulnerability, wanted)),
        *(f'product "{product}"' for product in _products(vulnerability, wanted)),
    )


def change_text(change: Change) -> str:
    """What happened, in a few words: `score 7.5 -> 9.8`."""
    before, after = change.before, change.after
    if change.kind is ChangeKind.EPSS:
        before, after = (each and percent(float(each)) for each in (before, after))
    return _CHANGES[change.kind].format(before=before or "none", after=after)


def _exploited(vulnerability: Vulnerability) -> Iterator[str]:
    if vulnerability.exploited_since is None:
        return
    due = min((each.due for each in vulnerability.accounts if each.due is not None), default=None)
    is_ransom = any(each.in_ransomware for each in vulnerability.accounts)
    yield f"exploited since {vulnerability.exploited_since}" + (", used by ransomware" if is_ransom else "")
    if due is not None:
        yield f"to be mended by {due}"


def _score(vulnerability: Vulnerability, wanted: CveFilter) -> str:
    score = vulnerability.score
    if score is None:
        return "not scored yet"
    least = "" if wanted.score is None else f" >= {wanted.score:g}"
    word = Severity.of(score.value).name
    return f"score {score.value:.1f} {word} (CVSS {score.version}, {score.by}){least}"


def _epss(vulnerability: Vulnerability, wanted: CveFilter) -> Iterator[str]:
    if vulnerability.epss is not None:
        least = "" if wanted.epss is None else f" >= {bound_percent(wanted.epss)}"
        yield f"EPSS {percent(vulnerability.epss.score)}{least}"


def _installed(vulnerability: Vulnerability) -> Iterator[str]:
    exposures = vulnerability.exposures
    for each in exposures[:_MOST_PACKAGES]:
        yield f"installed {each.package} {each.installed}"
    if len(exposures) > _MOST_PACKAGES:
        yield f"{len(exposures) - _MOST_PACKAGES} more packages installed"


def _words(vulnerability: Vulnerability, wanted: CveFilter) -> list[str]:
    return [word for word in wanted.words if passes(vulnerability, CveFilter(words=(word,)))][:_MOST_WORDS]


def _products(vulnerability: Vulnerability, wanted: CveFilter) -> list[str]:
    return [each for each in wanted.products if passes(vulnerability, CveFilter(products=(each,)))][
        :_MOST_WORDS
    ]
