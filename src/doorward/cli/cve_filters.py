"""The options by which the subcommands of `doorward cve` are asked for some and not for all."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from doorward.cli.screen import complain
from doorward.core.cve_filters import CveOrder, CveQuery
from doorward.core.errors import BadArgument

if TYPE_CHECKING:
    from doorward.core.cve_errands import CveSourceKind


class _Number(click.FloatRange):
    """A number within a range, and so no NaN, which is within any to click."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value!r} is no number", param, ctx)
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    What the options said.

    Attributes:
        values: of `query_of`, by name.
    """

    values: dict[str, Any]

    def query(self, *, now_at: float, **more: Any) -> CveQuery:
        """
        The query that they mean, with `more` that goes to `query_of`, at the time `now_at`.

        Raises:
            click.UsageError: `--since` is no moment.
        """
        # it brings in more than an option needs to be read
        from doorward.errands.cve.questions import query_of

        try:
            return query_of(**self.values, **more, now_at=now_at)
        except BadArgument as error:
            raise click.BadParameter(
                f"expected {error.expected}, got {error.found}", param_hint="--since"
            ) from None


def _not_blank(
    _context: click.Context, _parameter: click.Parameter, words: tuple[str, ...]
) -> tuple[str, ...]:
    if not all(map(str.strip, words)):
        raise click.BadParameter("there is nothing to look for in it; leave it out to have all")
    return words


_OPTIONS = (
    click.option(
        "--word",
        "words",
        multiple=True,
        callback=_not_blank,
        metavar="WORD",
        help="Only with this whole word in title, text or product, or of this id; more than one: of any.",
    ),
    click.option(
        "--product",
        "products",
        multiple=True,
        callback=_not_blank,
        metavar="NAME",
        help="Only of this product, vendor, package, or beginning of a CPE; more than one: of any of them.",
    ),
    click.option(
        "--score",
        type=_Number(0, 10),
        metavar="0-10",
        help="Only with at least this score, or with none yet.",
    ),
    click.option("--epss", type=_Number(0, 1), metavar="0-1", help="Only with at least this EPSS."),
    click.option("--kev", is_flag=True, help="Only those that are known to be exploited."),
    click.option("--installed", is_flag=True, help="Only of packages of this machine."),
    click.option("--fixable", is_flag=True, help="Only of packages that can be upgraded to a fix."),
)
_MORE = (
    click.option(
        "--since", metavar="7d|DAY", help="Only what is new or changed since: 12h, 7d, 2w or 2026-11-01."
    ),
    click.option("--rejected", is_flag=True, help="Also those whose id was withdrawn."),
)


def which_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose which; `function` gets them by the names of `CveFilter`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def filter_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add them, `--since` and `--rejected`; `function` gets all as `asked`, an `Asked`."""
    names = ("words", "products", "score", "epss", "kev", "installed", "fixable", "since", "rejected")

    @wraps(function)
    def with_asked(**options: Any) -> Any:
        values = {name: options.pop(name) for name in names}
        return function(asked=Asked(values=values), **options)

    for option in reversed(_MORE):
        with_asked = option(with_asked)
    return which_options(with_asked)


def complain_of_untold(name: str, kind: "CveSourceKind", why: str) -> None:
    """Say on stderr that nothing can pass `--NAME`, as `kind`, which tells it alone, did not: `why`."""
    complain(
        f"--{name}: only the source {kind.value} tells this, and {why}; "
        "that nothing passes does not say that nothing is vulnerable"
    )


order_option = click.option(
    "--order",
    type=click.Choice([order.value for order in CveOrder]),
    default=CveOrder.URGENCY.value,
    show_default=True,
    help="What comes first.",
)
