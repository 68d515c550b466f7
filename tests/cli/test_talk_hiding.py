"""A line that is typed as an answer to a question for a secret, whatever the peer says meanwhile."""

import pytest

from doorward.cli.talk_hiding import Hiding


def asked(*lines: str, unfinished: str = "") -> Hiding:
    hiding = Hiding()
    hiding.came(list(lines), unfinished)
    return hiding


@pytest.mark.parametrize("question", ["Password: ", "331 Please specify the password.\n"])
@pytest.mark.parametrize(
    ("lines", "unfinished"),
    [
        (["Password: ", "%SYS-5: link up"], ""),
        (["Password: ", "%SYS-5: link up"], "router> "),
        (["421 too late"], "login: "),
    ],
)
def test_what_began_hidden_stays_so_until_it_has_gone(
    question: str, lines: list[str], unfinished: str
) -> None:
    *asking, prompt = question.split("\n")
    hiding = asked(*asking, unfinished=prompt)
    hiding.typed("s3")
    hiding.came(lines, unfinished)
    assert hiding.hides("s3same")
    hiding.typed("")
    assert hiding.hides("s3same")
    assert hiding.take("s3same")
    hiding.came(["", "in"], "router> ")
    assert not hiding.hides("enable")


def test_a_prompt_that_the_peer_left_still_asks_before_a_letter_is_typed() -> None:
    hiding = asked(unfinished="Password: ")
    hiding.came(["Password: ", "%SYS-5: link up"], "")
    hiding.came(["%SYS-5: link down"], "")
    assert hiding.hides("s3same")
    hiding.came([], "router> ")
    assert not hiding.take("enable")
    assert not hiding.hides("show version")


def test_a_prompt_that_goes_on_on_its_line_asked_nothing() -> None:
    hiding = asked(unfinished="Your password: ")
    hiding.came(["Your password: see page 3"], "")
    assert not hiding.hides("next")


def test_ctrl_t_alone_uncovers_it() -> None:
    hiding = asked(unfinished="Password: ")
    hiding.typed("s")
    hiding.turn("s")
    hiding.typed("s3")
    hiding.came(["Password: ", "%SYS-5: link up"], "")
    assert not hiding.hides("s3")
    hiding.turn("s3")
    assert hiding.take("s3")


def test_a_login_command_is_judged_as_a_whole() -> None:
    hiding = Hiding()
    text = ""
    for letter in "AUTH LOGIN":
        text += letter
        hiding.typed(text)
    assert not hiding.hides(text)
    assert hiding.hides("AUTH s3same")


def test_a_literal_that_is_being_typed_stays_hidden_when_the_login_ends() -> None:
    hiding = Hiding()
    hiding.said("a1 LOGIN alice {6}")
    hiding.typed("s3")
    hiding.came(["a1 BAD too late"], "")
    assert hiding.take("s3same")
    assert not hiding.hides("a2 NOOP")


def test_what_was_asked_for_and_refused_is_still_asked_for() -> None:
    hiding = asked(unfinished="Password: ")
    assert hiding.take("s3same")
    hiding.refused()
    assert hiding.hides("s3same")
    hiding = Hiding()
    assert hiding.take("PASS s3same")
    hiding.refused()
    assert not hiding.hides("QUIT")
