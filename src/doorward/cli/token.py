"""`doorward token`."""

import json
import os
import secrets
from pathlib import Path

import click

from doorward.cli.completing import complete_token, complete_user
from doorward.cli.examples import GroupWithExamples, WithExamples
from doorward.cli.expiry import Expiry, ExpiryWord
from doorward.cli.named_state import opened_state
from doorward.cli.options import config_option, json_option, state_option
from doorward.cli.screen import complain
from doorward.cli.user_changes import Told, tell_daemon
from doorward.core.columns import aligned
from doorward.core.errors import ConfigurationError, StateError
from doorward.core.moments import day_utc, iso_utc, minute_utc
from doorward.core.principal import User
from doorward.core.tokens import ShownToken, Token, check_token, lacking_roles, new_token, parse_token
from doorward.stores.tokens import TokenFile

_STATE_HELP = "The state that has them; otherwise $STATE_DIRECTORY, or your own state folder."


@click.group(
    "token",
    cls=GroupWithExamples,
    examples=(
        "TOKEN=$(doorward token new --user alice --summary 'her laptop')",
        "doorward token list",
        "doorward token revoke k3v7q2ab",
    ),
)
def command() -> None:
    """
    Keep the tokens of a state: what a program shows to be somebody, in place of a password.

    After a change a running daemon hears of it at once: what was revoked opens nothing any more, and its
    sessions end.
    """


