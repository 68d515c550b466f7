"""The packages that a machine has, as its distribution counts them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePackage:
    """
    What is installed of one source package in one version.

    Attributes:
        name: of the source package: `glibc`.
        version: of the source package, without what a rebuild of the binaries appends: `2.36-9+deb12u10`.
        binaries: the packages that are installed of it, in order: `libc-bin`, `libc6`.
    """

    name: str
    version: str
    binaries: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """
    All that is installed.

    Attributes:
        suite: the release of the distribution: `bookworm`; empty when the machine does not say.
        packages: by name, then by version. A name may stand there more than once: kernels are kept beside
            each other, and so are the versions of two architectures.
    """

    suite: str
    packages: tuple[SourcePackage, ...]

    def by_name(self) -> dict[str, list[SourcePackage]]:
        """The packages by the name that they share."""
        found: dict[str, list[SourcePackage]] = {}
        for package in self.packages:
            found.setdefault(package.name, []).append(package)
        return found
