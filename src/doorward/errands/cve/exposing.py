"""Whether a package that is installed is vulnerable, by what its distribution says."""

from collections.abc import Iterable

from doorward.core.installed import Installed
from doorward.core.vulnerabilities import Exposure


def still_exposed(exposures: Iterable[Exposure], installed: Installed) -> tuple[Exposure, ...]:
    """
    Judge exposures that were noted once by what is installed now.

    What was removed, or upgraded to the version that mends it, is left out; of the rest, the version and the
    binaries are those of now. A package that was installed since then is not found: the tracker tells of it.
    """
    raise NotImplementedError
