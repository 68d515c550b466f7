import json
import logging
import traceback
from dataclasses import dataclass, replace

import pytest

from doorward.core.command import Command, Program
from doorward.core.errors import BadArgument, CatalogueError
from doorward.core.invocation import bind, launch_of
from doorward.core.limits import Limits
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import IntegerType, SecretType, TextType
from doorward.core.principal import User
from doorward.core.secret import REDACTED, Secret, without
from doorward.core.template import parse_element

CANARY = "hunter2-canary"


@dataclass(frozen=True)
class Holder:
    inside: object


@pytest.mark.parametrize(
    "text",
    [
        str(Secret(CANARY)),
        repr(Secret(CANARY)),
        f"{Secret(CANARY)}",
        f"{Secret(CANARY)!r} {Secret(CANARY)!s} {Secret(CANARY):>40} {Secret(CANARY)!a}",
        "{} {0.__class__}".replace("{0", "{").format(Secret(CANARY), Secret(CANARY)),
        "%s %r" % (Secret(CANARY), Secret(CANARY)),  # noqa: UP031 - this is what logging does
        str([Secret(CANARY)]),
        repr({"password": Secret(CANARY)}),
        repr(Holder(Secret(CANARY))),
        repr(User(name="alice", password_hash=CANARY)),
    ],
)
def test_no_way_of_writing_shows_it(text: str) -> None:
    assert CANARY not in text


def test_it_is_dots_of_one_length_for_every_secret() -> None:
    assert {str(Secret("")), str(Secret("a")), str(Secret("a" * 100))} == {REDACTED}


def test_a_log_record_does_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("doorward.test").info("got %s and %r", Secret(CANARY), {"a": Secret(CANARY)})
    assert caplog.messages
    assert CANARY not in caplog.text


def test_json_refuses_it() -> None:
    with pytest.raises(TypeError):
        json.dumps({"password": Secret(CANARY)})


def test_it_cannot_be_changed_and_is_equal_to_its_like_alone() -> None:
    with pytest.raises(AttributeError):
        Secret(CANARY).revealed = ""  # type: ignore[misc]
    assert Secret(CANARY) == Secret(CANARY)
    assert Secret(CANARY) != Secret("")
    texts: set[object] = {Secret(CANARY)}
    assert CANARY not in texts
    assert hash(Secret(CANARY)) == hash(Secret(CANARY))


COMMAND = Command(
    name="unlock",
    action=Program("/bin/unlock", tuple(parse_element(text, key="") for text in ("{count}", "--key={key}"))),
    parameters=(
        Parameter(name="count", type=IntegerType(max=9)),
        Parameter(name="key", type=SecretType(min=4, max=40)),
    ),
)


def test_an_invocation_and_its_launch_show_the_secret_nowhere_but_in_the_secrets() -> None:
    invocation = bind(COMMAND, ["1", CANARY], Limits())
    assert isinstance(COMMAND.action, Program)
    launch = launch_of(invocation, COMMAND.action, Limits())
    assert invocation.values["key"] == Secret(CANARY)
    assert invocation.shown == f"unlock count=1 key={REDACTED}"
    assert launch.argv == ("/bin/unlock", "1", "--key=/dev/fd/3")
    assert launch.secrets == (CANARY.encode(),)
    assert CANARY not in f"{launch}{launch!r}{invocation}{invocation!r}{invocation.key}{invocation.words}"
    assert CANARY not in str(replace(launch, secrets=()))
    assert CANARY not in repr(launch.argv) + repr(dict(launch.environment))


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["1", CANARY * 4], id="too long"),
        pytest.param(["1", "abc"[:3]], id="too short"),
        pytest.param(["1", CANARY + "\n"], id="a control character"),
        pytest.param([CANARY, "1"], id="in another's place"),
        pytest.param(["1", "a secret", CANARY], id="a secret of two words"),
        pytest.param([f"kye={CANARY}", "1"], id="a misspelt name"),
        pytest.param([f"count={CANARY}", "1"], id="another's name"),
        pytest.param(["1", "key=abcdef", f"key={CANARY}"], id="twice"),
    ],
)
def test_an_error_shows_nothing_that_may_have_been_a_secret(words: list[str]) -> None:
    with pytest.raises(BadArgument) as caught:
        bind(COMMAND, words, Limits())
    text = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert CANARY not in text.replace("bind(COMMAND, words, Limits())", "")
    assert "abc" not in str(caught.value)


def test_a_declared_default_that_is_a_secret_is_refused_and_not_shown() -> None:
    for kind, default in (
        (SecretType(), CANARY),
        (TextType(), Secret(CANARY)),
        (IntegerType(), Secret(CANARY)),
    ):
        with pytest.raises(CatalogueError, match=r"^k\.default: a secret has no default$") as caught:
            Parameter(name="key", type=kind, default=default).check(key="k")
        assert CANARY not in repr(caught.value)


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        (Secret("it's\\"), "say it's\\, it's\\", f"say {REDACTED}, {REDACTED}"),
        (Secret("it's\\"), repr("say it's\\"), f'"say {REDACTED}"'),
        (Secret(""), "all of it", "all of it"),
        (None, "all of it", "all of it"),
    ],
)
def test_a_text_is_had_without_the_secret_that_it_repeats(
    secret: Secret | None, text: str, shown: str
) -> None:
    assert without(secret, text) == shown
