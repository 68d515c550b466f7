"""Conditions of requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.doors.web.files.conditions import Validators, Verdict, judge, may_be_in_part

TAG = '"a-1"'
AT = "Thu, 26 Nov 2026 12:00:00 GMT"
BEFORE = "Thu, 26 Nov 2026 11:59:59 GMT"
AFTER = "Thu, 26 Nov 2026 12:00:01 GMT"
FILE = Validators(TAG, 1795694400)


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({}, Verdict.SEND),
        ({"If-None-Match": TAG}, Verdict.NOT_MODIFIED),
        ({"If-None-Match": f"W/{TAG}"}, Verdict.NOT_MODIFIED),
        ({"If-None-Match": f'"b", {TAG}'}, Verdict.NOT_MODIFIED),
        ({"If-None-Match": "*"}, Verdict.NOT_MODIFIED),
        ({"If-None-Match": '"b"'}, Verdict.SEND),
        ({"If-None-Match": '"b"', "If-Modified-Since": AFTER}, Verdict.SEND),
        ({"If-None-Match": TAG.strip('"')}, Verdict.SEND),
        ({"If-Modified-Since": AT}, Verdict.NOT_MODIFIED),
        ({"If-Modified-Since": AFTER}, Verdict.NOT_MODIFIED),
        ({"If-Modified-Since": BEFORE}, Verdict.SEND),
        ({"If-Modified-Since": "yesterday"}, Verdict.SEND),
        ({"If-Match": TAG}, Verdict.SEND),
        ({"If-Match": "*"}, Verdict.SEND),
        ({"If-Match": f"W/{TAG}"}, Verdict.FAILED),
        ({"If-Match": '"b"'}, Verdict.FAILED),
        ({"If-Unmodified-Since": BEFORE}, Verdict.FAILED),
        ({"If-Unmodified-Since": AT}, Verdict.SEND),
        ({"If-Match": TAG, "If-Unmodified-Since": BEFORE}, Verdict.SEND),
        ({"If-Match": TAG, "If-None-Match": TAG}, Verdict.NOT_MODIFIED),
    ],
)
def test_conditions_are_judged_in_their_order(headers: dict[str, str], verdict: Verdict) -> None:
    assert judge(headers, FILE) is verdict


@pytest.mark.parametrize(
    ("if_range", "may"),
    [
        (None, True),
        (TAG, True),
        (f"W/{TAG}", False),
        ('"b"', False),
        (AT, True),
        (AFTER, False),
        ("?", False),
    ],
)
def test_a_part_is_sent_of_the_very_same_file(if_range: str | None, *, may: bool) -> None:
    assert may_be_in_part(if_range, FILE) is may


@given(st.dictionaries(st.sampled_from(["If-Match", "If-None-Match", "If-Modified-Since"]), st.text()))
def test_whatever_stands_there_is_judged(headers: dict[str, str]) -> None:
    assert judge(headers, FILE) in Verdict
