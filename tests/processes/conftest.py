import asyncio
from collections.abc import AsyncIterator

import pytest

from doorward.processes.settings import ProcessSettings
from doorward.processes.spawner import ShimSpawner


@pytest.fixture
def process_settings() -> ProcessSettings:
    return ProcessSettings()


@pytest.fixture
async def spawner(process_settings: ProcessSettings) -> AsyncIterator[ShimSpawner]:
    made = ShimSpawner(asyncio.get_running_loop(), process_settings)
    yield made
    await made.close()
