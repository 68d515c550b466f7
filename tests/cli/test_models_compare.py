"""`doorward models compare`, in its short form."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.daemon import Shell
from tests.plugins.leftovers import children_of


@pytest.mark.timeout(240)
def test_two_models_are_measured_told_and_drawn(shell: Shell, tmp_path: Path) -> None:
    figures, plots = tmp_path / "figures.json", tmp_path / "plots"
    words = ["models", "compare", "--only", "sequential", "--only", "epoll", "--seconds", "0.2"]
    run = shell.run(*words, "--json", str(figures), "--svg", str(plots), seconds=200)
    assert run.returncode == 0, run.stderr
    told = json.loads(figures.read_text())
    rows = {row["name"]: row for row in told["models"]}
    for name in ("sequential", "epoll"):
        assert all(rate["per_second"] > 10 and not rate["errors"] for rate in rows[name]["once"].values())
    assert 1 < rows["epoll"]["once"]["64"]["cpu_us"] < 1e5
    assert rows["epoll"]["kept"]["per_second"] > 10
    assert 0 < rows["epoll"]["idle"]["1000"]["kib_each"] < 100
    assert rows["epoll"]["beside_silent"] < 0.5
    assert rows["sequential"]["beside_silent"] > 1.9
    assert rows["epoll"]["beside_slow"] < 0.5 < rows["sequential"]["beside_slow"]
    assert rows["sequential"]["kept"] == "it has one peer; the others wait in the backlog"
    assert "it has one peer; the others wait in the backlog" in run.stdout
    drawn = sorted(file.name for file in plots.iterdir())
    assert drawn == ["cpu.svg", "kept.svg", "latency.svg", "memory.svg", "once.svg", "silent.svg", "slow.svg"]
    for file in plots.iterdir():
        assert ElementTree.parse(file).getroot().tag.endswith("svg")


def test_figures_go_to_stdout_in_the_place_of_the_table(shell: Shell) -> None:
    run = shell.run(
        "models", "compare", "--only", "udp", "--seconds", "0.2", "--load", "python", "--json", "-"
    )
    assert run.returncode == 0, run.stderr
    udp = json.loads(run.stdout)["models"][0]
    assert udp["once"]["64"]["per_second"] > 10
    assert udp["once"]["64"]["errors"] == 0
    assert udp["once"]["1000"] == "its one buffer holds some 190 questions, and what comes then is lost"
    assert udp["kept"] == udp["idle"]["1000"] == udp["beside_silent"] == "it has no connections"
    assert udp["beside_slow"] > 0.9


def test_a_folder_for_figures_that_is_missing_is_told_before_anything_is_measured(shell: Shell) -> None:
    run = shell.run("models", "compare", "--json", str(shell.folder / "none" / "figures.json"))
    assert run.returncode == 2
    assert "there is no folder" in run.stderr


def test_an_interrupted_comparison_leaves_nothing_running() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "doorward", "models", "compare", "--only", "uvloop", "--seconds", "30"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as compare:
        servers = [os.pidfd_open(pid) for pid in wait_for_children(compare.pid, at_least=2)]
        compare.send_signal(signal.SIGINT)
        assert compare.wait(20) == 130
        for server in servers:
            assert select.select([server], [], [], 10)[0]
            os.close(server)


def wait_for_children(pid: int, *, at_least: int) -> set[int]:
    """The children of a process, once so many are there: the kernel tells nobody unasked."""
    for _ in range(100_000):
        if len(found := children_of(pid)) >= at_least:
            return found
    raise AssertionError("they were not started")
