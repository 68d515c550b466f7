"""Who reads what is printed."""

import os

import pytest

from doorward.cli.screen import goes_to_the_journal


def test_the_journal_keeps_what_is_printed_only_where_stdout_is_its_own() -> None:
    facts = os.fstat(1)
    assert goes_to_the_journal({"JOURNAL_STREAM": f"{facts.st_dev}:{facts.st_ino}"})
    # set for a service of which this process is a part, while its own output goes elsewhere
    assert not goes_to_the_journal({"JOURNAL_STREAM": "1:1"})


@pytest.mark.parametrize("environment", [{}, {"JOURNAL_STREAM": ""}])
def test_without_a_journal_nothing_goes_to_it(environment: dict[str, str]) -> None:
    assert not goes_to_the_journal(environment)
