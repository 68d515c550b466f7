"""A child of another system user."""

import grp
import os
import pwd

import pytest

from doorward.core.launch import Exited, NotStarted
from doorward.processes.spawner import ShimSpawner
from tests.processes.runs import launch_of, start


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
async def test_child_is_the_user_with_its_groups_and_nothing_of_ours(spawner: ShimSpawner) -> None:
    entry = pwd.getpwnam("nobody")
    groups = os.getgrouplist("nobody", entry.pw_gid)
    heard = start(spawner, launch_of("/usr/bin/id", "-Gn", user="nobody", resources={"nproc": 50}))
    assert await heard.ending() == Exited(0)
    assert heard.out.decode().split() == [grp.getgrgid(group).gr_name for group in groups]
    status = start(
        spawner, launch_of("/bin/grep", "-E", "^(Uid|Gid|CapEff|CapPrm)", "/proc/self/status", user="nobody")
    )
    await status.ending()
    lines = dict(line.split(":\t") for line in status.out.decode().splitlines())
    assert lines["Uid"].split() == [str(entry.pw_uid)] * 4
    assert lines["Gid"].split() == [str(entry.pw_gid)] * 4
    assert int(lines["CapEff"], 16) == int(lines["CapPrm"], 16) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
async def test_another_users_child_reads_its_secret_and_is_stopped(spawner: ShimSpawner) -> None:
    launch = launch_of(
        "/bin/sh", "-c", "cat /dev/fd/3; exec setsid -w sleep 1000", user="nobody", secrets=(b"s\n",)
    )
    heard = start(spawner, launch)
    assert await heard.line() == "s"
    assert heard.child is not None
    heard.child.stop()
    await heard.ending()


async def test_unknown_user_is_named(spawner: ShimSpawner) -> None:
    ending = await start(spawner, launch_of("/bin/true", user="no-such-user")).ending()
    assert isinstance(ending, NotStarted)
    assert "no-such-user" in ending.reason
