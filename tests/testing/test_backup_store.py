"""The store in memory passes the suite of stores."""

import pytest

from doorward.testing.backup_store import MemoryStore
from doorward.testing.backup_store_contract import BackupStoreContract, KeptUnderTest


class TestMemoryStore(BackupStoreContract):
    @pytest.fixture(params=[False, True], ids=["no-digest", "digest"])
    def kept(self, request: pytest.FixtureRequest) -> KeptUnderTest:
        store = MemoryStore(computes_sha256=request.param)

        def make_folder(name: str) -> None:
            if name in store.folders:
                raise FileExistsError(name)
            store.folders.add(name)

        return KeptUnderTest(
            store=store,
            without_folder=MemoryStore(has_folder=False),
            put=store.files.__setitem__,
            make_folder=make_folder,
            contents=lambda: dict(store.files),
        )
