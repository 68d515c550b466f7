import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.settings import Language
from doorward.lines.phrases import PHRASES, UH, uh


def test_every_language_says_every_phrase_in_one_line() -> None:
    for language in Language:
        phrases = PHRASES[language]
        for phrase in (phrases.greeting, phrases.password, phrases.not_understood):
            assert phrase.endswith(b"\n")
            assert phrase.count(b"\n") == 1
            assert phrase.decode().strip()


def test_the_phrases_are_those_that_users_rely_on() -> None:
    french = PHRASES[Language.FRENCH]
    assert french.greeting.decode() == "Que puis-je faire pour vous ?\n"
    assert french.password.decode() == "Le mot de passe ?\n"
    assert french.not_understood.decode() == "Je n'ai rien compris.\n"


hostile = st.text(
    alphabet=st.sampled_from("a \n\r\v\f\0\x1b\x07\x08\x7f\x85\x9b\xa0\u2028\u2029\u202e\x1c\x1e\ud800é\\")
)


@given(st.one_of(st.text(), hostile))
def test_a_reason_stays_one_printable_line(reason: str) -> None:
    said = uh(reason).decode("utf-8")
    assert said.endswith("\n")
    assert len(said.splitlines()) == 1
    assert said[:-1].isprintable()
    assert said.startswith("Uh?")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("count: expected an integer", b"Uh? count: expected an integer\n"),
        ("a\nexit status 0", b"Uh? a exit status 0\n"),
        ("a\x1b[2Jb", b"Uh? a\\x1b[2Jb\n"),
        ("\u202eabc", b"Uh? \\u202eabc\n"),
        ("sortie refusée", "Uh? sortie refusée\n".encode()),
        ("", UH),
        (" \r\n\u2028 ", UH),
    ],
)
def test_what_is_said_of_a_line_that_could_not_be_run(reason: str, said: bytes) -> None:
    assert uh(reason) == said
