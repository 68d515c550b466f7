"""What dpkg says of its packages, read; nobody is asked in here."""

from collections.abc import Iterable

from doorward.core.debian_versions import version_key
from doorward.core.installed import SourcePackage

FORMAT = "${db:Status-Status}\t${source:Package}\t${source:Version}\t${Package}\n"
"""
For `dpkg-query --show --showformat`: its source:Version is the source's own, without the `+b1` of a rebuild.

Source: dpkg-query(1).
"""

_WITH_FILES = frozenset(
    {"installed", "unpacked", "half-configured", "half-installed", "triggers-awaited", "triggers-pending"}
)
"""Source: dpkg(1), `Package states`. Of the others at most the configuration is there."""

_SIGNED = "linux-signed-"


def packages_of(said: str) -> tuple[SourcePackage, ...]:
    """
    The source packages that are installed, by name and version.

    Args:
        said: what dpkg-query prints for `FORMAT`.

    A package whose version is none of Debian's is left out: nothing that is said of versions holds for it.

    Raises:
        ValueError: a line is none of that.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for line in said.splitlines():
        status, source, version, binary = line.split("\t")
        if status in _WITH_FILES and _is_version(version):
            found.setdefault(_counted(source, version), set()).add(binary)
    return tuple(
        SourcePackage(name=name, version=version, binaries=tuple(sorted(binaries)))
        for (name, version), binaries in _in_order(found.items())
    )


def _in_order(
    packages: Iterable[tuple[tuple[str, str], set[str]]],
) -> list[tuple[tuple[str, str], set[str]]]:
    return sorted(packages, key=lambda each: (each[0][0], version_key(each[0][1])))


def _is_version(text: str) -> bool:
    try:
        version_key(text)
    except ValueError:
        return False
    return True


def _counted(source: str, version: str) -> tuple[str, str]:
    """
    The source package by which the tracker counts.

    Signed kernels are packages of another source, `linux-signed-amd64`, whose version has a `+` where the
    kernel's own has its `-`.
    """
    if not source.startswith(_SIGNED):
        return source, version
    return "linux", version.replace("+", "-", 1)


def suite_of(os_release: str) -> str:
    """
    The release that os-release(5) names: `bookworm`; empty for none.

    Debian before its release, and in `sid`, names none as its version, and the next one as its code name.
    """
    return _value_of("VERSION_CODENAME", os_release)


def is_of_debian(os_release: str) -> bool:
    """Whether os-release(5) names Debian itself, and not one of those that are made of it."""
    return _value_of("ID", os_release) == "debian"


def _value_of(name: str, os_release: str) -> str:
    for line in os_release.splitlines():
        called, _, value = line.strip().partition("=")
        if called == name:
            return value.strip("\"'")
    return ""
