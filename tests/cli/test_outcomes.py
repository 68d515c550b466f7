"""What `doorward ask` says of an end that the peer did not explain."""

import pytest

from doorward.cli.outcomes import report
from doorward.clients._asking import Reply
from doorward.core.outcome import Outcome, OutcomeKind


def test_a_command_that_is_not_known_is_told_with_what_lists_them_in_a_shell(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert report(Reply(outcome=Outcome(OutcomeKind.UNKNOWN))) == 127
    assert capsys.readouterr().err == "doorward: there is no such command; `doorward ask help` lists them\n"


def test_a_reason_of_the_peer_goes_before_ours(capsys: pytest.CaptureFixture[str]) -> None:
    report(Reply(outcome=Outcome(OutcomeKind.UNKNOWN, reason="no {help_words} here")))
    assert capsys.readouterr().err == "doorward: no {help_words} here\n"
