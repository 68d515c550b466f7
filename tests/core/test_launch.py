import pytest

from doorward.core.launch import EXECUTABLE_PATH, Launch, Stream


def test_a_launch_is_shown_without_its_secrets() -> None:
    launch = Launch(("/bin/it", "/dev/fd/3"), {"LANG": "C.UTF-8"}, secrets=(b"hunter2",))
    assert "hunter2" not in f"{launch} {launch!r}"
    assert launch != Launch(("/bin/it", "/dev/fd/3"), {"LANG": "C.UTF-8"}, secrets=(b"other",))


def test_a_launch_inherits_nothing_that_it_does_not_name() -> None:
    launch = Launch(("/bin/it",), {})
    assert (launch.environment, launch.folder, launch.user, launch.secrets) == ({}, "/", "", ())
    assert not launch.takes_input
    with pytest.raises(TypeError):
        launch.resources["nofile"] = 1  # type: ignore[index]


def test_streams_are_their_descriptors() -> None:
    assert (Stream.OUT, Stream.ERR) == (1, 2)


def test_executables_come_from_absolute_folders_alone() -> None:
    assert all(folder.startswith("/") for folder in EXECUTABLE_PATH.split(":"))
