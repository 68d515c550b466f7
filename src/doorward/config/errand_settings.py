"""The tables `[errands.KIND.NAME]`, of every kind."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

import msgspec

from doorward.config.backup_settings import read_backup
from doorward.config.cve_settings import read_cve
from doorward.config.feed_settings import read_feed
from doorward.config.report import Key, Report
from doorward.config.shapes import BackupShape, CveShape, ErrandsShape, FeedShape
from doorward.config.tables import ShapeT, read_named, read_table
from doorward.core.errands import Errand, errand_name
from doorward.core.mail_settings import MailSettings

MOST = 1000
"""More errands of one kind than that are no configuration that a person wrote."""

_ReadT_contra = TypeVar("_ReadT_contra", bound=msgspec.Struct, contravariant=True)


class _Read(Protocol[_ReadT_contra]):
    """Makes an errand of one table; None when it lacks what an errand is nothing without."""

    def __call__(
        self, name: str, shape: _ReadT_contra, key: Key, mail: MailSettings, report: Report, *, is_whole: bool
    ) -> Errand | None: ...


def read_errands(tables: dict[str, Any], *, mail: MailSettings, report: Report) -> Mapping[str, Errand]:
    """
    What the daemon goes out for, by `errand_name`.

    Args:
        tables: `[errands]`.
        mail: who gets what names no recipient.
        report: gets what is wrong.
    """
    kinds = read_table(tables, ErrandsShape, ("errands",), report)

    def read(kind: str, shape: type[ShapeT], of_table: _Read[ShapeT]) -> Iterator[Errand]:
        below, key = getattr(kinds, kind), ("errands", kind)
        if len(below) > MOST:
            report.add(key, f"there are {len(below)} {kind} errands", expected=f"at most {MOST}")
            return
        for name, here, content, is_whole in read_named(below, shape, key, report, what=f"{kind} errand"):
            errand = of_table(name, content, here, mail, report, is_whole=is_whole)
            if errand is not None:
                yield errand

    errands = (
        *read("feed", FeedShape, read_feed),
        *read("cve", CveShape, read_cve),
        *read("backup", BackupShape, read_backup),
    )
    return MappingProxyType({errand_name(errand): errand for errand in errands})
