"""One folder that is served, as it is configured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """
    What is below one path.

    Attributes:
        root: an absolute path; itself or one of its folders may be a link.
        lists: a folder without an index.html shows what is in it.
        shows_hidden: names that begin with a dot are seen.
        is_public: no login is asked for.
        is_trusted: its pages may run scripts and do what a page of this origin may. Else a browser keeps them
            apart: whoever may write into the folder is not to act as whoever reads it.
    """

    root: str
    lists: bool = True
    shows_hidden: bool = False
    is_public: bool = False
    is_trusted: bool = False


INDEX = b"index.html"
"""What is shown for a folder that has it."""

_SANDBOX = "sandbox"
_UNTRUSTED_USES = frozenset(
    {"audioworklet", "embed", "object", "paintworklet", "script", "serviceworker", "sharedworker", "worker"}
    | {"xslt", "json"}
)


def fields_of(folder: Folder, *, is_passive: bool) -> tuple[tuple[str, str], ...]:
    """
    What every answer with a file of `folder` says.

    Browsers ask each time whether a file is still what they have; an answer to that costs no body.

    Args:
        folder: where the file is.
        is_passive: a browser runs nothing of such a file. A sandbox would keep some from showing PDF.

    Source: the directive `sandbox` of CSP level 3, section 6.3.2: without a token for it a page runs no
    script, sends no form, and has an origin of its own, so that no cookie of ours is its.
    """
    cache = "no-cache" if folder.is_public else "private, no-cache"
    policy = () if folder.is_trusted or is_passive else (("Content-Security-Policy", _SANDBOX),)
    return (
        ("Cache-Control", cache),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        *policy,
    )


def may_be_used_as(folder: Folder, destination: str | None) -> bool:
    """
    Whether a browser that says what it wants a file for gets it.

    A page of the door trusts scripts of its own origin. A file that somebody put into a folder is not to
    become one, even where something else was wrong with that page.

    Source: Sec-Fetch-Dest of the W3C's Fetch Metadata; a program that is no browser does not send it.
    """
    return folder.is_trusted or destination is None or destination not in _UNTRUSTED_USES
