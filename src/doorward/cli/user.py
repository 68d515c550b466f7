"""`doorward user`."""

import json
import os
from pathlib import Path

import click

from doorward.cli.completing import complete_user
from doorward.cli.examples import GroupWithExamples, WithExamples
from doorward.cli.options import Uid, config_option, json_option, state_option
from doorward.cli.passwords import generated_password, new_password
from doorward.cli.screen import aligned, complain
from doorward.cli.user_changes import StateUsers, Told, opened_users, refuse_configured, tell_daemon
from doorward.core.errors import StateError
from doorward.core.principal import User
from doorward.core.secret import Secret

_STATE_HELP = "The state that has them; otherwise $STATE_DIRECTORY, or your own state folder."

_password_option = click.option(
    "--password-file",
    type=click.Path(readable=False, path_type=Path, allow_dash=True),
    metavar="FILE",
    help="The first line is the password; - is stdin. Otherwise it is asked for twice.",
)
_generate_option = click.option("--generate", is_flag=True, help="Make up a password, and show it once.")


@click.group(
    "user",
    cls=GroupWithExamples,
    examples=(
        "doorward user add alice --uid 1000 --role operator --no-password",
        "doorward user passwd alice --generate",
        "doorward user remove alice --state .doorward",
        "doorward user list --json",
    ),
)
def command() -> None:
    """
    Keep the users of a state: those that stand in no configuration.

    After a change a running daemon hears of it at once: sessions of a removed user, and of one whose password
    changed, end.
    """


@command.command(
    "add",
    cls=WithExamples,
    examples=(
        "doorward user add alice --uid 1000 --role operator --no-password",
        'doorward user add bob --uid "$(id -u bob)" --generate',
    ),
)
@click.argument("name")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role; may stand several times.")
@click.option("--uid", type=Uid(), metavar="UID", help="The system user who is NAME at the unix door.")
@_password_option
@_generate_option
@click.option("--no-password", is_flag=True, help="NAME cannot log in with a password.")
@state_option(_STATE_HELP)
@config_option
def add(
    *,
    name: str,
    roles: tuple[str, ...],
    uid: int | None,
    password_file: Path | None,
    generate: bool,
    no_password: bool,
    state: str | None,
    config: Path | None,
) -> None:
    """
    Add the user NAME. The role admin may do everything.

    No door of this version takes a password: a user comes in by the unix door, and needs --uid for it.

    A name or uid that the running daemon's configuration has, or that of --config, is refused. When the
    daemon does not take the new user all the same, nothing has changed.
    """
    from doorward.core.users import check_user
    from doorward.stores.state import make_private_folder

    if no_password and (generate or password_file is not None):
        raise click.UsageError("--no-password goes with no other option of a password")
    file = opened_users(state, os.environ)
    user = User(name=name, roles=frozenset(roles), uid=uid)
    # what cannot be a user is told before a password is asked for
    check_user(user, file=str(file.path))
    refuse_configured(user, config, os.environ, file)
    password = None if no_password else _password(password_file, generate=generate)
    stored = _with_password(user, password)
    make_private_folder(file.path.parent)
    file.add(stored)
    told = tell_daemon(file.path.parent, os.environ, was_named=state is not None)
    if told.refusal:
        file.remove(name)
        raise StateError(f"{name} is not added, as the running daemon refuses it: {told.refusal}")
    click.echo(f"{name} is added to {file.path}.")
    if uid is None:
        click.echo(
            f"{name} can come in by no door yet: none of this version takes a password. Give --uid: "
            f"`doorward user remove {name}`, then add it with one."
        )
    _show(told, password if generate else None)


@command.command(
    "passwd",
    cls=WithExamples,
    examples=(
        "doorward user passwd alice",
        "doorward user passwd alice --generate",
    ),
)
@click.argument("name", shell_complete=complete_user)
@_password_option
@_generate_option
@state_option(_STATE_HELP)
def passwd(*, name: str, password_file: Path | None, generate: bool, state: str | None) -> None:
    """Give the user NAME another password."""
    from doorward.stores.passwords import hash_password

    file = opened_users(state, os.environ)
    file.expect(name)
    password = _password(password_file, generate=generate)
    file.set_password(name, hash_password(password))
    click.echo(f"{name} has a new password; no door of this version takes one yet.")
    _show(_told(state, file), password if generate else None)


@command.command("remove", cls=WithExamples, examples=("doorward user remove alice",))
@click.argument("name", shell_complete=complete_user)
@state_option(_STATE_HELP)
def remove(*, name: str, state: str | None) -> None:
    """Remove the user NAME."""
    file = opened_users(state, os.environ)
    file.expect(name)
    file.remove(name)
    click.echo(f"{name} is removed from {file.path}.")
    _show(_told(state, file), None)


@command.command("list", cls=WithExamples, examples=("doorward user list --json | jq -r '.[].name'",))
@state_option(_STATE_HELP)
@json_option
def list_users(*, state: str | None, as_json: bool) -> None:
    """List the users of the state; those of the configuration stand there."""
    file = opened_users(state, os.environ)
    users = file.load()
    if as_json:
        click.echo(json.dumps([_members(user) for user in users], ensure_ascii=False))
        return
    if not users:
        complain(f"{file.path} has no users")
        return
    rows = [("NAME", "ROLES", "UID", "LOGIN")]
    rows += [
        (user.name, ", ".join(sorted(user.roles)), "" if user.uid is None else str(user.uid), _logins(user))
        for user in users
    ]
    click.echo(aligned(rows, indent=""), nl=False)
    without = [user.name for user in users if user.uid is None]
    if without:
        complain(
            f"no door of this version takes a password, so these cannot come in yet: {', '.join(without)}"
        )


def _password(file: Path | None, *, generate: bool) -> Secret:
    if generate and file is not None:
        raise click.UsageError("--generate goes with no --password-file")
    return generated_password() if generate else new_password(file, otherwise="--password-file or --generate")


def _with_password(user: User, password: Secret | None) -> User:
    from dataclasses import replace

    from doorward.stores.passwords import hash_password

    return user if password is None else replace(user, password_hash=hash_password(password))


def _told(state: str | None, file: StateUsers) -> Told:
    return tell_daemon(file.path.parent, os.environ, was_named=state is not None)


def _show(told: Told, generated: Secret | None) -> None:
    """Say the password that was made up, and what the daemon makes of it."""
    if generated is not None:
        click.echo(f"The password, shown this once: {generated.revealed}")
    if told.is_unheard:
        raise StateError(told.text)
    click.echo(told.text)


def _logins(user: User) -> str:
    ways = ["password"] if user.password_hash is not None else []
    ways += [f"{len(user.keys)} keys"] if user.keys else []
    ways += ["uid"] if user.uid is not None else []
    return ", ".join(ways) or "none"


def _members(user: User) -> dict[str, object]:
    return {
        "name": user.name,
        "roles": sorted(user.roles),
        "uid": user.uid,
        "password": user.password_hash is not None,
        "keys": len(user.keys),
    }
