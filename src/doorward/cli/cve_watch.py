"""`doorward cve watch`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doorward.cli.configured import settings_of, tell_passed_over
from doorward.cli.cve_filters import complain_of_untold, which_options
from doorward.cli.examples import WithExamples
from doorward.cli.options import config_option, json_option, state_option
from doorward.core.cve_errands import (
    AD_HOC,
    DEFAULT_ADDRESSES,
    CveErrand,
    CveSource,
    CveSourceKind,
    lack_of,
    told_by_none,
)
from doorward.core.cve_filters import CveFilter
from doorward.core.errors import DoorwardError
from doorward.core.schedules import Every, parse_every

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from doorward.core.settings import Settings


def _source(_context: click.Context, _parameter: click.Parameter, words: tuple[str, ...]) -> list[CveSource]:
    from doorward.config.feed_settings import is_address
    from doorward.core.nearest import did_you_mean

    found: dict[str, CveSource] = {}
    for word in words:
        name, _, address = word.partition("=")
        kinds = {kind.value: kind for kind in CveSourceKind}
        if name not in kinds:
            hint = did_you_mean(name, kinds)
            raise click.BadParameter(f"{name[:40]!r} is none of {', '.join(kinds)}{hint}")
        url = address or DEFAULT_ADDRESSES.get(kinds[name], "")
        if not is_address(url):
            raise click.BadParameter(f"{name} wants an address, as in {name}=https://example.org/feed.xml")
        source = CveSource(kind=kinds[name], url=url)
        found[source.key] = source
    if found and (lack := lack_of(found.values())):
        raise click.BadParameter(f"{lack}: name one more")
    return [*found.values()]


def _every(_context: click.Context, _parameter: click.Parameter, word: str | None) -> Every | None:
    if word is None:
        return None
    if (period := parse_every(word)) is None:
        raise click.BadParameter(f"{word[:40]!r} is no period, such as 6h or 1h 30min")
    return period


def _complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    try:
        errands = settings_of(context.params.get("config")).errands
    except (DoorwardError, OSError):
        return []
    names = (each.name for _, each in sorted(errands.items()) if isinstance(each, CveErrand))
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.command(
    "watch",
    cls=WithExamples,
    examples=(
        "doorward cve watch --once --installed",
        "doorward cve watch --every 6h --word nginx --word openssl --score 7",
        "doorward cve watch --once --source kev --source feed=https://example.org/advisories.xml",
        "doorward cve watch --once security",
    ),
)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=_complete)
@click.option("--once", is_flag=True, help="Look once, and end.")
@click.option("--every", metavar="PERIOD", callback=_every, help="Look again after 6h, 30min or the like.")
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="KIND[=URL]",
    callback=_source,
    help="Ask kev, nvd, epss, debian or feed=URL; otherwise kev, epss, and on a Debian debian.",
)
@click.option("--mail", "mails", is_flag=True, help="Mail it too, to whom [mail] of the configuration says.")
@which_options
@json_option
@state_option("The state that knows what was told; otherwise $STATE_DIRECTORY, or your own state folder.")
@config_option
def watch(
    *,
    names: tuple[str, ...],
    once: bool,
    every: Every | None,
    sources: list[CveSource],
    mails: bool,
    as_json: bool,
    state: str | None,
    config: Path | None,
    **wanted: Any,
) -> int:
    """
    Watch vulnerabilities: print what is new, and what changed, and print it once.

    With NAME, as [errands.cve.NAME] of the configuration says, mail included; what is printed so is not told
    again by the clock. Without, with the sources and the filter that the options say: the first look sums up
    what there is, and the next ones, those of a later call too, print what came since. What is told fits all
    of the options that choose. It looks again every 2h, or as --every says, until Ctrl-C.

    A source that does not answer is told on stderr, and holds up no other. With --once the exit status is 0
    when all answered; 125 when a source did not or mail waits, 1 when what came from one cannot be used.
    """
    if names and (sources or mails or any(value not in (None, False, ()) for value in wanted.values())):
        raise click.UsageError("leave out --source, --mail and what chooses: the errand NAME says it all")
    if once and every is not None:
        raise click.UsageError("--once and --every: take one of them")
    from doorward.cli.cve_watching import Watching

    tell_passed_over(state, config)
    settings = settings_of(config)
    if mails and not settings.mail.to:
        raise click.UsageError("--mail: the table [mail] of the configuration names nobody; set `to` in it")
    if names:
        errands = [_configured(name, settings) for name in dict.fromkeys(names)]
    else:
        errands = [
            CveErrand(
                name=AD_HOC,
                sources=tuple(sources) or _usual_sources(),
                timing=every or Every(7200),
                filter=CveFilter(**wanted),
                mails=mails,
            )
        ]
        _tell_what_nobody_tells(errands[0])
    watching = Watching(errands, settings, state=state, config=config, every=every, as_json=as_json)
    return watching.run(once=once)


def _tell_what_nobody_tells(errand: CveErrand) -> None:
    """Say on stderr what none of the sources tells: that nothing passes would read as `all is well`."""
    for name, kind in told_by_none(errand.filter, {source.kind for source in errand.sources}).items():
        complain_of_untold(name, kind, "it is not asked")


def _configured(name: str, settings: "Settings") -> CveErrand:
    from doorward.cli.errands import errand_called

    errand = errand_called(name if name.startswith("cve.") else f"cve.{name}", settings)
    if not isinstance(errand, CveErrand):
        raise click.UsageError(f"{name} watches no vulnerabilities")
    return errand


def _usual_sources() -> tuple[CveSource, ...]:
    from doorward.compose.installed import is_debian

    kinds = [CveSourceKind.KEV, CveSourceKind.EPSS]
    if is_debian():
        kinds.append(CveSourceKind.DEBIAN)
    return tuple(CveSource(kind=kind, url=DEFAULT_ADDRESSES[kind]) for kind in kinds)
