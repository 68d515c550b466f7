"""What only the table `[doors.ssh]` has."""

from doorward.config.report import Key, Report, found_in
from doorward.config.shapes import SshShape
from doorward.config.words import read_word
from doorward.core.settings import SshProfile, SshSettings
from doorward.core.users import key_problems

_TEXT_CHARACTERS = 4096
_USER = "{user}"


def read_ssh(shape: SshShape, key: Key, report: Report) -> SshSettings:
    """The settings that `shape` says."""
    for index, line in enumerate(shape.authorities):
        for each in key_problems(line):
            report.add((*key, "authorities", index), each.problem, expected=each.expected, found=each.found)
    if shape.host_certificate is not None and shape.host_key is None:
        report.add(
            (*key, "host_certificate"),
            "a certificate needs the key that it belongs to",
            expected="host_key too",
        )
    return SshSettings(
        profile=read_word(
            shape.profile,
            SshProfile.COMPATIBLE,
            (*key, "profile"),
            report,
            problem="there is no such profile",
        ),
        host_key=read_path(shape.host_key, (*key, "host_key"), report),
        host_certificate=read_path(shape.host_certificate, (*key, "host_certificate"), report),
        passwords=shape.passwords is not False,
        authorized_keys=_of_each_user(shape.authorized_keys, (*key, "authorized_keys"), report),
        authorities=tuple(shape.authorities),
        banner=_text(shape.banner, (*key, "banner"), report),
        motd=_text(shape.motd, (*key, "motd"), report),
    )


def read_path(text: str | None, key: Key, report: Report) -> str:
    """A path of the file's own folder, absolute; empty when there is none."""
    if text is None:
        return ""
    if not text or not text.isprintable() or text.endswith("/"):
        report.add(key, "a file cannot stand there", expected="the path of a file", found=found_in(text))
        return ""
    return report.beside(text)


def _of_each_user(text: str | None, key: Key, report: Report) -> str:
    path = read_path(text, key, report)
    if path and _USER not in path:
        report.add(
            key,
            "all users would have the same keys",
            expected="a path with {user} in it",
            found=found_in(text),
        )
    return path


def _text(text: str, key: Key, report: Report) -> str:
    """A text for people, whose lines end with LF."""
    if len(text) > _TEXT_CHARACTERS or not text.replace("\n", "").replace("\t", "").isprintable():
        report.add(
            key,
            "this cannot be shown",
            expected=f"lines of text, at most {_TEXT_CHARACTERS} characters",
            found=f"a text of {len(text)} characters",
        )
        return ""
    return text if not text or text.endswith("\n") else text + "\n"
