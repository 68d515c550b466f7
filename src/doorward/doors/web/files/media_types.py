"""What kind of thing a file is, by its name."""

import mimetypes
from types import MappingProxyType

UNKNOWN = "application/octet-stream"

_ADDED = MappingProxyType(
    {
        ".avif": "image/avif",
        ".cfg": "text/plain",
        ".conf": "text/plain",
        ".diff": "text/plain",
        ".flac": "audio/flac",
        ".gz": "application/gzip",
        ".ini": "text/plain",
        ".log": "text/plain",
        ".md": "text/markdown",
        ".mjs": "text/javascript",
        ".js": "text/javascript",
        ".jsonl": "application/jsonl",
        ".ogg": "audio/ogg",
        ".opus": "audio/ogg",
        ".otf": "font/otf",
        ".patch": "text/plain",
        ".rst": "text/plain",
        ".sh": "text/plain",
        ".sql": "text/plain",
        ".toml": "application/toml",
        ".ttf": "font/ttf",
        ".wasm": "application/wasm",
        ".webp": "image/webp",
        ".woff": "font/woff",
        ".woff2": "font/woff2",
        ".xz": "application/x-xz",
        ".yaml": "application/yaml",
        ".yml": "application/yaml",
        ".zst": "application/zstd",
        ".7z": "application/x-7z-compressed",
    }
)

_COMPRESSED = MappingProxyType(
    {
        "gzip": "application/gzip",
        "bzip2": "application/x-bzip2",
        "xz": "application/x-xz",
        "compress": "application/x-compress",
        "br": UNKNOWN,
    }
)
"""Of a file that was compressed on its own: it is sent as it is, and not as what would come out of it."""

_PASSIVE = ("image/", "audio/", "video/", "font/", "text/plain", "application/pdf", "application/zip")


class MediaTypes:
    """The types of the standard library and a few more; what the machine's own tables say does not count."""

    __slots__ = ("_types",)

    def __init__(self) -> None:
        self._types = mimetypes.MimeTypes(filenames=())
        for ending, kind in _ADDED.items():
            self._types.add_type(kind, ending)

    def of(self, name: str) -> str:
        """
        The Content-Type of a file with this name.

        Texts are said to be UTF-8: without that a browser takes them for whatever its language suggests. XML
        says its own.
        """
        # a name that looks like an address would be taken apart as one
        kind, compression = self._types.guess_type("./" + name.replace(":", "_"))
        if compression is not None:
            return _COMPRESSED.get(compression, UNKNOWN)
        if kind is None:
            return UNKNOWN
        return f"{kind}; charset=utf-8" if _is_text(kind) else kind


def is_passive(kind: str) -> bool:
    """Whether a browser that believes `kind` runs nothing that such a file says."""
    return kind.startswith(_PASSIVE) and not kind.startswith("image/svg")


def _is_text(kind: str) -> bool:
    return kind.startswith("text/") and kind != "text/xml"
