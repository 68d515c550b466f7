"""A skipped test: a failure in CI, a named package elsewhere."""

import pytest

PLUGINS = ("-p", "tests.plugins.skips", "-p", "tests.plugins.programs")

INI = """
[pytest]
markers =
    needs_program(name, package): a foreign program
"""


def run(pytester: pytest.Pytester, source: str) -> pytest.RunResult:
    pytester.makeini(INI)
    pytester.makepyfile(f"import pytest\n{source}")
    return pytester.runpytest_subprocess("-q", "-rs", *PLUGINS)


SKIPS = """
def test_itself(): pytest.skip('it skips itself')

@pytest.mark.skip(reason='it is marked')
def test_marked(): ...

@pytest.fixture
def thing(): pytest.skip('its fixture skips')

def test_with_fixture(thing): ...

@pytest.mark.needs_program('no-such-program', package='such-a-package')
def test_program(): ...

@pytest.mark.xfail
def test_expected_failure(): assert not 1
"""


def test_every_skip_fails_in_ci(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    result = run(pytester, SKIPS)
    outcomes = result.parseoutcomes()
    assert outcomes.pop("xfailed") == 1
    assert sum(outcomes.values()) == 4
    assert set(outcomes) <= {"failed", "errors"}
    for reason in ("it skips itself", "it is marked", "its fixture skips", "no-such-program is missing"):
        result.stdout.fnmatch_lines_random([f"skipped in CI, where nothing may be skipped: *{reason}*"])


def test_a_module_that_skips_itself_fails_in_ci(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    result = run(pytester, "pytest.importorskip('no_such_module_anywhere')\ndef test_one(): ...")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*skipped in CI, where nothing may be skipped: *no_such_module_anywhere*"])


def test_skips_are_skips_elsewhere_and_a_missing_program_names_its_package(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    there = "@pytest.mark.needs_program('sh', package='dash')\ndef test_there(): ..."
    result = run(pytester, SKIPS + there)
    assert result.parseoutcomes() == {"passed": 1, "skipped": 4, "xfailed": 1}
    result.stdout.fnmatch_lines(["*no-such-program is missing: apt-get install such-a-package*"])
