"""A user's certificate, as a file beside the configuration and as a text in it."""

from pathlib import Path

import pytest

from doorward.config import Machine, examine, load_settings
from doorward.core.certificates import minute_of
from tests.certificates import Made, make_certificate
from tests.config.conftest import WriteConfiguration


@pytest.fixture(scope="module")
def alice() -> Made:
    return make_certificate("alice")


def test_a_path_is_seen_from_the_configuration_s_folder(
    write_configuration: WriteConfiguration, tmp_path: Path, alice: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.written(tmp_path, "alice")
    monkeypatch.chdir("/")
    settings = load_settings(write_configuration('[users.alice]\ncertificate = "alice.pem"\n'))
    assert settings.users["alice"].certificate == alice.der
    assert settings.notices == ()


def test_the_text_may_stand_there_itself(write_configuration: WriteConfiguration, alice: Made) -> None:
    file = write_configuration(f'[users.alice]\ncertificate = """\n{alice.pem}"""\n')
    assert load_settings(file).users["alice"].certificate == alice.der


def test_two_users_cannot_have_the_same_one(write_configuration: WriteConfiguration, alice: Made) -> None:
    text = "".join(f'[users.{name}]\ncertificate = """{alice.pem}"""\n' for name in ("alice", "bob"))
    file = write_configuration(text)
    (problem,) = examine(file).problems
    assert str(problem).endswith(": users.bob.certificate: alice has this certificate already")


def test_one_that_ended_is_told_and_is_no_error(write_configuration: WriteConfiguration, alice: Made) -> None:
    file = write_configuration(f'[users.alice]\ncertificate = """{alice.pem}"""\n')
    ends = alice.certificate.not_valid_after_utc
    settings = load_settings(file, machine=Machine(wall=lambda: ends.timestamp() + 1))
    assert settings.notices == (
        f"users.alice.certificate: nobody can log in with this certificate: it ended on {minute_of(ends)}",
    )
    assert settings.users["alice"].certificate == alice.der


def test_a_file_that_others_can_write_is_refused(
    write_configuration: WriteConfiguration, tmp_path: Path, alice: Made
) -> None:
    certificate, _ = alice.written(tmp_path, "alice")
    certificate.chmod(0o664)
    (problem,) = examine(write_configuration('[users.alice]\ncertificate = "alice.pem"\n')).problems
    assert str(problem).endswith(
        f"{certificate}: others can write it (mode 0664); type: chmod go-w {certificate}"
    )


def test_nothing_of_a_private_key_is_shown(
    write_configuration: WriteConfiguration, tmp_path: Path, alice: Made
) -> None:
    _, key = alice.written(tmp_path, "alice")
    secret = alice.key_pem.splitlines()[1]
    for text in (f'"""{alice.pem}{alice.key_pem}"""', f'"{key.name}"', f'["""{alice.key_pem}"""]'):
        problems = examine(write_configuration(f"[users.alice]\ncertificate = {text}\n")).problems
        assert len(problems) == 1
        assert secret[:8] not in str(problems[0])
