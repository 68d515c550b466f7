"""The first user of a daemon that was started without anything: somebody has to be able to log in."""

from dataclasses import dataclass

from doorward.core.principal import ADMIN, User
from doorward.core.secret import Secret
from doorward.stores.passwords import generated_password, hash_password
from doorward.stores.users import UserFile


@dataclass(frozen=True, slots=True)
class FirstUser:
    """
    Who was made.

    Attributes:
        name: `admin`.
        password: to be shown to whoever started the daemon, and then forgotten: it is kept nowhere.
    """

    name: str
    password: Secret


def make_first_user(file: UserFile, *, is_default: bool, is_seen: bool) -> FirstUser | None:
    """
    Make the user `admin` with a random password in a state that has nobody, if that is due.

    Blocks for the 200 ms of a hash when it is; so never on a loop. A daemon that dies before the password is
    shown has its keeper type `doorward user passwd admin`.

    Args:
        file: of the state that this daemon holds.
        is_default: no configuration was found; whoever wrote one says in it who may.
        is_seen: what the daemon shows is read by a person, and not kept in a log.

    Raises:
        DoorwardError: the users cannot be read or written.
    """
    if not is_default or not is_seen or file.load():
        return None
    password = generated_password()
    file.add(User(name=ADMIN, roles=frozenset({ADMIN}), password_hash=hash_password(password)))
    return FirstUser(ADMIN, password)
