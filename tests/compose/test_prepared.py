"""What is prepared and cannot be leaves nothing behind."""

import gc
import warnings
from pathlib import Path
from types import MappingProxyType

import pytest

from doorward.compose.prepared import Preparation
from doorward.core.errors import CertificateError
from doorward.core.principal import User
from doorward.core.settings import TLS, UNIX, DoorSettings, Settings
from tests.certificates import NOW, made_with_bad_letters


def preparation_in(folder: Path) -> Preparation:
    return Preparation(
        folder,
        socket_path=folder / "doorward.sock",
        inherited=(),
        own_commands=(),
        answers={},
        wall=NOW.timestamp,
    )


@pytest.mark.parametrize("is_default", [True, False])
def test_a_door_that_nobody_described_is_not_opened_for_guests_in_plain_text(
    tmp_path: Path, *, is_default: bool
) -> None:
    doors = {"attic": DoorSettings(name="attic", listen=("127.0.0.1:0",))}
    settings = Settings(file="" if is_default else "doorward.toml", doors=MappingProxyType(doors))
    with pytest.raises(KeyError):
        preparation_in(tmp_path).prepare(settings, ())


def test_a_certificate_that_no_door_can_trust_is_found_before_anything_is_bound(tmp_path: Path) -> None:
    preparation = preparation_in(tmp_path)
    robot = User(name="robot", certificate=made_with_bad_letters())
    doors = (DoorSettings(name=UNIX, listen=()), DoorSettings(name=TLS, listen=("127.0.0.1:0",)))
    settings = Settings(
        file="doorward.toml",
        doors=MappingProxyType({door.name: door for door in doors}),
        users=MappingProxyType({robot.name: robot}),
    )
    with warnings.catch_warnings(record=True) as left_open:
        warnings.simplefilter("always", ResourceWarning)
        with pytest.raises(CertificateError):
            preparation.prepare(settings, ())
        gc.collect()
    assert left_open == []
    assert not (tmp_path / "doorward.sock").exists()
