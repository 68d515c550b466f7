"""The same in both languages: what is filled in, and values in words."""

import re
from dataclasses import fields

import pytest

from doorward.core.outcome import LEFT, SUCCESS, Outcome, OutcomeKind
from doorward.doors.web.pages.english import ENGLISH
from doorward.doors.web.pages.french import FRENCH
from doorward.doors.web.pages.rendering import TEXTS
from doorward.doors.web.pages.texts import Texts
from doorward.doors.web.pages.wording import duration, moment, outcome_words, size


def test_both_languages_say_everything_and_fill_in_the_same() -> None:
    for field in fields(Texts):
        english, french = getattr(ENGLISH, field.name), getattr(FRENCH, field.name)
        if isinstance(english, str):
            assert english
            assert french
            filled = [sorted(re.findall(r"\{(\w+)\}", text)) for text in (english, french)]
            assert filled[0] == filled[1], field.name
    assert set(ENGLISH.errors) == set(FRENCH.errors)
    assert set(ENGLISH.api_places) == set(FRENCH.api_places) == {"path", "query", "header", "body"}
    assert {texts.language for texts in TEXTS.values()} == {language.value for language in TEXTS}


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0.0 s"), (59.94, "59.9 s"), (192, "3 min 12 s"), (7500.5, "2 h 5 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(ENGLISH, seconds) == words
    assert duration(FRENCH, seconds) == words.replace(".", ",")


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (252 * 2**30, "252 GiB")],
)
def test_sizes(size_bytes: int, words: str) -> None:
    assert size(ENGLISH, size_bytes) == words


def test_a_moment_is_in_utc() -> None:
    assert moment("2026-11-26T21:39:12.345+00:00") == "2026-11-26 21:39:12 UTC"


@pytest.mark.parametrize(
    ("outcome", "english", "french"),
    [
        (SUCCESS, "Done", "Terminée"),
        (Outcome(OutcomeKind.EXITED, status=3), "Exit status 3", "Code de sortie 3"),
        (Outcome(OutcomeKind.SIGNALLED, signal=9), "Killed by signal 9", "Tuée par le signal 9"),
        (Outcome(OutcomeKind.TIMED_OUT, after_seconds=60.0), "Stopped after 60 s", "Arrêtée après 60 s"),
        (Outcome(OutcomeKind.CANCELLED), "Cancelled", "Annulée"),
        (LEFT, "Cancelled: it goes on for others", "Annulée : elle continue pour d’autres"),  # noqa: RUF001
        (Outcome(OutcomeKind.UNKILLABLE), "Could not be killed", "N’a pas pu être tuée"),  # noqa: RUF001
        (Outcome(OutcomeKind.FAILED, reason="no such file"), "Failed: no such file", "Échec : no such file"),
        (
            Outcome(OutcomeKind.EXITED, cut_at_bytes=2**20),
            "Done, output cut at 1 MiB",
            "Terminée, sortie coupée à 1 MiB",
        ),
    ],
)
def test_endings_in_words(outcome: Outcome, english: str, french: str) -> None:
    assert outcome_words(ENGLISH, outcome) == english
    assert outcome_words(FRENCH, outcome) == french
