"""What does not end, ended."""

import pytest

INI = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
timeout = 1
timeout_func_only = false
"""

PLUGINS = ("pytest_asyncio.plugin", "pytest_timeout", "tests.plugins.loops", "tests.plugins.timeouts")

BOTH_LOOPS = '@pytest.mark.asyncio(loop_factories=["uvloop", "asyncio"])\n'

ENDLESS = {
    "a wait for nothing": "await asyncio.get_running_loop().create_future()",
    "a wait beside busy callbacks": """
    def again():
        asyncio.get_running_loop().call_soon(again)
    again()
    await asyncio.get_running_loop().create_future()
""",
    "a wait beside a busy task": """
    async def turn():
        while True:
            await asyncio.sleep(0)
    task = asyncio.get_running_loop().create_task(turn())
    await asyncio.get_running_loop().create_future()
""",
}

HOLDS_ON = """
    async def hold_on():
        while True:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                pass
    task = asyncio.get_running_loop().create_task(hold_on())
    await asyncio.get_running_loop().create_future()
"""


def run(pytester: pytest.Pytester, source: str) -> pytest.RunResult:
    pytester.makeini(INI)
    pytester.makeconftest("import tests.plugins.timeouts\ntests.plugins.timeouts.GRACE_SECONDS = 1.0\n")
    pytester.makepyfile(f"import asyncio, threading\nimport pytest\n{source}")
    words = [word for plugin in PLUGINS for word in ("-p", plugin)]
    return pytester.runpytest_subprocess("-q", *words, timeout=40)


@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS.keys())
def test_an_endless_test_fails_on_either_loop_and_the_next_one_runs(
    pytester: pytest.Pytester, body: str
) -> None:
    result = run(
        pytester, f"{BOTH_LOOPS}async def test_endless():\n    {body}\n\nasync def test_next():\n    pass\n"
    )
    assert result.parseoutcomes() == {"failed": 2, "passed": 1}
    result.stdout.fnmatch_lines(["*CancelledError: no end within 1 s*"])


def test_an_endless_test_without_a_loop_fails_and_the_next_one_runs(pytester: pytest.Pytester) -> None:
    source = "def test_endless():\n    threading.Event().wait()\n\ndef test_next():\n    pass\n"
    assert run(pytester, source).parseoutcomes() == {"failed": 1, "passed": 1}


def test_one_that_holds_on_takes_its_process_with_it_and_shows_where_it_stood(
    pytester: pytest.Pytester,
) -> None:
    result = run(pytester, f"async def test_endless():\n{HOLDS_ON}")
    assert result.ret == 1
    result.stderr.fnmatch_lines(["Timeout (0:00:0*", "*in _cancel_all_tasks*"])
