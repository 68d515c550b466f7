"""Whether a package that is installed is vulnerable, by what its distribution says."""

from collections.abc import Iterable, Mapping

import msgspec

from doorward.core.debian_versions import is_older, version_key
from doorward.core.installed import Installed, SourcePackage
from doorward.core.vulnerabilities import Exposure
from doorward.errands.cve.plain import line

NEWEST_SUITE = "sid"
"""Where every package is made first: what is as new as the fix in it has the fix, wherever it came from."""

NO_RISK = "unimportant"
"""
The urgency of what Debian does not count: a flaw in an example, in a part that is not built, of no effect.

Source: the documentation of the security tracker, `Severity levels`.
"""

_NOT_AFFECTED = "0"
_WORD_CHARACTERS = 60
_VERSION_CHARACTERS = 200


class Release(msgspec.Struct, frozen=True):
    """
    What the tracker says of a package in one release, or in one of its repositories.

    Attributes:
        status: `resolved`, `open` or `undetermined`.
        fixed_version: from which on it is mended; `0` for never affected; empty for none.
        urgency: as the tracker words it.
    """

    status: str
    fixed_version: str = ""
    urgency: str = ""


def exposure_of(
    packages: Iterable[SourcePackage], releases: Mapping[str, Release], *, suite: str
) -> Exposure | None:
    """
    How a machine is exposed by one vulnerability of one source package; None when it is not.

    A package in several versions counts when one of them is vulnerable; the oldest of those is told. What is
    undetermined counts too, with that as its urgency. What has no risk does not.

    Args:
        packages: those of one name that are installed.
        releases: what is said of that package, by suite.
        suite: the one that counts. What is not said of it is not known to be vulnerable.

    Raises:
        ValueError: a status that nobody knows, or a version that is none.
    """
    release = releases.get(suite)
    if release is None or release.urgency == NO_RISK:
        return None
    newest = releases.get(NEWEST_SUITE, release)
    vulnerable = [each for each in packages if _is_vulnerable(each.version, release, newest)]
    if not vulnerable:
        return None
    is_undetermined = release.status == "undetermined"
    return _exposure(
        vulnerable,
        fixed=release.fixed_version if release.status == "resolved" else "",
        urgency="undetermined"
        if is_undetermined
        else line(release.urgency, most_characters=_WORD_CHARACTERS),
        suite=suite,
    )


def still_exposed(exposures: Iterable[Exposure], installed: Installed) -> tuple[Exposure, ...]:
    """
    Judge exposures that were noted once by what is installed now.

    What was removed, or upgraded to the version that mends it, is left out; of the rest, the version and the
    binaries are those of now. A package that was installed since then is not found: the tracker tells of it.
    """
    by_name = installed.by_name()
    judged = (_judged_again(each, by_name.get(each.package, ())) for each in exposures)
    return tuple(each for each in judged if each is not None)


def _is_vulnerable(version: str, release: Release, newest: Release) -> bool:
    match release.status:
        case "resolved":
            return _lacks(version, release)
        case "open" | "undetermined":
            # a package of a later release, or a backport of it, may have what this release waits for
            return newest.status != "resolved" or not newest.fixed_version or _lacks(version, newest)
        case status:
            raise ValueError(f"the status {status[:40]!r} is not known")


def _lacks(version: str, release: Release) -> bool:
    """Whether `version` is without the fix of a release that is resolved."""
    if not 0 < len(release.fixed_version) <= _VERSION_CHARACTERS:
        raise ValueError("it is resolved, and says in no version that could be one")
    return release.fixed_version != _NOT_AFFECTED and is_older(version, release.fixed_version)


def _judged_again(exposure: Exposure, packages: Iterable[SourcePackage]) -> Exposure | None:
    try:
        left = [each for each in packages if not exposure.fixed or is_older(each.version, exposure.fixed)]
    except ValueError:
        return exposure  # as it was noted: nobody can tell otherwise
    if not left:
        return None
    return _exposure(left, fixed=exposure.fixed, urgency=exposure.urgency, suite=exposure.suite)


def _exposure(packages: list[SourcePackage], *, fixed: str, urgency: str, suite: str) -> Exposure:
    return Exposure(
        package=packages[0].name,
        binaries=tuple(sorted({name for each in packages for name in each.binaries})),
        installed=min((each.version for each in packages), key=version_key),
        fixed=fixed,
        urgency=urgency,
        suite=suite,
    )
