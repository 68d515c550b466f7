"""
What may stand in a configuration: one struct a table, one field a key.

The description of a field says what may stand there, in the words that an error shows. What depends on more
than the key itself (ranges, names that must exist) is judged where the table is made into a setting. A key
that is left out is None; TOML itself has no such value.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

HIDDEN = {"hidden": True}
"""The `extra` of what no error may show."""

Text = Annotated[str, Meta(description="a text")]
Texts = Annotated[list[str], Meta(description="an array of texts")]
Whole = Annotated[int | None, Meta(description="an integer")]
Number = Annotated[float | None, Meta(description="a number")]
YesNo = Annotated[bool | None, Meta(description="true or false")]
Addresses = Annotated[str | list[str] | None, Meta(description="an array of texts")]
OptionalText = Annotated[str | None, Meta(description="a text")]
OptionalTexts = Annotated[list[str] | None, Meta(description="an array of texts")]
Recipients = Annotated[str | list[str], Meta(description="an address, or an array of them")]
Tables = Annotated[dict[str, Any], Meta(description="a table")]


class FileShape(msgspec.Struct):
    """The tables of a file."""

    server: Tables = {}
    limits: Tables = {}
    doors: Tables = {}
    users: Tables = {}
    commands: Tables = {}
    mail: Tables = {}
    schedules: Tables = {}
    errands: Tables = {}


class ServerShape(msgspec.Struct):
    """The table `[server]`."""

    language: Text = "en"
    commands: Texts = []


class TcpShape(msgspec.Struct):
    """The table `[doors.tcp]`."""

    listen: Addresses = None
    session: Text = "once"


class TlsShape(msgspec.Struct):
    """The table `[doors.tls]`."""

    listen: Addresses = None
    session: Text = "once"
    certificate: OptionalText = None
    key: OptionalText = None
    user: OptionalText = None


class WebShape(msgspec.Struct):
    """The table `[doors.web]`."""

    listen: Addresses = None
    certificate: OptionalText = None
    key: OptionalText = None
    public_url: OptionalText = None
    proxies: Texts = []
    hosts: Texts = []
    files: Tables = {}


class MountShape(msgspec.Struct):
    """A table of `[doors.web.files]`."""

    root: Text = ""
    listing: YesNo = None
    hidden: YesNo = None
    public: YesNo = None
    trusted: YesNo = None
    roles: OptionalTexts = None


class UnixShape(msgspec.Struct):
    """The table `[doors.unix]`."""

    listen: Annotated[str | list[str] | None, Meta(description="the path of a socket")] = None
    session: Text = "once"


class SshShape(msgspec.Struct):
    """The table `[doors.ssh]`."""

    listen: Addresses = None
    profile: Text = "compatible"
    host_key: OptionalText = None
    host_certificate: OptionalText = None
    passwords: YesNo = None
    authorized_keys: OptionalText = None
    authorities: Texts = []
    banner: Text = ""
    motd: Text = ""


class MailShape(msgspec.Struct, rename={"sender": "from"}):
    """The table `[mail]`."""

    server: OptionalText = None
    tls: OptionalText = None
    ca: OptionalText = None
    user: OptionalText = None
    password_file: OptionalText = None
    sender: OptionalText = None
    bounces_to: OptionalText = None
    to: Recipients = []
    timeout_seconds: Number = None


class ScheduleShape(msgspec.Struct):
    """A table `[schedules.NAME]`."""

    command: OptionalText = None
    arguments: Annotated[list[str] | dict[str, Any], Meta(description="an array of texts, or a table")] = []
    every: OptionalText = None
    at: OptionalText = None
    overlap: OptionalText = None
    catch_up: OptionalText = None
    mail: OptionalText = None
    to: Recipients = []


class ErrandsShape(msgspec.Struct):
    """The table `[errands]`."""

    feed: Tables = {}
    cve: Tables = {}
    backup: Tables = {}


class FeedShape(msgspec.Struct):
    """A table `[errands.feed.NAME]`."""

    url: OptionalText = None
    every: OptionalText = None
    at: OptionalText = None
    to: Recipients = []
    filter: Texts = []
    tell_after: Whole = None


class CveShape(msgspec.Struct):
    """A table `[errands.cve.NAME]`."""

    sources: Annotated[list[str | dict[str, Any]], Meta(description="an array of texts and tables")] = []
    every: OptionalText = None
    at: OptionalText = None
    to: Recipients = []
    mail: YesNo = None
    words: Texts = []
    products: Texts = []
    score: Number = None
    epss: Number = None
    kev: YesNo = None
    installed: YesNo = None
    fixable: YesNo = None
    tell_after: Whole = None


class CveSourceShape(msgspec.Struct):
    """A table of `sources` in `[errands.cve.NAME]`."""

    kind: OptionalText = None
    url: OptionalText = None
    key_file: OptionalText = None
    suite: OptionalText = None
    days: Whole = None


class BackupShape(msgspec.Struct):
    """A table `[errands.backup.NAME]`."""

    folder: OptionalText = None
    destination: OptionalText = None
    names: Texts = []
    keep: Annotated[int | str | None, Meta(description='an integer, or "all"')] = None
    every: OptionalText = None
    at: OptionalText = None
    password_file: OptionalText = None
    netrc: YesNo = None
    identity: OptionalText = None
    ca: OptionalText = None
    fingerprint: OptionalText = None
    unencrypted: YesNo = None
    at_most_tls12: YesNo = None
    active: YesNo = None
    mount_point: OptionalText = None
    check: OptionalText = None
    at_once: Whole = None
    bytes_per_second: Whole = None
    most_removals: Whole = None
    retries: Whole = None
    mail: OptionalText = None
    to: Recipients = []


class UserShape(msgspec.Struct):
    """A table `[users.NAME]`."""

    password: Annotated[str | None, Meta(description="a text", extra=HIDDEN)] = None
    keys: Texts = []
    uid: Whole = None
    roles: Texts = []
    # whoever writes PEM here may write the private key with it
    certificate: Annotated[str | None, Meta(description="a text", extra=HIDDEN)] = None


class CommandShape(msgspec.Struct):
    """A table `[commands.NAME]`."""

    summary: OptionalText = None
    run: OptionalTexts = None
    read_only: YesNo = None
    fresh_seconds: Number = None
    roles: OptionalTexts = None
    doors: OptionalTexts = None
    timeout_seconds: Number = None
    output_bytes: Whole = None
    input_bytes: Whole = None
    at_once: Whole = None
    input: YesNo = None
    detach: YesNo = None
    linger_seconds: Number = None
    user: OptionalText = None
    environment: Tables = {}
    resources: Tables = {}
    parameters: Tables = {}


class ParameterShape(msgspec.Struct):
    """A value of `[commands.NAME.parameters]`."""

    type: Text = "text"
    summary: OptionalText = None
    required: YesNo = None
    default: Annotated[
        str | int | float | bool | None, Meta(description="a text, a number, true or false")
    ] = None
    min: Annotated[int | float | None, Meta(description="a number")] = None
    max: Annotated[int | float | None, Meta(description="a number")] = None
    choices: OptionalTexts = None
    on: OptionalText = None
    within: OptionalText = None
    pattern: OptionalText = None
