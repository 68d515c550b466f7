"""`doorward check` tells beforehand what keeps the ssh door from opening, and which keys let nobody in."""

from tests.daemon import Shell

DOOR = "[doors.ssh]\n"


def checked(shell: Shell, text: str) -> tuple[int, str]:
    file = shell.folder / "mine.toml"
    file.write_text(text)
    file.chmod(0o600)
    run = shell.run("check", "mine.toml", "--state", "s")
    return run.returncode, run.stdout


def test_a_host_key_that_cannot_be_used_is_a_problem(shell: Shell) -> None:
    key = shell.folder / "key"
    key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    key.chmod(0o600)
    status, said = checked(shell, DOOR + 'host_key = "key"\n')
    assert (status, f"{key}: it is no private key of OpenSSH" in said) == (1, True)
    key.chmod(0o644)
    status, said = checked(shell, DOOR + 'host_key = "key"\n')
    assert (status, f"chmod 600 {key}" in said) == (1, True)
    status, said = checked(shell, DOOR)
    assert status == 0, said


def test_a_key_that_lets_nobody_in_is_told(shell: Shell) -> None:
    keys = shell.folder / "alice.keys"
    keys.write_text("nonsense\n")
    keys.chmod(0o600)
    table = 'authorized_keys = "{user}.keys"\n[users.alice]\nuid = 7\n'
    status, said = checked(shell, DOOR + table)
    assert (status, f"{keys}:1: this key lets nobody in: there is no public key" in said) == (0, True), said
