"""What stands at one path: a file with its precompressed copies, ready to be sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from doorward.doors.web.files.codings import choose
from doorward.doors.web.files.conditions import Validators
from doorward.doors.web.files.open_file import OpenFile
from doorward.doors.web.files.ranges import Part
from doorward.doors.web.heads import open_head

_BESIDE_A_304 = frozenset({"Cache-Control", "Vary"})


@dataclass(frozen=True, slots=True, eq=False)
class Representation:
    """
    One way in which a resource can be sent.

    Attributes:
        file: what is sent.
        kind: its Content-Type, of what it is once decoded.
        fields: all fields but those of its type, its length and its part.
        validators: what it is compared by.
        whole_head: of the answer with all of it.
        unchanged_head: of the answer that it is what the client has.
        whole: all of it; no part of an empty file.
    """

    file: OpenFile
    kind: str
    fields: tuple[tuple[str, str], ...]
    validators: Validators
    whole_head: bytes
    unchanged_head: bytes
    whole: tuple[Part, ...]

    @property
    def size_bytes(self) -> int:
        """How long it is."""
        return self.file.facts.size_bytes


def representation(
    file: OpenFile, *, kind: str, coding: str | None, varies: bool, fields: tuple[tuple[str, str], ...]
) -> Representation:
    """
    Prepare `file` to be sent.

    Args:
        file: what is sent.
        kind: the Content-Type.
        coding: how it is compressed; None for not at all.
        varies: another client may get another one at the same address.
        fields: what every answer of this folder says.
    """
    validators = file.facts.validators
    coded = (("Content-Encoding", coding),) if coding else ()
    vary = (("Vary", "Accept-Encoding"),) if varies else ()
    found = (("ETag", validators.tag), ("Last-Modified", file.facts.last_modified), *vary)
    all_fields = (*fields, *found, *coded, ("Accept-Ranges", "bytes"))
    size_bytes = file.facts.size_bytes
    return Representation(
        file=file,
        kind=kind,
        fields=all_fields,
        validators=validators,
        whole_head=open_head(
            HTTPStatus.OK, (("Content-Type", kind), ("Content-Length", str(size_bytes)), *all_fields)
        ),
        unchanged_head=open_head(
            HTTPStatus.NOT_MODIFIED, (*(each for each in fields if each[0] in _BESIDE_A_304), *found)
        ),
        whole=(Part(0, size_bytes - 1),) if size_bytes else (),
    )


@dataclass(slots=True, eq=False)
class Resource:
    """
    A file and its copies.

    Attributes:
        plain: as it is.
        coded: its precompressed copies by their coding, the one that is preferred first.
        checked_at: when its path was last walked, on the monotonic clock.
    """

    plain: Representation
    coded: Mapping[str, Representation]
    checked_at: float
    _is_prompt: bool = field(init=False)

    def __post_init__(self) -> None:
        self._is_prompt = all(each.file.is_prompt for each in self)

    def __iter__(self) -> Iterator[Representation]:
        yield self.plain
        yield from self.coded.values()

    @property
    def is_prompt(self) -> bool:
        """Whether the loop may look at its files."""
        return self._is_prompt

    def chosen_for(self, accepted: str | None) -> Representation:
        """What a client with this Accept-Encoding gets."""
        if not self.coded:
            return self.plain
        coding = choose(accepted, self.coded)
        return self.plain if coding is None else self.coded[coding]

    def drop(self) -> None:
        """Keep its files for nobody new."""
        for each in self:
            each.file.drop()
