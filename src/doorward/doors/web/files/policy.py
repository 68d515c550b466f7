"""What a browser is told of the files of one mount, and what it may use them for."""

from doorward.core.mounts import Mount

INDEX = b"index.html"
"""What is shown for a folder that has it."""

_SANDBOX = "sandbox"
_UNTRUSTED_USES = frozenset(
    {"audioworklet", "embed", "object", "paintworklet", "script", "serviceworker", "sharedworker", "worker"}
    | {"xslt", "json"}
)


def fields_of(mount: Mount, *, is_passive: bool) -> tuple[tuple[str, str], ...]:
    """
    What every answer with a file of `mount` says.

    Browsers ask each time whether a file is still what they have; an answer to that costs no body.

    Args:
        mount: where the file is.
        is_passive: a browser runs nothing of such a file. A sandbox would keep some from showing PDF.

    Source: the directive `sandbox` of CSP level 3, section 6.3.2: without a token for it a page runs no
    script, sends no form, and has an origin of its own, so that no cookie of ours is its.
    """
    cache = "no-cache" if mount.is_public else "private, no-cache"
    policy = () if mount.is_trusted or is_passive else (("Content-Security-Policy", _SANDBOX),)
    return (
        ("Cache-Control", cache),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        *policy,
    )


def may_be_used_as(mount: Mount, destination: str | None) -> bool:
    """
    Whether a browser that says what it wants a file for gets it.

    A page of the door trusts scripts of its own origin. A file that somebody put into a folder is not to
    become one, even where something else was wrong with that page.

    Source: Sec-Fetch-Dest of the W3C's Fetch Metadata; a program that is no browser does not send it.
    """
    return mount.is_trusted or destination is None or destination not in _UNTRUSTED_USES
