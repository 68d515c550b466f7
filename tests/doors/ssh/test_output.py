"""What is told in words over SSH, beside the exit status."""

from doorward.core.outcome import Outcome, OutcomeKind
from doorward.doors.ssh.output import remarks


def test_a_command_that_is_not_known_is_told_with_what_lists_them_there() -> None:
    assert remarks(Outcome(OutcomeKind.UNKNOWN)) == ["there is no such command; `help` lists them"]
