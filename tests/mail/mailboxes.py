"""Mailboxes that a real mail server writes: files in the format of mbox(5)."""

import time
from dataclasses import dataclass
from pathlib import Path

ARRIVAL_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Mailboxes:
    """
    A folder of them.

    Attributes:
        folder: one file a person.
    """

    folder: Path

    def text(self, name: str) -> str:
        """All that stands in the mailbox of `name`; nothing where there is none."""
        try:
            return (self.folder / name).read_text()
        except FileNotFoundError:
            return ""

    def await_message(self, name: str, message_id: str) -> str:
        """The mailbox of `name`, once a message with this ID is in it."""
        deadline = time.monotonic() + ARRIVAL_SECONDS
        while f"\nMessage-ID: {message_id}\n" not in (text := self.text(name)):
            assert time.monotonic() < deadline, f"{message_id} did not come to {name}: {text}"
            time.sleep(0.05)
        return text


def senders_in(text: str) -> list[str]:
    """The envelope senders of the messages of a mailbox."""
    return [line.split()[1] for line in text.splitlines() if line.startswith("From ")]
