"""The command `cve`: what may be asked about the vulnerabilities that are known, at every door."""

from doorward.core.command import Command, Function
from doorward.core.cve_defaults import LISTED, MONTHS, MOST_MONTHS
from doorward.core.cve_filters import CveOrder
from doorward.core.forms import FORM
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import ChoiceType, FlagType, IntegerType, NumberType, TextType
from doorward.core.principal import ADMIN

CVE = "cve"

MOST_LISTED = 500
"""One answer lists so many at most; `offset` has the others."""

OUTPUT_BYTES = 4 * 1024 * 1024
"""More than `MOST_LISTED` of the longest entries take: what a program reads as JSON is never cut."""

_SECONDS = 30.0


def cve_command(action: Function) -> Command:
    """
    The built-in `cve`, which reads and changes nothing.

    Args:
        action: an async function that is called with the values of `PARAMETERS` by name.
    """
    return Command(
        name=CVE,
        summary="Vulnerabilities: those that are known, one of them, or how many there were",
        action=action,
        parameters=PARAMETERS,
        roles=frozenset({ADMIN}),
        read_only=True,
        timeout_seconds=_SECONDS,
        output_bytes=OUTPUT_BYTES,
        is_builtin=True,
    )


PARAMETERS = (
    Parameter(
        name="what",
        type=ChoiceType(choices=("list", "show", "counts")),
        default="list",
        summary="those that are known, one of them, or how many there were by month",
    ),
    Parameter(name="id", type=TextType(max=200), required=False, summary="of show: which one, CVE-2024-3094"),
    Parameter(
        name="word",
        type=TextType(max=200),
        required=False,
        summary="only with this word in title, text or product, or this id; or one of several, with commas",
    ),
    Parameter(
        name="product",
        type=TextType(max=200),
        required=False,
        summary="only of this product, vendor, package or CPE; or one of several, with commas between",
    ),
    Parameter(
        name="score",
        type=NumberType(max=10),
        required=False,
        summary="only with at least this score, and those without any",
    ),
    Parameter(
        name="epss", type=NumberType(max=1), required=False, summary="only with at least this EPSS, 0 to 1"
    ),
    Parameter(name="kev", type=FlagType(), summary="only those that are known to be exploited"),
    Parameter(name="installed", type=FlagType(), summary="only of packages of this machine"),
    Parameter(name="fixable", type=FlagType(), summary="only of packages that can be upgraded to a fix"),
    Parameter(
        name="since",
        type=TextType(max=20),
        required=False,
        summary="only what is new or changed since then: 7d, 12h, 2w or 2026-11-01",
    ),
    Parameter(
        name="order",
        type=ChoiceType(choices=tuple(order.value for order in CveOrder)),
        default=CveOrder.URGENCY.value,
        summary="what comes first",
    ),
    Parameter(
        name="limit", type=IntegerType(min=1, max=MOST_LISTED), default=LISTED, summary="list at most so many"
    ),
    Parameter(
        name="offset", type=IntegerType(max=10_000_000), default=0, summary="pass over so many before them"
    ),
    Parameter(name="rejected", type=FlagType(), summary="also those whose id was withdrawn"),
    Parameter(
        name="months",
        type=IntegerType(min=1, max=MOST_MONTHS),
        default=MONTHS,
        summary="of counts: so many, up to this one",
    ),
    FORM,
)
"""In the order in which words fill them; each may be named."""
