"""Types of files by their names."""

import pytest

from doorward.doors.web.files.media_types import MediaTypes, is_passive


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("a.TXT", "text/plain; charset=utf-8"),
        ("site.css", "text/css; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("data.json", "application/json"),
        ("photo.jpeg", "image/jpeg"),
        ("font.woff2", "font/woff2"),
        ("backup.tar.gz", "application/gzip"),
        ("page.html.gz", "application/gzip"),
        ("README", "application/octet-stream"),
        ("data:text/html,x.png", "image/png"),
        ("x.unknown", "application/octet-stream"),
    ],
)
def test_a_name_says_what_a_file_is(name: str, kind: str) -> None:
    assert MediaTypes().of(name) == kind


@pytest.mark.parametrize("kind", ["image/png", "application/pdf", "text/plain; charset=utf-8", "video/mp4"])
def test_what_a_browser_only_shows_needs_no_sandbox(kind: str) -> None:
    assert is_passive(kind)


@pytest.mark.parametrize(
    "kind", ["text/html", "image/svg+xml", "application/xml", "text/xml", "text/javascript"]
)
def test_what_can_hold_a_script_is_not_passive(kind: str) -> None:
    assert not is_passive(kind)
