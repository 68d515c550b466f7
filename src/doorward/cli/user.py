"""`doorward user`."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from doorward.cli.completing import complete_user
from doorward.cli.examples import GroupWithExamples, WithExamples
from doorward.cli.options import Uid, config_option, json_option, new_password_file_option, state_option
from doorward.cli.passwords import new_password
from doorward.cli.screen import complain
from doorward.cli.user_changes import (
    Told,
    expected_user,
    opened_users,
    other_login_line,
    refuse_configured,
    refuse_stored,
    tell_daemon,
)
from doorward.core.certificates import Certificate, fingerprint_of
from doorward.core.columns import aligned
from doorward.core.errors import StateError
from doorward.core.principal import User
from doorward.core.secret import Secret
from doorward.stores.users import UserFile

_NO_LOGIN = "none"
_STATE_HELP = "The state that has them; otherwise $STATE_DIRECTORY, or your own state folder."

_no_password_option = click.option("--no-password", is_flag=True, help="NAME cannot log in with a password.")
_uid_option = click.option(
    "--uid", type=Uid(), metavar="UID", help="The system user who is NAME at the unix door."
)
_CERTIFICATE = click.Path(readable=False, path_type=Path, allow_dash=True)
_generate_option = click.option("--generate", is_flag=True, help="Make up a password, and show it once.")


@click.group(
    "user",
    cls=GroupWithExamples,
    examples=(
        "doorward user add alice --role operator",
        "doorward user passwd alice --generate",
        "doorward user certificate alice alice.pem",
        "doorward user change alice --role operator --uid 1000",
        "doorward user remove alice --state .doorward",
        "doorward user list --json",
    ),
)
def command() -> None:
    """
    Keep the users of a state: those that stand in no configuration.

    A user logs in with a password at the tls, the web and the ssh door, with a certificate at the tls door,
    with a token at the web door, with a key at the ssh door, and at the unix door by the uid.

    After a change a running daemon hears of it at once: the sessions of whoever was removed or changed end.
    """


@command.command(
    "add",
    cls=WithExamples,
    examples=(
        "doorward user add alice --role operator",
        'doorward user add bob --uid "$(id -u bob)" --no-password',
        "doorward user add robot --certificate robot.pem --no-password",
    ),
)
@click.argument("name")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role; may stand several times.")
@_uid_option
@click.option(
    "--certificate", type=_CERTIFICATE, metavar="FILE", help="NAME's certificate in PEM; - is stdin."
)
@new_password_file_option
@_generate_option
@_no_password_option
@state_option(_STATE_HELP)
@config_option
def add(
    *,
    name: str,
    roles: tuple[str, ...],
    uid: int | None,
    certificate: Path | None,
    password_file: Path | None,
    generate: bool,
    no_password: bool,
    state: str | None,
    config: Path | None,
) -> None:
    """
    Add the user NAME. The role admin may do everything.

    A password is asked for, unless an option says where it comes from or that there is none.

    A name, uid or certificate that the running daemon's configuration has, or that of --config, is refused.
    When the daemon does not take the new user all the same, nothing has changed.
    """
    from doorward.cli.certificates import user_certificate
    from doorward.core.users import check_user
    from doorward.stores.owners import acting_as_owner
    from doorward.stores.state import make_private_folder

    _check_options(password_file, generate=generate, no_password=no_password)
    file = opened_users(state, os.environ)
    shown = user_certificate(certificate) if certificate is not None else None
    user = User(
        name=name, roles=frozenset(roles), uid=uid, certificate=shown.der if shown is not None else None
    )
    # what cannot be a user is told before a password is asked for
    check_user(user, file=str(file.path))
    refuse_stored(user, file)
    was_compared = refuse_configured(user, config, os.environ, file)
    password = None if no_password else _password(password_file, generate=generate)
    stored = _with_password(user, password)
    with acting_as_owner(file.path.parent):
        make_private_folder(file.path.parent)
    before = file.load()
    file.add(stored)
    told = tell_daemon(file.path.parent, os.environ, was_named=state is not None)
    if told.refusal:
        file.remove(name)
        raise StateError(f"{name} is not added, as the running daemon refuses it: {told.refusal}")
    click.echo(f"{name} is added to {file.path}.")
    if shown is not None:
        click.echo(_certificate_line(shown))
    if password is None and shown is None and uid is None:
        click.echo(f"{name} can log in with nothing yet: see user passwd, keys, certificate and change.")
    _tell_of_the_line(before, file)
    if not was_compared and config is not None:
        click.echo(f"{config} has faults and was not compared; `doorward check` tells them.")
    elif not was_compared:
        click.echo("No configuration was compared; `doorward check` does that with both, before a start.")
    _show(told, password if generate else None)


@command.command(
    "passwd",
    cls=WithExamples,
    examples=(
        "doorward user passwd alice",
        "doorward user passwd alice --generate",
        "doorward user passwd alice --no-password",
    ),
)
@click.argument("name", shell_complete=complete_user)
@new_password_file_option
@_generate_option
@_no_password_option
@state_option(_STATE_HELP)
def passwd(
    *, name: str, password_file: Path | None, generate: bool, no_password: bool, state: str | None
) -> None:
    """
    Give the user NAME another password, or none.

    The old one is not asked for: whoever may write the state may do that.
    """
    from doorward.stores.passwords import hash_password

    _check_options(password_file, generate=generate, no_password=no_password)
    file = opened_users(state, os.environ)
    expected_user(name, None, os.environ, file)
    password = None if no_password else _password(password_file, generate=generate)
    password_hash = None if password is None else hash_password(password)
    before = file.load()
    file.change(name, lambda user: replace(user, password_hash=password_hash))
    click.echo(f"{name} has a new password." if password is not None else f"{name} has no password any more.")
    _tell_of_the_line(before, file)
    _show(_told(state, file), password if generate else None)


@command.command(
    "certificate",
    cls=WithExamples,
    examples=(
        "doorward user certificate alice alice.pem",
        "doorward user certificate alice --none",
    ),
)
@click.argument("name", shell_complete=complete_user)
@click.argument("file", required=False, type=_CERTIFICATE, metavar="[FILE]")
@click.option("--none", "is_none", is_flag=True, help="NAME cannot log in with a certificate any more.")
@state_option(_STATE_HELP)
@config_option
def certificate(
    *, name: str, file: Path | None, is_none: bool, state: str | None, config: Path | None
) -> None:
    """
    Give the user NAME the certificate in FILE, or none: whoever has its key is NAME at the tls door.

    FILE holds one certificate in PEM and no key; - is stdin. Compare the fingerprint with NAME's own.
    """
    from doorward.cli.certificates import user_certificate

    if (file is None) != is_none:
        raise click.UsageError("give either FILE or --none")
    users = opened_users(state, os.environ)
    expected_user(name, config, os.environ, users)
    shown = user_certificate(file) if file is not None else None
    der = shown.der if shown is not None else None
    _change(users, name, lambda user: replace(user, certificate=der), config)
    click.echo(_certificate_line(shown) if shown is not None else f"{name} has no certificate any more.")
    _show(_told(state, users), None)


@command.command(
    "keys",
    cls=WithExamples,
    examples=(
        "doorward user keys alice id_ed25519.pub",
        "ssh-add -L | doorward user keys alice -",
        "doorward user keys alice --none",
    ),
)
@click.argument("name", shell_complete=complete_user)
@click.argument("file", required=False, type=_CERTIFICATE, metavar="[FILE]")
@click.option("--none", "is_none", is_flag=True, help="NAME cannot log in with a key any more.")
@state_option(_STATE_HELP)
@config_option
def keys(*, name: str, file: Path | None, is_none: bool, state: str | None, config: Path | None) -> None:
    """
    Give the user NAME the public keys in FILE and no others, or none: they let NAME in at the ssh door.

    FILE holds a key a line, without options; - is stdin. Compare the fingerprints with NAME's own.
    """
    from doorward.cli.public_keys import public_keys
    from doorward.core.authorized_keys import key_of
    from doorward.core.keys import fingerprint_of as fingerprint_of_key

    if (file is None) != is_none:
        raise click.UsageError("give either FILE or --none")
    users = opened_users(state, os.environ)
    expected_user(name, config, os.environ, users)
    lines = public_keys(file) if file is not None else ()
    _change(users, name, lambda user: replace(user, keys=lines), config)
    for line in lines:
        click.echo(
            f"A key: {fingerprint_of_key(key_of(line).blob)} {' '.join(line.split(None, 2)[2:])}".rstrip()
        )
    if not lines:
        click.echo(f"{name} has no key any more.")
    _show(_told(state, users), None)


@command.command(
    "change",
    cls=WithExamples,
    examples=(
        "doorward user change alice --role operator --role backup",
        "doorward user change alice --uid 1000",
        "doorward user change alice --no-role --no-uid",
    ),
)
@click.argument("name", shell_complete=complete_user)
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="These roles and no others.")
@click.option("--no-role", is_flag=True, help="No role at all.")
@_uid_option
@click.option("--no-uid", is_flag=True, help="No system user is NAME any more.")
@state_option(_STATE_HELP)
@config_option
def change(
    *,
    name: str,
    roles: tuple[str, ...],
    no_role: bool,
    uid: int | None,
    no_uid: bool,
    state: str | None,
    config: Path | None,
) -> None:
    """Give the user NAME other roles, or another uid; what is not named stays."""
    if (roles and no_role) or (uid is not None and no_uid):
        raise click.UsageError("an option and its contrary do not go together")
    if not (roles or no_role or uid is not None or no_uid):
        raise click.UsageError("say what is to change: --role, --no-role, --uid or --no-uid")

    def edited(user: User) -> User:
        return replace(
            user,
            roles=frozenset(roles) if roles or no_role else user.roles,
            uid=uid if uid is not None or no_uid else user.uid,
        )

    users = opened_users(state, os.environ)
    changed = _change(users, name, edited, config)
    click.echo(f"{name} has {_roles_and_uid(changed)}.")
    _show(_told(state, users), None)


@command.command("remove", cls=WithExamples, examples=("doorward user remove alice",))
@click.argument("name", shell_complete=complete_user)
@state_option(_STATE_HELP)
def remove(*, name: str, state: str | None) -> None:
    """Remove the user NAME, and the tokens of that name."""
    from doorward.stores.tokens import TokenFile

    file = opened_users(state, os.environ)
    expected_user(name, None, os.environ, file)
    before = file.load()
    # first, so that none is left for whoever gets that name next
    revoked = TokenFile(file.path.parent).remove_of(name)
    file.remove(name)
    click.echo(f"{name} is removed from {file.path}.")
    if revoked:
        click.echo(f"Revoked: {', '.join(f'the token {token.id}' for token in revoked)}.")
    _tell_of_the_line(before, file)
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
    without = [user.name for user in users if _logins(user) == _NO_LOGIN]
    if without:
        complain(f"these can log in with nothing: {', '.join(without)}")


def _check_options(password_file: Path | None, *, generate: bool, no_password: bool) -> None:
    if no_password and (generate or password_file is not None):
        raise click.UsageError("--no-password goes with no other option of a password")


def _change(users: UserFile, name: str, edit: Callable[[User], User], config: Path | None) -> User:
    """Put what `edit` makes of the user in their place, unless the configuration has somebody like that."""
    refuse_configured(edit(expected_user(name, config, os.environ, users)), config, os.environ, users)
    users.change(name, edit)
    return users.find(name)


def _certificate_line(certificate: Certificate) -> str:
    from doorward.config.machine import Machine

    flaw = certificate.flaw_at(Machine().wall())
    return f"The certificate: {certificate}.{f' Nobody can log in with it: {flaw}.' if flaw else ''}"


def _roles_and_uid(user: User) -> str:
    roles = f"the roles {', '.join(sorted(user.roles))}" if user.roles else "no roles"
    return f"{roles}, and {'no uid' if user.uid is None else f'the uid {user.uid}'}"


def _password(file: Path | None, *, generate: bool) -> Secret:
    from doorward.stores.passwords import generated_password

    if generate and file is not None:
        raise click.UsageError("--generate goes with no --password-file")
    return generated_password() if generate else new_password(file, otherwise="--password-file or --generate")


def _with_password(user: User, password: Secret | None) -> User:
    from doorward.stores.passwords import hash_password

    return user if password is None else replace(user, password_hash=hash_password(password))


def _tell_of_the_line(before: tuple[User, ...], file: UserFile) -> None:
    if said := other_login_line(before, file.load(), file.path.parent, os.environ):
        click.echo(said)


def _told(state: str | None, file: UserFile) -> Told:
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
    ways += ["key"] if user.keys else []
    ways += ["certificate"] if user.certificate is not None else []
    ways += ["uid"] if user.uid is not None else []
    return ", ".join(ways) or _NO_LOGIN


def _members(user: User) -> dict[str, object]:
    return {
        "name": user.name,
        "roles": sorted(user.roles),
        "uid": user.uid,
        "password": user.password_hash is not None,
        "keys": len(user.keys),
        "certificate": None if user.certificate is None else fingerprint_of(user.certificate),
    }
