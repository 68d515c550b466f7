"""Which of the kernels that are installed a machine is exposed by."""

from collections.abc import Sequence

from doorward.core.debian_versions import version_key
from doorward.core.installed import SourcePackage

SOURCE = "linux"
_IMAGE = "linux-image-"


def without_idle_kernels(packages: Sequence[SourcePackage], *, running: str) -> tuple[SourcePackage, ...]:
    """
    `packages` without those of the kernel that hold none, or one that is older than the one that runs.

    Debian keeps the last kernel when it installs the next, and who has rebooted since is exposed by neither
    it nor the headers for compilers (`linux-libc-dev`), which hold no kernel.

    Args:
        packages: all that is installed.
        running: the release of the kernel that runs, `6.1.0-38-amd64`. When it comes from no package, only
            the newest one that does counts.
    """
    kernels = [each for each in packages if each.name == SOURCE and _images(each)]
    names = {f"{_IMAGE}{running}", f"{_IMAGE}{running}-unsigned"}
    runs = [each for each in kernels if names.intersection(each.binaries)]
    newest = max((version_key(each.version) for each in kernels), default=None)
    oldest = min((version_key(each.version) for each in runs), default=newest)
    return tuple(
        each
        for each in packages
        if each.name != SOURCE
        or (oldest is not None and _images(each) and version_key(each.version) >= oldest)
    )


def _images(package: SourcePackage) -> list[str]:
    return [name for name in package.binaries if name.startswith(_IMAGE)]
