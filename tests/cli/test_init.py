from tests.daemon import Shell


def test_the_file_is_private_good_and_leads_on(shell: Shell) -> None:
    run = shell.run("init", "conf")
    file = shell.folder / "conf" / "doorward.toml"
    assert (run.returncode, run.stderr) == (0, "")
    assert file.stat().st_mode & 0o777 == 0o600
    assert "doorward check --config conf/doorward.toml" in run.stdout
    check = shell.run("check", "--config", "conf/doorward.toml")
    assert check.returncode == 0, check.stdout


def test_without_a_folder_it_is_this_one(shell: Shell) -> None:
    assert shell.run("init").returncode == 0
    assert (shell.folder / "doorward.toml").exists()


def test_a_file_that_is_there_stays_as_it_is(shell: Shell) -> None:
    (shell.folder / "doorward.toml").write_text("# mine\n")
    run = shell.run("init")
    assert run.returncode == 1
    assert run.stderr == "doorward: doorward.toml is there already and stays as it is; name another folder\n"
    assert (shell.folder / "doorward.toml").read_text() == "# mine\n"


def test_a_link_is_not_followed(shell: Shell) -> None:
    (shell.folder / "doorward.toml").symlink_to(shell.folder / "elsewhere")
    assert shell.run("init").returncode == 1
    assert not (shell.folder / "elsewhere").exists()


def test_a_folder_that_cannot_be_made_is_an_error(shell: Shell) -> None:
    (shell.folder / "file").write_text("")
    run = shell.run("init", "file/below")
    assert (run.returncode, run.stdout) == (1, "")
    assert "Traceback" not in run.stderr
