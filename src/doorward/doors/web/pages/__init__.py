"""What people see of the web door: pages that the server writes, and a little script that renews them."""

from doorward.doors.web.pages import asking, cve_pages, run_pages, signing, static, stream, whoami
from doorward.doors.web.pages.errors import error_page
from doorward.doors.web.pages.rendering import see_other, templates

__all__ = ["LAST_ROUTES", "ROUTES", "error_page", "see_other", "templates"]

ROUTES = (
    *signing.ROUTES,
    *static.ROUTES,
    *whoami.ROUTES,
    *run_pages.ROUTES,
    *stream.ROUTES,
    *cve_pages.ROUTES,
    *asking.ROUTES,
)

LAST_ROUTES = asking.LAST_ROUTES
"""Any one word, which is a command's name or none."""
