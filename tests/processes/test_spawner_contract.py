"""The spawner of the daemon passes the suite of spawners."""

from doorward.testing.spawner_contract import SpawnerContract


class TestShimSpawner(SpawnerContract):
    """On the fixture `spawner` of this folder."""
