"""The scenario of twenty nights, as a keeper has the command line carry it out."""

from pathlib import Path

import pytest

from doorward.cli.root import run
from tests.errands.backups.places import contents, fill
from tests.errands.backups.real_places import Place
from tests.plugins.soak import IS_SOAK

KEPT = 5
SIZE_BYTES = 200_000
NIGHTS = 20 if IS_SOAK else 7


def carry_for_nights(
    place: Place, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Carry two names every night, each of which leaves exactly the newest five of both."""
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    for night in range(1, NIGHTS + 1):
        fill(here, f"web.{night}", f"archives.{night + 90}", size_bytes=SIZE_BYTES)
        assert run(place.push(here, "--keep", str(KEPT), "web", "archives")) == 0, capsys.readouterr()
        assert capsys.readouterr().err == ""
        done = range(max(1, night - KEPT + 1), night + 1)
        kept = [*(f"web.{each}" for each in done), *(f"archives.{each + 90}" for each in done)]
        assert place.found() == contents(*kept, size_bytes=SIZE_BYTES)
        # the machine itself keeps two
        for each in done[:-2]:
            (here / f"web.{each}").unlink(missing_ok=True)
    assert run(["backup", "list", *place.words, "web"]) == 0
    newest = [f"web.{NIGHTS - older}" for older in range(KEPT)]
    width = max(map(len, newest))
    assert capsys.readouterr().out == "".join(f"{each:<{width}}  195 KiB\n" for each in newest)
