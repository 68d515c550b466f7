"""
The security tracker of Debian, beside what is installed.

Source: security-tracker.debian.org/tracker/data/json: `{package: {name: {description, scope, debianbug,
releases: {suite: {status, repositories, fixed_version, urgency}}}}}`.
"""

import re
from dataclasses import replace

import msgspec

from doorward.core.cve_errands import CveSourceKind
from doorward.core.cve_ids import DEBIAN_PAGE
from doorward.core.errors import SourceError
from doorward.core.installed import Installed
from doorward.core.vulnerabilities import DESCRIPTION_CHARACTERS, Account
from doorward.errands.cve.documents import AGAIN, ILL_FORMED, PLACE_CHARACTERS, Entries, LeftOut, decoded
from doorward.errands.cve.exposing import Release, exposure_of
from doorward.errands.cve.plain import line, paragraphs

NAME = "the security tracker of Debian"
MOST_EXPOSED = 100_000
"""Ten times as many as a machine with everything has: all are noted in one go."""

# CVE-2024-3094, and TEMP-0290435-0B57B5 of what has no id yet; others are no reason to refuse them all
_NAME_OF_ONE = re.compile(r"[A-Z]{2,16}(?:-[A-Za-z0-9]{1,24}){1,4}")
_MOST_SUITES_TOLD = 12


class _Vulnerability(msgspec.Struct):
    releases: dict[str, Release] = {}
    description: str = ""


_BY_NAME = msgspec.json.Decoder(dict[str, msgspec.Raw])
_VULNERABILITY = msgspec.json.Decoder(_Vulnerability)


def parse_debian(body: bytes, *, installed: Installed, suite: str, url: str) -> Entries:
    """
    The accounts of what a machine is exposed to: of nothing else, and all of it.

    Only what the tracker says of packages that are installed is looked at.

    Args:
        body: as it came, 60 MB and more.
        installed: what the machine has.
        suite: the release that counts: `bookworm`.
        url: where the document came from, for the errors.

    Raises:
        SourceError: it is no such document, it has no package, or none that is installed, or it knows nothing
            of this suite: nothing of that means that the machine is safe.
    """
    tracker = decoded(body, _BY_NAME, url=url, name=NAME)
    if not tracker:
        raise SourceError(url, f"{NAME} has no package, which cannot be", AGAIN)
    reading = _Reading(installed, suite, url)
    known = [name for name in reading.packages if name in tracker]
    if not known:
        problem = f"{NAME} knows none of the {len(reading.packages)} source packages that are installed"
        raise SourceError(url, problem, "Is this machine one of Debian?")
    for name in known:
        reading.take_package(name, tracker[name])
    return reading.finish()


class _Reading:
    def __init__(self, installed: Installed, suite: str, url: str) -> None:
        self.packages = installed.by_name()
        self._suite = suite
        self._url = url
        self._suites: set[str] = set()
        self._accounts: dict[str, Account] = {}
        self._left_out = LeftOut(url=url, name=NAME)

    def take_package(self, package: str, raw: msgspec.Raw) -> None:
        try:
            vulnerabilities = _BY_NAME.decode(raw)
        except ILL_FORMED as error:
            self._left_out.add(package, error)
            return
        for name, each in vulnerabilities.items():
            if len(self._accounts) > MOST_EXPOSED:
                problem = f"{NAME} tells of more than {MOST_EXPOSED:,} vulnerabilities of this machine"
                raise SourceError(self._url, f"{problem}, which cannot be", AGAIN)
            try:
                self._take(package, name, _VULNERABILITY.decode(each))
            except ILL_FORMED as error:
                self._left_out.add(f"{package} {name}", error)

    def finish(self) -> Entries:
        if self._suite not in self._suites:
            told = sorted(self._suites)[:_MOST_SUITES_TOLD]
            named = ", ".join(line(each, most_characters=PLACE_CHARACTERS) for each in told) or "none at all"
            problem = f"{NAME} says nothing of the release {self._suite!r}, but of {named}"
            raise SourceError(self._url, problem, "Name the one of this machine as `suite`")
        return Entries(tuple(self._accounts.values()), self._left_out.notes)

    def _take(self, package: str, name: str, said: _Vulnerability) -> None:
        if not _NAME_OF_ONE.fullmatch(name):
            raise ValueError("this is no name of a vulnerability")
        self._suites.update(said.releases)
        exposure = exposure_of(self.packages[package], said.releases, suite=self._suite)
        if exposure is None:
            return
        known = self._accounts.get(name)
        if known is not None:
            self._accounts[name] = replace(known, exposures=(*known.exposures, exposure))
            return
        self._accounts[name] = Account(
            source=CveSourceKind.DEBIAN.value,
            id=name,
            description=paragraphs(said.description, most_characters=DESCRIPTION_CHARACTERS),
            exposures=(exposure,),
            references=(DEBIAN_PAGE + name,),
        )
