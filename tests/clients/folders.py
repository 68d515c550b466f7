"""The folder behind a place of backups, as a test looks at it."""

from pathlib import Path

from doorward.core.backup_store import BackupStore
from doorward.testing.backup_store_contract import KeptUnderTest


def kept_in(
    folder: Path, *, store: BackupStore, without_folder: BackupStore, is_everybodys: bool = False
) -> KeptUnderTest:
    """
    The place that keeps its files in `folder` of this machine.

    Args:
        folder: empty.
        store: whose folder that is.
        without_folder: one of a folder that is not there.
        is_everybodys: whether every user of this machine may write to what is put there.
    """

    def put(name: str, content: bytes) -> None:
        (folder / name).write_bytes(content)
        # whatever umask the tests run with
        (folder / name).chmod(0o666 if is_everybodys else 0o600)

    def make_folder(name: str) -> None:
        (folder / name).mkdir()

    def contents() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    return KeptUnderTest(
        store=store, without_folder=without_folder, put=put, make_folder=make_folder, contents=contents
    )
