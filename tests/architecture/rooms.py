"""
The table of the house: what each room may import.

A row says all there is: which rooms of ours, and which modules of the standard library and of others.
A module is named as far as it matters: `os` allows `os.path` too, `concurrent.futures` allows only that.
A room that is not built yet has its row already.
"""

from dataclasses import dataclass

# What computes and describes, and neither waits nor touches the world.
PURE = frozenset(
    {
        "__future__",
        "abc",
        "base64",
        "binascii",
        "bisect",
        "codecs",
        "collections",
        "contextlib",
        "copy",
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "enum",
        "fnmatch",
        "functools",
        "hashlib",
        "heapq",
        "hmac",
        "html",
        "inspect",
        "ipaddress",
        "itertools",
        "json",
        "keyword",
        "math",
        "operator",
        "posixpath",
        "re",
        "shlex",
        "signal",
        "statistics",
        "string",
        "struct",
        "textwrap",
        "types",
        "typing",
        "unicodedata",
        "urllib.parse",
        "weakref",
        "zlib",
    }
)

# Names of a pure module that are not pure, and so are left to the rooms that do it.
IMPURE_NAMES = {
    "signal": frozenset({"signal", "alarm", "pause", "raise_signal", "pthread_kill", "set_wakeup_fd"}),
}

# Names of an impure module that are pure, and so are everybody's.
PURE_NAMES = {"pathlib": frozenset({"PurePath", "PurePosixPath"})}

LOOP = frozenset({"asyncio", "logging", "sys", "time"})
FILES = frozenset({"errno", "os", "pathlib", "stat", "tempfile"})
WIRE = frozenset({"errno", "socket", "ssl"})

EVERYTHING = frozenset({"*"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """
    One row of the table.

    Attributes:
        rooms: the rooms of ours it may import, beside itself; `*` is all of them.
        modules: the modules of others it may import; `*` is all of them.
        has_siblings: its children are one thing each and know nothing of each other. A child whose name
            begins with an underscore, and the room's own `__init__`, are everybody's and know no child.
    """

    rooms: frozenset[str]
    modules: frozenset[str]
    has_siblings: bool = False


ROOMS = {
    "core": Room(rooms=frozenset(), modules=PURE),
    # ssl for its memory BIOs only: there is no socket to be had in here, and none is wrapped.
    "lines": Room(rooms=frozenset({"core"}), modules=PURE | {"ssl"}),
    # A declared function that is not `async` runs in a thread, and so does following the links of a path
    # parameter; what else waits comes in through ports.
    "service": Room(
        rooms=frozenset({"core"}),
        modules=PURE
        | {"asyncio", "concurrent.futures", "logging", "os.path", "queue", "secrets", "threading"}
        | {"traceback"},
    ),
    "processes": Room(
        rooms=frozenset({"core"}),
        modules=PURE
        | LOOP
        | FILES
        | {"array", "concurrent.futures", "ctypes", "fcntl", "gc", "pwd", "resource", "select", "socket"}
        # marshal only over the sockets between the daemon and its own shims
        | {"marshal", "subprocess", "threading"},
    ),
    "stores": Room(
        rooms=frozenset({"core"}),
        modules=PURE
        | LOOP
        | FILES
        | {"argon2", "concurrent.futures", "cryptography", "fcntl", "msgspec", "queue", "secrets", "sqlite3"}
        | {"pwd", "ssl", "threading"},
    ),
    "gate": Room(rooms=frozenset({"core"}), modules=PURE | LOOP | FILES | WIRE | {"resource"}),
    "doors": Room(
        rooms=frozenset({"core", "lines", "service", "gate"}),
        modules=PURE
        | LOOP
        | FILES
        | WIRE
        # fcntl and termios ask the kernel how much a peer has not taken yet, select whether it has gone;
        # http has the names of statuses, email.utils its dates, mimetypes what a file's name says it is
        | {"aiohttp", "asyncssh", "email.utils", "fcntl", "http", "importlib.resources", "jinja2"}
        | {"mimetypes", "msgspec", "multidict", "prometheus_client", "prompt_toolkit", "secrets", "select"}
        | {"termios"},
        has_siblings=True,
    ),
    "clients": Room(
        rooms=frozenset({"core", "lines"}),
        modules=PURE
        | LOOP
        | FILES
        | WIRE
        # yarl is how aiohttp takes a URL; fcntl keeps two programs out of one half-fetched file
        | {
            "aiohttp",
            "aiosmtplib",
            "asyncssh",
            "backports.zstd",
            "brotli",
            "compression.zstd",
            "contextvars",
            "cryptography",
            "email",
            "fcntl",
            "http",
            "msgspec",
            "netrc",
            "secrets",
            "select",
            "yarl",
        },
        has_siblings=True,
    ),
    "errands": Room(
        rooms=frozenset({"core"}),
        modules=PURE | {"asyncio", "email", "logging", "msgspec", "xml.parsers.expat", "zoneinfo"},
    ),
    # Each model waits in its own way, so a model's modules are its own matter.
    "models": Room(rooms=frozenset({"core", "lines"}), modules=EVERYTHING, has_siblings=True),
    "testing": Room(rooms=frozenset({"core", "lines"}), modules=EVERYTHING),
    "config": Room(rooms=EVERYTHING, modules=EVERYTHING),
    "compose": Room(rooms=EVERYTHING, modules=EVERYTHING),
    "cli": Room(rooms=EVERYTHING, modules=EVERYTHING),
    "__main__": Room(rooms=frozenset({"cli"}), modules=frozenset()),
    # The root hands out names by importlib, so that `import doorward` costs nothing.
    "__init__": Room(
        rooms=frozenset({"clients", "compose", "core"}), modules=frozenset({"importlib", "typing"})
    ),
}
