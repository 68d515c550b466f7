"""`doorward talk`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from doorward.cli.fetch_words import check_authorities
from doorward.cli.options import FILE, Fingerprint, Seconds, json_option
from doorward.cli.talk_steps import CommandWithSteps, script_of
from doorward.core.talking import FEWEST_WINDOW_CHARACTERS, MOST_WINDOW_CHARACTERS, WINDOW_CHARACTERS

if TYPE_CHECKING:
    from doorward.clients._trust import Trust
    from doorward.clients.talk.script import Script, SendSecret
    from doorward.clients.talk.settings import TalkSettings
    from doorward.core.secret import Secret

_SCRIPT_SECONDS = 60.0

EXAMPLES = (
    "doorward talk mail.example.org:25",
    "doorward talk mail.example.org:25 --starttls smtp --send 'EHLO me' --expect '^250 '",
    "doorward talk mail.example.org:993 --tls --expect OK --or BYE --timeout 10",
    (
        "doorward talk pop.example.org:995 --tls --expect '^.OK' --send 'USER me' --expect '^.OK' "
        "--send-raw 'PASS ' --send-secret password --expect '^.OK' --or ^-ERR"
    ),
    "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | doorward talk www.example.org:443 --tls",
    "doorward talk router.example.org:23 --script reboot.talk --transcript reboot.log",
)


@click.command(
    "talk",
    cls=CommandWithSteps,
    examples=EXAMPLES,
)
@click.argument("address", metavar="ADDRESS")
@click.option("--tls", is_flag=True, help="It speaks TLS from the first byte on.")
@click.option(
    "--starttls",
    type=click.Choice(("smtp", "imap", "pop3", "ftp")),
    help="Begin TLS with the command that this protocol has for it.",
)
@click.option(
    "--ca", type=FILE, metavar="FILE", help="Trust only what these certificates vouch for, over TLS."
)
@click.option(
    "--fingerprint",
    type=Fingerprint(),
    metavar="SHA256:...",
    help="Trust only the certificate with this fingerprint, whatever its name.",
)
@click.option("--servername", default="", metavar="NAME", help="The certificate is to be for NAME.")
@click.option(
    "--insecure", is_flag=True, help="Over TLS, trust anybody, and be told so; --fingerprint is better."
)
@click.option(
    "--client-certificate", type=FILE, metavar="FILE", help="Over TLS, log in with this certificate, in PEM."
)
@click.option(
    "--client-key",
    type=FILE,
    metavar="FILE",
    help="Its private key; otherwise it stands in the same file.",
)
@click.option("--certificate", "only_certificate", is_flag=True, help="Print its certificate, and leave.")
@click.option("--expect", multiple=True, metavar="REGEX", help="Wait until this matches what comes.")
@click.option(
    "--or", "or_expect", multiple=True, metavar="REGEX", help="Behind an --expect: or until this does."
)
@click.option("--send", multiple=True, metavar="TEXT", help=r"Send a line; \r, \n, \t, \xHH as in a program.")
@click.option("--send-raw", multiple=True, metavar="TEXT", help="Send it without the end of a line.")
@click.option(
    "--send-secret",
    multiple=True,
    type=click.Path(readable=False),
    metavar="FILE",
    help="Send the first line of FILE, which nobody else may read.",
)
@click.option(
    "--send-secret-env", multiple=True, metavar="NAME", help="Send what the environment has as NAME."
)
@click.option("--end", "end_side", is_flag=True, help="End our side; the peer can still be heard.")
@click.option("--expect-end", is_flag=True, help="Wait until the peer ends the conversation.")
@click.option("--script", type=FILE, metavar="FILE", help="Read such steps from FILE, one a line.")
@click.option("--interact", is_flag=True, help="After the steps, go on with what is typed or piped in.")
@click.option(
    "--timeout",
    type=Seconds(),
    metavar="SECONDS",
    help="For all of it; otherwise 60 with steps, and no end without.",
)
@click.option(
    "--window",
    type=click.IntRange(FEWEST_WINDOW_CHARACTERS, MOST_WINDOW_CHARACTERS),
    default=WINDOW_CHARACTERS,
    show_default=True,
    metavar="CHARACTERS",
    help="How long a match may be, to be surely found.",
)
@click.option("--crlf", is_flag=True, help="End lines with CR LF, those that are piped in too.")
@click.option("--lf", is_flag=True, help="End lines with LF; otherwise CR LF, but on a socket of a path.")
@click.option(
    "--half-close/--no-half-close",
    default=None,
    help="End our side with what is piped in, or not; otherwise so without TLS alone.",
)
@click.option(
    "--telnet/--no-telnet",
    default=None,
    help="The peer speaks Telnet, or not; otherwise its first bytes and port 23 say so.",
)
@click.option(
    "--unencrypted",
    "may_be_overheard",
    is_flag=True,
    help="Send secrets to another machine without TLS, or with --insecure, all the same.",
)
@click.option("--transcript", type=FILE, metavar="FILE", help="Write down both sides, with the time.")
@json_option
@click.option("--quiet", is_flag=True, help="Tell nothing of the connection.")
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    address: str,
    tls: bool,
    starttls: str | None,
    ca: Path | None,
    fingerprint: str | None,
    servername: str,
    insecure: bool,
    client_certificate: Path | None,
    client_key: Path | None,
    only_certificate: bool,
    script: Path | None,
    interact: bool,
    timeout: float | None,
    window: int,
    crlf: bool,
    lf: bool,
    half_close: bool | None,
    telnet: bool | None,
    may_be_overheard: bool,
    transcript: Path | None,
    as_json: bool,
    quiet: bool,
    **_steps: object,
) -> int:
    """
    Talk in lines to what listens at ADDRESS: HOST:PORT, [ADDRESS]:PORT, unix://PATH or a path.

    What comes goes to stdout, on a terminal as text. What you type goes there a line at a time; what is piped
    in, as it is, and without TLS its end ends your side. --expect and --send, in their order, or a --script,
    say it for you.

    The exit status is 0 when all went as it was to; 11, 12, ... when the first, the second, ... --or behind
    the last --expect was what matched; 3 the peer ended it before, 124 the time was over, 125 no connection
    or no trust, 1 a file cannot be used, 2 these words are wrong.
    """
    _check_words(tls=tls, starttls=starttls, insecure=insecure, trusts=ca or fingerprint, crlf=crlf, lf=lf)
    played = _script(context, script)
    if (as_json or interact) and played is None:
        raise click.UsageError(f"{'--json' if as_json else '--interact'} goes with steps or a --script")
    if as_json and interact:
        raise click.UsageError("--json tells of steps alone: --interact does not go with it")
    if only_certificate and (played is not None or not (tls or starttls)):
        raise click.UsageError("--certificate goes with --tls or --starttls, and without steps")

    begun = _begun(address, tls=tls, starttls=starttls, telnet=telnet)

    from dataclasses import replace

    from doorward.cli.talk_running import Wishes, run

    settings = replace(
        begun,
        trust=_trust(begun, ca, fingerprint, client_certificate, client_key),
        server_name=servername,
        is_checked=not insecure,
        may_be_overheard=may_be_overheard,
        line_end="\r\n" if crlf else "\n" if lf else "",
        seconds=_seconds(timeout, played),
        window_characters=window,
    )
    wishes = Wishes(
        script=played,
        secrets=_secrets(played),
        goes_on=interact,
        line_end=_piped_line_end(settings, crlf=crlf),
        half_closes=half_close,
        transcript=transcript,
        as_json=as_json,
        only_certificate=only_certificate,
        is_quiet=quiet,
    )
    return run(settings, wishes)


def _check_words(
    *, tls: bool, starttls: str | None, insecure: bool, trusts: object, crlf: bool, lf: bool
) -> None:
    if tls and starttls:
        raise click.UsageError("begin TLS either with the first byte, --tls, or with a command, --starttls")
    if not (tls or starttls) and (insecure or trusts):
        raise click.UsageError("whom to trust is said with --tls or --starttls alone")
    if insecure and trusts:
        raise click.UsageError("--insecure trusts anybody: --ca and --fingerprint do not go with it")
    if crlf and lf:
        raise click.UsageError("lines end either with --crlf or with --lf")


def _script(context: click.Context, file: Path | None) -> "Script | None":
    of_words = script_of(context)
    if file is None:
        return of_words
    if of_words is not None:
        raise click.UsageError("--script has all the steps; --expect, --send and others do not go with it")

    from doorward.cli.talk_script import read_script

    return read_script(file)


def _seconds(timeout: float | None, script: "Script | None") -> float | None:
    if timeout is not None or script is None:
        return timeout
    return script.seconds or _SCRIPT_SECONDS


def _begun(address: str, *, tls: bool, starttls: str | None, telnet: bool | None) -> "TalkSettings":
    from doorward.clients.talk.settings import TcpPlace, settings_for
    from doorward.core.errors import ConnectError

    try:
        begun = settings_for(address, tls=tls, starttls=starttls or "", telnet=telnet)
    except ConnectError as error:
        raise click.UsageError(str(error)) from error
    if begun.is_encrypted and not isinstance(begun.place, TcpPlace):
        raise click.UsageError(f"{address}: TLS needs a host and a port")
    return begun


def _trust(
    settings: "TalkSettings",
    ca: Path | None,
    fingerprint: str | None,
    client_certificate: Path | None,
    client_key: Path | None,
) -> "Trust":
    from doorward.cli.target import Target

    if client_key is not None and client_certificate is None:
        raise click.UsageError("--client-key goes with --client-certificate")
    if not settings.is_encrypted:
        if client_certificate is not None:
            raise click.UsageError("--client-certificate goes with --tls or --starttls")
        return settings.trust
    if ca is not None:
        check_authorities(ca)

    from doorward.cli.trusting import trust_of

    target = Target(
        ca=ca, fingerprint=fingerprint, client_certificate=client_certificate, client_key=client_key
    )
    return trust_of(target, os.environ, host=settings.tls_endpoint.host)


def _secrets(script: "Script | None") -> "Mapping[SendSecret, Secret]":
    if script is None:
        return {}

    from doorward.cli.talk_script import read_secret

    return {step: read_secret(step, os.environ) for step in script.secrets()}


def _piped_line_end(settings: "TalkSettings", *, crlf: bool) -> str:
    # what a person types ends as lines do, also where stdout goes to a file
    if crlf or os.isatty(0):
        return settings.ends_lines_with if settings.ends_lines_with != "\n" else ""
    return ""
