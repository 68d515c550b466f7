import io
import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.cli.logs import configure_logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    ours, root = logging.getLogger("doorward"), logging.getLogger()
    before = (ours.handlers[:], ours.level, ours.propagate, root.handlers[:], root.level)
    yield
    ours.handlers[:], ours.level, ours.propagate, root.handlers[:], root.level = before


def logged(text: str, stream: io.StringIO, *, level: str = "info", **environment: str) -> str:
    """What becomes of one line."""
    configure_logs(level, stream=stream, environment=environment)
    logging.getLogger("doorward.test").info("heard %s", text)
    return stream.getvalue()


def test_off_a_terminal_a_line_is_json() -> None:
    line = json.loads(logged("you", io.StringIO()))
    assert (line["event"], line["level"], line["logger"]) == ("heard you", "info", "doorward.test")
    assert line["timestamp"].endswith("Z")


@given(st.text())
def test_whatever_a_peer_sends_stays_one_line_without_controls(text: str) -> None:
    for stream in (io.StringIO(), Terminal()):
        line = logged(text, stream, NO_COLOR="1")
        assert line.count("\n") == 1
        assert line[:-1].isprintable()


def test_json_holds_the_escaped_text() -> None:
    line = json.loads(logged("\x1b[2J\n\u202edoor", io.StringIO()))
    assert line["event"] == "heard \\x1b[2J\\n\\u202edoor"


def test_a_terminal_gets_words_with_colours_unless_they_are_not_wanted() -> None:
    assert "\x1b[" in logged("you", Terminal())
    plain = logged("you", Terminal(), NO_COLOR="1")
    assert "\x1b[" not in plain
    assert "heard you" in plain
    assert not plain.startswith("{")


def test_what_is_below_the_level_is_not_logged() -> None:
    assert logged("you", io.StringIO(), level="warning") == ""


def test_a_traceback_is_in_the_line_and_keeps_its_breaks() -> None:
    stream = io.StringIO()
    configure_logs("info", stream=stream, environment={})
    try:
        raise ValueError("bad \x1b[2J")
    except ValueError:
        logging.getLogger("doorward.test").exception("it failed")
    line = json.loads(stream.getvalue())
    assert "Traceback" in line["exception"]
    assert "bad \\x1b[2J" in line["exception"]
    assert "\x1b" not in line["exception"]


def test_other_libraries_are_heard_from_warnings_on() -> None:
    stream = io.StringIO()
    configure_logs("debug", stream=stream, environment={})
    logging.getLogger("asyncio").info("quiet")
    logging.getLogger("asyncio").warning("loud")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["loud"]


def test_a_traceback_that_comes_as_text_stands_in_the_same_place() -> None:
    for stream in (io.StringIO(), Terminal()):
        configure_logs("info", stream=stream, environment={"NO_COLOR": "1"})
        logging.getLogger("doorward.test").error("it failed", extra={"exception": "Traceback\nbad \x1b[2J"})
        text = stream.getvalue()
        assert "\x1b" not in text
        if not stream.isatty():
            assert json.loads(text)["exception"] == "Traceback\nbad \\x1b[2J"
        else:
            assert "it failed" in text.splitlines()[0]
            assert text.endswith("Traceback\nbad \\x1b[2J\n")
