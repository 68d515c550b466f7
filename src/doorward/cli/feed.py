"""`doorward feed`."""

import asyncio
import json
import os
from pathlib import Path

import click

from doorward.cli.examples import WithExamples
from doorward.cli.options import FILE, config_option, json_option, state_option

MOST_FEEDS = 1000


@click.command(
    "feed",
    cls=WithExamples,
    examples=(
        "doorward feed https://example.org/feed.xml",
        "doorward feed --limit 5 https://example.org/rss https://example.net/atom",
        "doorward feed --new --text https://example.org/rss",
        "doorward feed --json https://example.org/rss | jq -r '.[].entries[].title'",
    ),
)
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("--text", "as_text", is_flag=True, help="Print all of each entry, as text.")
@json_option
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Print at most N entries of each feed.")
@click.option(
    "--new",
    "only_new",
    is_flag=True,
    help="Print only what was not there when this was asked for last, by anybody with this state.",
)
@state_option("With --new: where what was there is kept; otherwise $STATE_DIRECTORY, or your own folder.")
@config_option
@click.option(
    "--ca", type=FILE, metavar="FILE", help="Trust only what these certificates vouch for, over TLS."
)
@click.option(
    "--proxy", default="", metavar="URL", help="Go by this proxy; none is no proxy. Otherwise $https_proxy."
)
def command(
    *,
    urls: tuple[str, ...],
    as_text: bool,
    as_json: bool,
    limit: int | None,
    only_new: bool,
    state: str | None,
    config: Path | None,
    ca: Path | None,
    proxy: str,
) -> int:
    """
    List the entries of feeds: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, from any address that fetch knows.

    Several are asked for at once, and printed as they come. One that cannot be had is told on stderr, with
    its address, and holds up no other; so is one that is no XML and was read all the same.

    The exit status is 0 when all were read; 125 when one did not come, 1 when one came that is no feed.
    """
    if as_text and as_json:
        raise click.UsageError("--text and --json are two ways to print: take one of them")
    if len(urls) > MOST_FEEDS:
        raise click.UsageError(f"at most {MOST_FEEDS} feeds at once")
    from doorward.cli.configured import settings_of
    from doorward.cli.feed_listing import FeedListing
    from doorward.cli.feed_shown import print_table, print_text
    from doorward.clients.fetch.options import FetchOptions

    settings = settings_of(config)
    listing = FeedListing(
        urls=tuple(dict.fromkeys(urls)),
        limit=limit,
        limits=settings.limits,
        options=FetchOptions(authorities=ca, proxy=proxy),
        show=None if as_json else print_text if as_text else print_table,
    )
    if only_new:
        from doorward.cli.named_state import opened_state
        from doorward.stores.owners import acting_as_owner
        from doorward.stores.state import make_private_folder

        folder = opened_state(state, os.environ)
        with acting_as_owner(folder):
            make_private_folder(folder)
            asyncio.run(listing.print_new(folder))
    else:
        asyncio.run(listing.print_all())
    if as_json:
        click.echo(json.dumps([listing.members[url] for url in listing.urls]))
    return listing.status
