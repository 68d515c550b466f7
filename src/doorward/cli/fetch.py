"""`doorward fetch`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from doorward.cli.examples import WithExamples
from doorward.cli.fetch_words import Size, check_authorities, read_body, read_headers
from doorward.cli.options import FILE, Seconds, password_file_option
from doorward.core.fetching import RETRIES, FetchRequest, Login, without_login

if TYPE_CHECKING:
    from doorward.core.secret import Secret

MOST_SECONDS = 24 * 3600.0
MOST_BYTES = 100 * 1024**3


@click.command(
    "fetch",
    cls=WithExamples,
    examples=(
        "doorward fetch https://example.org/",
        "doorward fetch https://example.org/form --form p1=6 --form p2=alpha",
        "doorward fetch https://example.org/report --upload file=@report.pdf --user alice",
        "doorward fetch https://example.org/api --json '{\"on\": true}' --bearer-file token",
        "doorward fetch https://example.org/image.iso -o image.iso --continue",
    ),
)
@click.argument("url", metavar="URL")
@click.option(
    "--output", "-o", metavar="FILE", help="Save it as FILE, whole or not at all; - is stdout as it is."
)
@click.option(
    "--continue", "continues", is_flag=True, help="With -o: keep what came of it, and go on with that."
)
@click.option("--include", is_flag=True, help="Show the head of the answer before its body.")
@click.option("--head", "only_head", is_flag=True, help="Ask for the head alone, and show it.")
@click.option(
    "--form", multiple=True, metavar="NAME=VALUE", help="Send a field of a form; NAME@FILE reads it."
)
@click.option("--upload", "uploads", multiple=True, metavar="NAME=@FILE", help="Send a file in a form.")
@click.option("--json", "json_words", metavar="TEXT", help="Send JSON; @FILE reads it, - is stdin.")
@click.option("--method", metavar="NAME", help="Of HTTP; otherwise GET, or POST when something is sent.")
@click.option(
    "--header", "headers", multiple=True, metavar="LINE", help="Send 'NAME: VALUE'; @FILE reads some."
)
@click.option("--user", metavar="NAME", help="Log in as NAME, where the server asks.")
@password_file_option
@click.option(
    "--bearer-file", type=FILE, metavar="FILE", help="The first line is a token, shown to the server."
)
@click.option("--netrc", is_flag=True, help="Look up who logs in in $NETRC or ~/.netrc.")
@click.option(
    "--unencrypted",
    "may_be_overheard",
    is_flag=True,
    help="Over http:// to another machine, log in all the same: everybody on the way may read it.",
)
@click.option(
    "--proxy", default="", metavar="URL", help="Go by this proxy; none is no proxy. Otherwise $https_proxy."
)
@click.option("--cookies", type=FILE, metavar="FILE", help="Send the cookies in FILE, and keep new ones.")
@click.option(
    "--ca", type=FILE, metavar="FILE", help="Trust only what these certificates vouch for, over TLS."
)
@click.option(
    "--max-time",
    type=Seconds(),
    default=MOST_SECONDS,
    metavar="SECONDS",
    help="For all of it. Otherwise a day.",
)
@click.option(
    "--max-size",
    type=Size(),
    default=MOST_BYTES,
    metavar="BYTES",
    help="Unpacked; 20M is 20 MiB. Otherwise 100 GiB.",
)
@click.option(
    "--retries",
    type=click.IntRange(0, 20),
    default=RETRIES,
    show_default=True,
    metavar="N",
    help="Try again so often.",
)
@click.option("--quiet", is_flag=True, help="Show no progress.")
def command(
    *,
    url: str,
    output: str | None,
    continues: bool,
    include: bool,
    only_head: bool,
    form: tuple[str, ...],
    uploads: tuple[str, ...],
    json_words: str | None,
    method: str | None,
    headers: tuple[str, ...],
    user: str | None,
    password_file: Path | None,
    bearer_file: Path | None,
    netrc: bool,
    may_be_overheard: bool,
    proxy: str,
    cookies: Path | None,
    ca: Path | None,
    max_time: float,
    max_size: int,
    retries: int,
    quiet: bool,
) -> int:
    """
    Fetch what stands at URL: http, https, ftp, ftpes, ftps, gopher or file.

    It goes to stdout as it comes, on a terminal as text. A name and a password in URL are a login.

    The exit status is 0 when it came whole; 4 the server says that it is not to be had (404 and other 4xx),
    5 the server failed (5xx), 1 it could not be saved, 124 the time was over, 125 it did not come, 126 the
    server wants another login (401, 403).
    """
    if continues and (output is None or output == "-"):
        raise click.UsageError("--continue goes with -o FILE")
    if only_head and (form or uploads or json_words or method or output):
        raise click.UsageError("--head stands alone: it sends nothing, and what comes is shown")
    if ca is not None:
        check_authorities(ca)
    login = _login(
        url,
        user=user,
        password_file=password_file,
        bearer_file=bearer_file,
        may_be_overheard=may_be_overheard,
    )
    request = FetchRequest(
        url=url,
        method="HEAD" if only_head else (method or "").upper(),
        headers=read_headers(headers),
        body=read_body(form, uploads, json_words),
        login=login,
        most_bytes=max_size,
        seconds=max_time,
        retries=retries,
        packed=output is None or output == "-",
    )

    from doorward.cli.fetch_running import Wishes, run
    from doorward.clients.fetch.options import FetchOptions

    options = FetchOptions(authorities=ca, proxy=proxy, uses_netrc=netrc, environment=os.environ)
    wishes = Wishes(
        output=None if output == "-" else output,
        is_raw=output == "-",
        continues=continues,
        shows_head=include or only_head,
        cookies=cookies,
        is_quiet=quiet,
    )
    return run(request, options, wishes)


def _login(
    url: str,
    *,
    user: str | None,
    password_file: Path | None,
    bearer_file: Path | None,
    may_be_overheard: bool,
) -> Login | None:
    if bearer_file is not None:
        if user is not None or password_file is not None:
            raise click.UsageError("--bearer-file stands alone: a token says who asks, and needs no password")
        return Login(name="", secret=_token(bearer_file), may_be_overheard=may_be_overheard)
    if user is None:
        if password_file is not None:
            raise click.UsageError("--password-file goes with --user")
        return None
    if not user or ":" in user:
        raise click.BadParameter("a name has no colon and is not empty", param_hint="--user")

    from doorward.cli.passwords import password_for_login

    password = password_for_login(password_file, os.environ, where=f"{user} at {without_login(url)}")
    return Login(name=user, secret=password, may_be_overheard=may_be_overheard)


def _token(file: Path) -> "Secret":
    from doorward.cli.passwords import NoPassword, token_for_login

    # without the environment: what is there is a token of our own daemon
    token = token_for_login(file, {})
    if token is None:
        raise NoPassword(f"{file} holds no token")
    return token
