"""What a conversation needs of files and of the environment before it begins: its script and its secrets."""

from collections.abc import Mapping
from pathlib import Path

from doorward.cli.passwords import NoPassword, password_from_file
from doorward.clients._tls import words_of_error
from doorward.clients.talk.script import Script, ScriptError, SendSecret
from doorward.clients.talk.script_reading import SCRIPT_BYTES, parse_script
from doorward.core.secret import Secret


def read_script(file: Path) -> Script:
    """
    The script in `file`.

    Raises:
        ScriptError: it cannot be read, or a line of it says nothing that can be done.
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(SCRIPT_BYTES + 1)
    except OSError as error:
        raise ScriptError(str(file), 0, f"the script cannot be read: {words_of_error(error)}") from error
    if len(data) > SCRIPT_BYTES:
        raise ScriptError(str(file), 0, f"a script has at most {SCRIPT_BYTES} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ScriptError(str(file), line, "this is no text in UTF-8") from error
    return parse_script(text, file=str(file))


def read_secret(step: SendSecret, environment: Mapping[str, str]) -> Secret:
    """
    What `step` is to send.

    Raises:
        NoPassword: it is not there, or empty.
        TrustError: others can read its file.
    """
    if step.file:
        return password_from_file(Path(step.file))
    found = environment.get(step.variable, "")
    if not found:
        raise NoPassword(f"${step.variable}, which is to be sent, is not set")
    return Secret(found)