@command.command(
    "new",
    cls=WithExamples,
    examples=(
        "TOKEN=$(doorward token new --user alice --roles operator)",
        "doorward token new --user alice --expires 2027-01-01 --summary 'backups'",
        "(umask 077; doorward token new --user robot --expires never > token)",
    ),
)
@click.option(
    "--user",
    "name",
    metavar="NAME",
    shell_complete=complete_user,
    help="Whose it is; may be left out where there is only one user.",
)
@click.option(
    "--roles",
    metavar="A,B",
    help="These of the user's roles and no others; '' for none. Otherwise all that the user has at the time.",
)
@click.option(
    "--expires",
    type=ExpiryWord(),
    default="90d",
    show_default=True,
    metavar="WHEN",
    help="After a while (12h, 30d, 8w), on a day (2027-01-01, at its beginning in UTC), or never.",
)
@click.option("--summary", default="", metavar="TEXT", help="What it is for; one line.")
@state_option(_STATE_HELP)
@config_option
@json_option
def new(
    *,
    name: str | None,
    roles: str | None,
    expires: Expiry,
    summary: str,
    state: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """
    Make a token, and show it this once.

    It alone goes to stdout, all other words to stderr. Whoever has it is that user. Nothing that is kept
    would let anybody make it out.

    When the running daemon does not take it, nothing has changed.
    """
    from doorward.cli.token_owners import token_owners
    from doorward.stores.owners import acting_as_owner
    from doorward.stores.state import make_private_folder

    folder = opened_state(state, os.environ)
    owners = token_owners(folder, config, os.environ, was_named=state is not None)
    user = owners.named(name)
    file = TokenFile(folder)
    shown = new_token(secrets.token_bytes)
    now = _now()
    token = Token(
        id=shown.id,
        user=user.name,
        digest=shown.digest,
        roles=_roles(roles, user, str(file.path)),
        expires_at=_end(expires, now),
        summary=summary,
        created_at=now,
    )
    check_token(token, file=str(file.path))
    with acting_as_owner(folder):
        make_private_folder(folder)
    file.add(token, most=owners.most_tokens)
    told = tell_daemon(folder, os.environ, was_named=state is not None)
    if told.refusal:
        file.remove(token.id)
        raise StateError(f"no token is made, as the running daemon refuses it: {told.refusal}")
    _show(token, shown, told, as_json=as_json)


@command.command(
    "list",
    cls=WithExamples,
    examples=(
        "doorward token list",
        "doorward token list --json | jq -r '.[] | select(.expired).id'",
    ),
)
@state_option(_STATE_HELP)
@json_option
def list_tokens(*, state: str | None, as_json: bool) -> None:
    """
    List the tokens of the state.

    What would let anybody use one is not among it.
    """
    file = TokenFile(opened_state(state, os.environ))
    tokens, now = file.load(), _now()
    if as_json:
        click.echo(json.dumps([_members(token, now) for token in tokens], ensure_ascii=False))
        return
    if not tokens:
        complain(f"{file.path} has no tokens")
        return
    rows = [("ID", "USER", "ROLES", "CREATED", "EXPIRES", "SUMMARY")]
    rows += [
        (
            token.id,
            token.user,
            _roles_of(token),
            str(day_utc(token.created_at)),
            _end_of(token, now),
            token.summary,
        )
        for token in tokens
    ]
    click.echo(aligned(rows, indent=""), nl=False)


@command.command("revoke", cls=WithExamples, examples=("doorward token revoke k3v7q2ab",))
@click.argument("token_id", metavar="ID", shell_complete=complete_token)
@state_option(_STATE_HELP)
def revoke(*, token_id: str, state: str | None) -> None:
    """
    Take the token ID out of the state.

    `token list` shows the IDs. What was revoked opens nothing any more, and its sessions end.
    """
    _refuse_secret(token_id)
    file = TokenFile(opened_state(state, os.environ))
    token = file.find(token_id)
    file.remove(token_id)
    click.echo(f"The token {token.id} of {token.user} is revoked.")
    told = tell_daemon(file.path.parent, os.environ, was_named=state is not None)
    if told.is_unheard:
        raise StateError(told.text)
    click.echo(told.text)


def _refuse_secret(word: str) -> None:
    if (shown := parse_token(word)) is not None:
        raise click.UsageError(
            "this is a whole token, which everybody on this machine could read just now; "
            f"revoke it by its ID: doorward token revoke {shown.id}"
        )


def _now() -> int:
    from doorward.config.machine import Machine

    return int(Machine().wall())


def _end(expires: Expiry, now: int) -> int | None:
    end = expires.of(now)
    if end is not None and end <= now:
        raise click.UsageError(f"--expires: {minute_utc(end)} is over")
    return end


def _roles(words: str | None, user: User, file: str) -> frozenset[str] | None:
    if words is None:
        return None
    roles = frozenset(word.strip() for word in words.split(",")) if words else frozenset[str]()
    if lacking := lacking_roles(user, roles):
        raise ConfigurationError(
            f"{user.name} does not have these roles, so no token of theirs can",
            key="tokens.roles",
            file=file,
            expected=", ".join(sorted(user.roles)) or "no roles at all (--roles '')",
            found=", ".join(map(ascii, lacking)),
        )
    return roles


def _show(token: Token, shown: ShownToken, told: Told, *, as_json: bool) -> None:
    """The token alone on stdout, so that `TOKEN=$(...)` gets nothing else."""
    end = "that never expires" if token.expires_at is None else f"until {minute_utc(token.expires_at)}"
    click.echo(f"A token of {token.user} with {_roles_of(token)}, {end}; its ID is {token.id}.", err=True)
    click.echo("It is shown this once:", err=True)
    if as_json:
        members = {"token": shown.text.revealed, **_members(token, token.created_at)}
        click.echo(json.dumps(members, ensure_ascii=False))
    else:
        click.echo(shown.text.revealed)
    if told.is_unheard:
        raise StateError(told.text)
    click.echo(told.text, err=True)


def _roles_of(token: Token) -> str:
    # no role can be called either of these
    if token.roles is None:
        return "all roles"
    return ", ".join(sorted(token.roles)) or "no roles"


def _end_of(token: Token, now: int) -> str:
    if token.expires_at is None:
        return "never"
    return f"{minute_utc(token.expires_at)}{' (expired)' if token.is_expired(now) else ''}"


def _members(token: Token, now: int) -> dict[str, object]:
    return {
        "id": token.id,
        "user": token.user,
        "roles": None if token.roles is None else sorted(token.roles),
        "summary": token.summary,
        "created_at": iso_utc(token.created_at),
        "expires_at": None if token.expires_at is None else iso_utc(token.expires_at),
        "expired": token.is_expired(now),
    }
