"""What dpkg has installed on this machine, and the release that it is of."""

from doorward.core.installed import Installed


async def installed_packages() -> Installed:
    """
    Ask dpkg, off the loop.

    Raises:
        SourceError: there is no dpkg, it failed, or it said what nobody understands; the text says what to do.
    """
    raise NotImplementedError
