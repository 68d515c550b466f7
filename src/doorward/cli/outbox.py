"""The outbox of a state, for the length of one command."""

import asyncio
import logging
import os
import shlex
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from doorward.cli.named_state import opened_state
from doorward.cli.screen import STATUS_FAILED, complain
from doorward.core.errors import ConnectError, StateError, one_line
from doorward.core.mail import QueuedMail, QueuedRecipient, Standing
from doorward.core.moments import iso_utc
from doorward.core.outcome import STATUS_UNAVAILABLE
from doorward.stores.owners import acting_as_owner
from doorward.stores.places import DATABASE_NAME
from doorward.stores.state import make_private_folder, read_doors

if TYPE_CHECKING:
    from doorward.compose.mail_room import MailRoom
    from doorward.core.settings import Settings

_T = TypeVar("_T")

_LOOK_SECONDS = 1.0

STATE_HELP = "The state that has the outbox; otherwise $STATE_DIRECTORY, or your own state folder."


def has_outbox(state: str | None) -> bool:
    """Whether anything was ever queued in the state that `state` names, or in the usual one."""
    return os.path.lexists(opened_state(state, os.environ) / DATABASE_NAME)


def with_outbox(
    state: str | None,
    settings: "Settings",
    work: "Callable[[MailRoom], Awaitable[_T]]",
    *,
    make: bool = False,
) -> _T:
    """
    Have `work` use the outbox of the state that `state` names, or of the usual one; root acts as its owner.

    Args:
        state: as `--state` has it.
        settings: where mail goes, and the limits of the outbox.
        work: gets it open.
        make: make the folder of the state where it is missing.

    Raises:
        StateError, TrustError: it cannot be used.
    """
    from doorward.compose.mail_room import open_mail_room
    from doorward.stores.clock import SystemClock

    # the command itself says what came of it
    logging.getLogger("doorward.mail").addHandler(logging.NullHandler())
    folder = opened_state(state, os.environ)

    async def run() -> _T:
        clock = SystemClock(asyncio.get_running_loop())
        room = await open_mail_room(folder, settings, clock)
        try:
            return await work(room)
        finally:
            await room.close()

    with acting_as_owner(folder):
        if make:
            make_private_folder(folder)
        return asyncio.run(run())


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """
    What became of a message.

    Attributes:
        number: in the queue.
        to: its recipients but those who had it before.
        left: the message as it stands in the queue; None when all of them got it.
        trouble: why the server could not be reached; None when it was, or was not tried.
        is_daemons: a daemon runs that delivers what is left.
    """

    number: int
    to: tuple[str, ...]
    left: QueuedMail | None
    trouble: ConnectError | None = None
    is_daemons: bool = False


async def send_now(room: "MailRoom", numbers: Sequence[int], *, has_daemon: bool) -> list[Sent]:
    """
    Try what is due, the messages `numbers` among it.

    Raises:
        StateError: the outbox cannot be used.
    """
    before = [await room.queue.find(number) for number in numbers]
    deliverer = await room.deliverer()
    await deliverer.deliver_due()
    sent: list[Sent] = []
    for found in before:
        if found is None:
            continue
        queued, _ = found
        after = await room.queue.find(queued.number)
        sent.append(
            Sent(
                number=queued.number,
                to=tuple(
                    each.address for each in queued.recipients if each.standing is not Standing.DELIVERED
                ),
                left=None if after is None else after[0],
                trouble=deliverer.trouble,
                is_daemons=has_daemon,
            )
        )
    return sent


def given_options(state: str | None, config: Path | None) -> str:
    """The options that were given, for a command that is to be typed next: ` --state DIR`, or nothing."""
    given = (("--state", state), ("--config", config))
    return "".join(f" {option} {shlex.quote(str(value))}" for option, value in given if value is not None)


def report(sent: Sent, *, given: str = "") -> int:
    """
    Say what became of a message; returns the exit status.

    Args:
        sent: the message.
        given: what `given_options` says.
    """
    number, left = sent.number, sent.left
    if left is None:
        click.echo(f"Message {number} is delivered to {', '.join(map(one_line, sent.to))}.")
    elif _is_others(sent):
        click.echo(f"Message {number} is queued" + ("; the daemon delivers it." if sent.is_daemons else "."))
    else:
        tried = [each for each in left.recipients if each.address in sent.to]
        for (standing, answer), group in _grouped(tried).items():
            _report_group(
                number, ", ".join(group), standing, answer or str(sent.trouble or "it was not tried")
            )
    status = status_of(sent)
    if status == STATUS_UNAVAILABLE:
        complain(
            f"message {number} is kept: `doorward serve{given}` with this state tries it again by itself, "
            f"and `doorward mail queue retry{given} {number}` now"
        )
    return status


def status_of(sent: Sent) -> int:
    """The exit status: of a refusal, of one that waits and that nobody will try again, or 0."""
    if sent.left is None or _is_others(sent):
        return 0
    if any(each.standing is Standing.DEAD for each in sent.left.recipients):
        return STATUS_FAILED
    return 0 if sent.is_daemons else STATUS_UNAVAILABLE


def _is_others(sent: Sent) -> bool:
    """Whether somebody else sends it now, or will."""
    left = sent.left
    if left is None:
        return False
    return left.is_claimed or (sent.is_daemons and not any(each.attempts for each in left.recipients))


def _grouped(recipients: Sequence[QueuedRecipient]) -> dict[tuple[Standing, str], list[str]]:
    groups: dict[tuple[Standing, str], list[str]] = {}
    for each in recipients:
        groups.setdefault((each.standing, each.answer), []).append(each.address)
    return groups


def _report_group(number: int, addresses: str, standing: Standing, answer: str) -> None:
    match standing:
        case Standing.DELIVERED:
            click.echo(one_line(f"Message {number} is delivered to {addresses}: {answer}"))
        case Standing.DEAD:
            complain(f"message {number} to {addresses} is given up: {answer}")
        case Standing.WAITING:
            complain(f"message {number} to {addresses} waits: {answer}")


def has_daemon(state: str | None) -> bool:
    """Whether a daemon answers at an address that it wrote into the state."""
    folder = opened_state(state, os.environ)
    try:
        with acting_as_owner(folder):
            doors = read_doors(folder)
            urls = [f"{name}://{address}" for name in ("unix", "tcp") for address in doors.get(name, ())]
            return any(map(_answers, urls))
    except (StateError, OSError):
        return False


def _answers(url: str) -> bool:
    from doorward.clients._connecting import connect
    from doorward.clients._endpoints import parse_endpoint

    try:
        connect(parse_endpoint(url), within_seconds=_LOOK_SECONDS).close()
    except (ConnectError, OSError):
        return False
    return True


def members_of(mail: QueuedMail) -> dict[str, Any]:
    """What is told of a message in JSON."""
    return {
        "number": mail.number,
        "message_id": mail.message_id,
        "sender": mail.sender,
        "size_bytes": mail.size_bytes,
        "queued_at": iso_utc(mail.queued_at),
        "state": state_of(mail),
        "recipients": [
            {
                "address": each.address,
                "standing": each.standing.value,
                "attempts": each.attempts,
                "next_try_at": None if each.next_try_at is None else iso_utc(each.next_try_at),
                "answer": each.answer,
            }
            for each in mail.recipients
        ],
    }


def state_of(mail: QueuedMail) -> str:
    """`sending`, `waiting` or `dead`: a dead letter is one that nothing more happens to by itself."""
    if mail.is_claimed:
        return "sending"
    return "dead" if mail.is_dead else "waiting"
