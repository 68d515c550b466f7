"""The browser, and the daemon that it visits."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.doors.daemon import BOUND_SECONDS, running
from tests.doors.web_pages.site import CONFIG, Site

CHROMIUM = Path("/usr/bin/chromium")

NewContext = Callable[..., BrowserContext]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A daemon with commands of every kind; alice is a user, root may do everything."""
    with running(tmp_path_factory.mktemp("pages"), CONFIG) as daemon:
        yield Site(daemon)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """
    Debian's Chromium, one for the tests of a file.

    Not one for all: while it is there, playwright keeps a loop of its own in this thread, where the loop of
    an asynchronous test of another file could not run.
    """
    if not CHROMIUM.exists():
        pytest.skip("chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        # root has no sandbox of its own to put a browser into
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[NewContext]:
    """
    Begin a browser that knows nothing yet: `new_context(locale="fr-FR")`.

    The test fails when a page of it logs an error of its own: a script that raised, or a policy that was
    broken.
    """
    faults: list[str] = []
    expect.set_options(timeout=BOUND_SECONDS * 1000)

    with ExitStack() as stack:

        def begin(**options: Any) -> BrowserContext:
            context = browser.new_context(**{"locale": "en-GB", **options})
            context.set_default_timeout(BOUND_SECONDS * 1000)
            stack.callback(context.close)
            context.on("weberror", lambda error: faults.append(str(error.error)))
            context.on(
                "console",
                # an answer of 403 is logged as one that failed to load
                lambda message: (
                    faults.append(message.text)
                    if message.type == "error" and "Failed to load resource" not in message.text
                    else None
                ),
            )
            return context

        yield begin
    assert not faults


@pytest.fixture
def context(new_context: NewContext) -> BrowserContext:
    """A browser that knows nothing yet."""
    return new_context()
