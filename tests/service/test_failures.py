"""What the log says of an error in what others wrote."""

import logging

import pytest

from doorward.core.errors import StateError
from doorward.service.failures import explanation, log_failure


def fails(depth: int = 0) -> None:
    if depth:
        fails(depth - 1)
    try:
        raise KeyError("first")
    except KeyError as error:
        raise ValueError("second") from error


def test_an_explanation_names_each_error_its_cause_first_and_where_they_arose() -> None:
    with pytest.raises(ValueError, match="second") as caught:
        fails()
    lines = explanation(caught.value).splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        "Traceback (most recent call last):",
        "KeyError: 'first'",
        "Traceback (most recent call last):",
        "ValueError: second",
    ]
    assert f'  File "{__file__}", line 17, in fails' in lines


def test_an_explanation_has_an_end_however_deep_the_error_lies() -> None:
    with pytest.raises(ValueError, match="second") as caught:
        fails(500)
    assert len(explanation(caught.value).splitlines()) < 100
    error = ValueError("itself")
    error.__cause__ = KeyError("other")
    error.__cause__.__cause__ = error
    assert explanation(error).count("ValueError") == 1


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_an_error_without_a_text_is_named() -> None:
    assert explanation(Mute()).splitlines()[-1] == "Mute: (its text cannot be made)"


def test_the_reference_stands_with_the_explanation(caplog: pytest.LogCaptureFixture) -> None:
    raised = log_failure(logging.getLogger("any"), "it", ValueError("why"))
    assert f"it failed, reference {raised.reference}" in caplog.text
    assert "ValueError: why" in vars(caplog.records[-1])["exception"]


def test_an_error_that_was_raised_on_purpose_is_one_line_and_says_where_to_whoever_debugs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    raised = log_failure(logging.getLogger("any"), "it", StateError("the disk is full"))
    told, where = caplog.records
    assert told.getMessage() == f"it failed, reference {raised.reference}: the disk is full"
    assert "exception" not in vars(told)
    assert where.levelno == logging.DEBUG
    assert "StateError: the disk is full" in vars(where)["exception"]
