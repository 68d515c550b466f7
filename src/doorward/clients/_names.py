"""Names of files that go to a place of backups, looked at before anything is asked there."""

from doorward.core.backup_store import StoreError, Trouble, is_plain_name

_SHOWN_CHARACTERS = 80


def check_names(address: str, *names: str) -> None:
    """
    Let through what can be the name of a file.

    Args:
        address: of the place, for the error.
        names: to look at.

    Raises:
        StoreError: permanent; one of them is none.
    """
    for name in names:
        if not is_plain_name(name):
            problem = f"this cannot be the name of a file there: {name[:_SHOWN_CHARACTERS]!r}"
            raise StoreError(address, "send", problem, trouble=Trouble.PERMANENT)
