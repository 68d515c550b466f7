"""A soak has more time, and runs what is left out else."""

import pytest

SOURCE = """
import pytest

def test_always(request):
    assert request.config._env_timeout == {seconds}

@pytest.mark.soak
def test_long():
    pass
"""


@pytest.mark.parametrize(
    ("soak", "words", "seconds"), [("", (), 60), ("1", (), 1800), ("1", ("--timeout=5",), 5)]
)
def test_a_soak_gives_each_test_its_time(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    *,
    soak: str,
    words: tuple[str, ...],
    seconds: float,
) -> None:
    monkeypatch.setenv("DOORWARD_SOAK", soak)
    pytester.makeini("[pytest]\ntimeout = 60\nmarkers = soak: long\n")
    pytester.makepyfile(SOURCE.format(seconds=seconds))
    ran = pytester.runpytest_subprocess("-p", "pytest_timeout", "-p", "tests.plugins.soak", *words)
    long = 1 if soak else 0
    ran.assert_outcomes(passed=1 + long, deselected=1 - long)
