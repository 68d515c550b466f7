"""No page of ours is shown inside another one, and none is kept by whoever carries it."""

import pytest

from tests.doors.web_pages.site import Site


@pytest.mark.parametrize("path", ["/", "/signin", "/runs", "/commands/colours/form", "/nothing", "/df"])
def test_every_page_forbids_frames_bases_and_caches(site: Site, path: str) -> None:
    reply = site.get(path, site.signed_in())
    policy = reply.header("Content-Security-Policy")
    for rule in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "object-src 'none'"):
        assert rule in policy
    assert reply.header("Cross-Origin-Opener-Policy") == "same-origin"
    assert reply.header("Referrer-Policy") == "same-origin"
    if reply.status != 303:
        assert reply.header("Cache-Control") == "no-store"
